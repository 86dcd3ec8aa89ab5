"""Upload of files, and pages of the web by their address.

Bytes go to the REST interface at once, so nothing depends on this session after that.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import streamlit as st

from ui import i18n, state
from ui.client import Upload
from ui.components.mount import mount
from ui.components.notices import error_lines, notice
from ui.errors import FathomError
from ui.names import visible
from ui.wire import UploadReply

_ROUND: Final = "upload_round"
_REPORT: Final = "upload_report"
_CAME: Final = "upload_came"
_WATCH: Final = "upload_watch"
_MB: Final = 1024 * 1024


@dataclass(slots=True)
class Report:
    """Results of uploads; refused files are shown until somebody has read the reason.

    Attributes:
        accepted: Files that were new, since the last look.
        known: Files that were here already, since the last look.
        rejected: By name of the file, what is wrong and what to do.
    """

    accepted: int = 0
    known: int = 0
    rejected: dict[str, tuple[str, list[str]]] = field(default_factory=dict)


def uploader(collection_id: str) -> None:
    """Draw the upload area and the results of the last uploads."""
    round_number = int(st.session_state.get(_ROUND, 0))
    files = st.file_uploader(
        i18n.text("documents.upload"),
        accept_multiple_files=True,
        key=f"upload:{collection_id}:{round_number}",
    )
    _watch(collection_id)
    if files:
        with st.spinner(i18n.text("documents.sending", n=len(files))):
            uploads = [
                Upload(name=f.name, content=f, media_type=f.type or "application/octet-stream") for f in files
            ]
            send(collection_id, uploads)
        _came().extend((f.name, f.size) for f in files)
        # A new key empties the area, and lets go of the bytes in this process.
        st.session_state[_ROUND] = round_number + 1
        st.rerun()
    _page_of_the_web(collection_id, round_number)
    _show_report()


def _page_of_the_web(collection_id: str, round_number: int) -> None:
    """Draw the field for an address; it is emptied once the page has been ingested."""
    with st.form(f"page:{collection_id}", border=False):
        field, button = st.columns([5, 1], vertical_alignment="bottom")
        key = f"url:{collection_id}:{round_number}"
        url = field.text_input(i18n.text("documents.url"), placeholder="https://", key=key)
        wanted = button.form_submit_button(i18n.text("documents.url.add"), width="stretch")
    if wanted and (address := url.strip()):
        with st.spinner(i18n.text("documents.url.fetching")):
            taken = _add(address, partial(state.client().add_page, collection_id, address))
        if taken:
            st.session_state[_ROUND] = round_number + 1
            st.rerun()


def send(collection_id: str, uploads: list[Upload]) -> None:
    """Send files one by one, so that a refused one does not take others with it, and report on them."""
    for upload in uploads:
        _add(visible(upload.name), partial(state.client().upload, collection_id, [upload]))


def _add(name: str, request: Callable[[], UploadReply]) -> bool:
    """Send one file or address, and record the result under its name; whether it was accepted."""
    report = _report()
    try:
        reply = request()
    except FathomError as error:
        report.rejected[name] = error_lines(error)
        return False
    report.rejected.pop(name, None)
    if reply["jobs"]:
        report.accepted += 1
    else:
        report.known += 1
    return True


def _report() -> Report:
    found: Report = st.session_state.setdefault(_REPORT, Report())
    return found


def _came() -> list[tuple[str, int]]:
    """Name and bytes of every file that the upload area gave to this session, in order."""
    found: list[tuple[str, int]] = st.session_state.setdefault(_CAME, [])
    return found


def _watch(collection_id: str) -> None:
    """Report chosen files that never come: too large ones, which the browser keeps back, and lost ones."""
    limit_mb = int(st.get_option("server.maxUploadSize"))

    def lost() -> None:
        for file in st.session_state[_WATCH].get("lost") or []:
            if file["size"] > limit_mb * _MB:
                title = i18n.text("code.file_too_large")
                size = f"{file['size'] / _MB:,.0f}"
                sizes = i18n.text("documents.too_large", size=size, limit=f"{limit_mb:,}")
                lines = [sizes, i18n.text("hint.file_too_large")]
            else:
                title, lines = i18n.text("documents.lost"), [i18n.text("documents.lost.hint")]
            _report().rejected[visible(str(file["name"]))] = (title, lines)

    data = {"limit": limit_mb * _MB, "area": collection_id, "came": _came()}
    mount("chosen", data, key=_WATCH, triggers={"lost": lost})


def _show_report() -> None:
    report = _report()
    # Toasts hold our own words only: they are drawn as markdown.
    if report.accepted:
        st.toast(i18n.text("documents.accepted", n=report.accepted), icon=":material/check:")
    if report.known:
        st.toast(i18n.text("documents.known", n=report.known), icon=":material/info:")
    report.accepted = report.known = 0
    for name, (title, lines) in report.rejected.items():
        notice(i18n.text("documents.rejected", name=name), title, *lines, tone="bad")
    if report.rejected and st.button(i18n.text("documents.dismiss"), key="dismiss_report", type="tertiary"):
        report.rejected.clear()
        st.rerun()
