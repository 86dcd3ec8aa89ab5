"""Upload of files: their bytes go to the REST interface at once, so nothing depends on this session after that."""

from dataclasses import dataclass
from typing import Final

import streamlit as st

from ui import i18n, state
from ui.client import Upload
from ui.components.notices import error_lines, notice
from ui.errors import FathomError

_ROUND: Final = "upload_round"
_REPORT: Final = "upload_report"


@dataclass(slots=True)
class Report:
    """What became of the files of one upload."""

    accepted: int
    known: int
    rejected: list[tuple[str, str, list[str]]]


def uploader(collection_id: str) -> None:
    """Draw the upload area and what became of the last upload."""
    round_number = int(st.session_state.get(_ROUND, 0))
    files = st.file_uploader(
        i18n.text("documents.upload"),
        accept_multiple_files=True,
        key=f"upload:{collection_id}:{round_number}",
    )
    if files:
        with st.spinner(i18n.text("documents.sending", n=len(files))):
            uploads = [
                Upload(name=f.name, content=f, media_type=f.type or "application/octet-stream") for f in files
            ]
            st.session_state[_REPORT] = send(collection_id, uploads)
        # A new key empties the area, and lets go of the bytes in this process.
        st.session_state[_ROUND] = round_number + 1
        st.rerun()
    _show_report()


def send(collection_id: str, uploads: list[Upload]) -> Report:
    """Send files one by one, so that a refused one does not take others with it."""
    report = Report(0, 0, [])
    for upload in uploads:
        try:
            reply = state.client().upload(collection_id, [upload])
        except FathomError as error:
            title, lines = error_lines(error)
            report.rejected.append((upload.name, title, lines))
            continue
        if reply["jobs"]:
            report.accepted += 1
        else:
            report.known += 1
    return report


def _show_report() -> None:
    report = st.session_state.get(_REPORT)
    if not isinstance(report, Report):
        return
    # Toasts hold our own words only: they are drawn as markdown.
    if report.accepted:
        st.toast(i18n.text("documents.accepted", n=report.accepted), icon=":material/check:")
    if report.known:
        st.toast(i18n.text("documents.known", n=report.known), icon=":material/info:")
    report.accepted = report.known = 0
    for name, title, lines in report.rejected:
        notice(i18n.text("documents.rejected", name=name), title, *lines, tone="bad")
    if report.rejected and st.button(i18n.text("documents.dismiss"), key="dismiss_report", type="tertiary"):
        del st.session_state[_REPORT]
        st.rerun()
