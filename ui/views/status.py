"""Whether everything works: the service, the counts, and the failures."""

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from ui import i18n, state
from ui.components.cards import cards
from ui.components.documents import document_actions, document_card
from ui.components.health import details, health
from ui.components.notices import notice, page_title, show_error
from ui.errors import FathomError
from ui.navigation import go
from ui.wire import Collection, Document

_LOOKED_AT_PAGES = 20


def render() -> None:
    """Draw the page."""
    page_title(i18n.text("status.title"))
    st.button(i18n.text("common.refresh"), icon=":material/refresh:", type="tertiary")
    client = state.client()
    try:
        client.health()
        readiness = client.readiness()
        collections = client.all_collections()
    except FathomError as error:
        show_error(error)
        return
    _health(readiness)
    _counts(collections)
    _failures(collections)


def _health(readiness: Mapping[str, Any]) -> None:
    ready = bool(readiness.get("ok"))
    notice(i18n.text("status.ready" if ready else "status.not_ready"), tone="good" if ready else "bad")
    checks = readiness.get("checks") or []
    st.html(f"<p class='fx-sub'>{escape(i18n.text('status.parts'))}</p>")
    health(checks)
    with st.expander(i18n.text("status.details")):
        details(checks, state.settings().public_api_url)


def _counts(collections: list[Collection]) -> None:
    numbers = {
        "status.collections": len(collections),
        "status.documents": sum(c.get("documents") or 0 for c in collections),
        "status.passages": sum(c.get("chunks") or 0 for c in collections),
        "status.failed": sum(c.get("failed") or 0 for c in collections),
    }
    stats = "".join(
        f"<div class='fx-stat'><b>{number:,}</b><span>{escape(i18n.text(key))}</span></div>"
        for key, number in numbers.items()
    )
    st.html(f"<div class='fx-stats'>{stats}</div>")


def _failures(collections: list[Collection]) -> None:
    st.html(f"<p class='fx-sub'>{escape(i18n.text('status.failures'))}</p>")
    flash = state.take_flash()
    if flash is not None:
        show_error(flash)
    failed = [d for c in collections if c.get("failed") for d in _failed_in(c)]
    if not failed:
        notice(i18n.text("status.no_failures"), tone="good")
        return
    names = {c["id"]: c["name"] for c in collections}
    items = [document_card(d, manage=False) for d in failed]
    for item, document in zip(items, failed, strict=True):
        item["meta"] = " · ".join(
            filter(None, [names.get(document["collection_id"], ""), item.get("meta", "")])
        )
    cards(
        items, label=i18n.text("status.failures"), key="failed_cards", on_act=document_actions(_view, _view)
    )
    if wanted := st.session_state.pop("status_view", None):
        go("documents", document=wanted)


def _failed_in(collection: Collection) -> list[Document]:
    found: list[Document] = []
    cursor: str | None = None
    for _ in range(_LOOKED_AT_PAGES):
        page = state.client().documents(collection["id"], cursor=cursor)
        found += [d for d in page.items if d["status"] == "failed"]
        cursor = page.next_cursor
        if cursor is None or len(found) >= (collection.get("failed") or 0):
            break
    return found


def _view(document_id: str) -> None:
    st.session_state["status_view"] = document_id
