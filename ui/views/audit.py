"""The audit log: its records, a check of the whole, and exports."""

from typing import Final

import streamlit as st

from ui import i18n, state
from ui.components.cards import Card, cards, plain
from ui.components.copying import copy_button
from ui.components.notices import notice, page_title, show_error
from ui.errors import FathomError
from ui.strings import STRINGS
from ui.wire.safety import Record, Tampering, Verdict

_PAGE: Final = 50
_SHOWN: Final = "audit_shown"
_VERDICT: Final = "audit_verdict"
_EVENTS: Final = tuple(key.removeprefix("audit.event.") for key in STRINGS if key.startswith("audit.event."))


def render() -> None:
    """Draw the page."""
    page_title(i18n.text("audit.title"), i18n.text("audit.lead"))
    try:
        _verify()
        _records()
    except FathomError as error:
        show_error(error)


def _verify() -> None:
    client = state.client()
    with st.container(horizontal=True):
        if st.button(i18n.text("audit.verify"), type="primary", icon=":material/verified:"):
            with st.spinner(i18n.text("audit.verifying")):
                st.session_state[_VERDICT] = client.verify_audit()
        st.download_button(
            i18n.text("audit.export.csv"),
            lambda: client.export_audit("csv"),
            file_name="audit.csv",
            mime="text/csv",
        )
        st.download_button(
            i18n.text("audit.export.json"), lambda: client.export_audit("json"), file_name="audit.ndjson",
            mime="application/x-ndjson",
        )  # fmt: skip
    verdict: Verdict | None = st.session_state.get(_VERDICT)
    if verdict is None:
        return
    if not verdict["whole"]:
        notice(i18n.text("audit.broken"), *(_tampering(one) for one in verdict["found"]), tone="bad")
        return
    first, last = verdict["first"], verdict["last"]
    if not last:
        notice(i18n.text("audit.empty"))
        return
    line = i18n.text("audit.whole.line", n=last - first + 1, first=first, last=last)
    notice(i18n.text("audit.whole"), line, i18n.text("audit.keep"), tone="good")
    copy_button(f"{last}:{verdict['hash']}", label=i18n.text("common.copy"), key="copy_head", shown=True)


def _tampering(one: Tampering) -> str:
    rows = str(one["seq"]) if one["seq"] == one["last"] else f"{one['seq']}–{one['last']}"
    return i18n.text(f"audit.kind.{one['kind']}", rows=rows)


def _records() -> None:
    with st.container(horizontal=True):
        event = st.selectbox(i18n.text("audit.event"), _EVENTS, format_func=_event, width=260)
        actor = st.text_input(i18n.text("audit.actor"), max_chars=255, width=260)
    wanted = int(st.session_state.get(_SHOWN, _PAGE))
    records: list[Record] = []
    cursor: str | None = None
    while True:
        page = state.client().audit(
            event=None if event == "all" else event, actor=actor.strip() or None, cursor=cursor, limit=_PAGE
        )
        records += page.items
        cursor = page.next_cursor
        if cursor is None or len(records) >= wanted:
            break
    if not records:
        notice(i18n.text("audit.empty"))
        return
    cards([_card(record) for record in records], label=i18n.text("audit.title"), key="audit_cards")
    if cursor is not None and st.button(i18n.text("common.more")):
        st.session_state[_SHOWN] = len(records) + _PAGE
        st.rerun()


def _unnamed(record: Record) -> str:
    """Name of a record without a text of its own: that of the thing, where its body has one."""
    name = record["body"].get("name")
    if name:
        return str(name)
    return i18n.text("audit.no_text") if record["event"] in {"answer", "search"} else record["subject"]


def _event(event: str) -> str:
    key = f"audit.event.{event}"
    return i18n.text(key) if key in STRINGS else event


def _card(record: Record) -> Card:
    output = [plain(record["output"])] if record["output"] else []
    return {
        "id": str(record["seq"]), "n": record["seq"],
        "name": record["question"] or _unnamed(record),
        "state": _event(record["event"]), "lines": output, "clip": True,
        "meta": " · ".join([i18n.moment_text(record["at"]), record["actor"], record["subject"]]),
    }  # fmt: skip
