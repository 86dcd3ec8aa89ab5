"""The collections: their contents, and a new one."""

from collections.abc import Callable

import streamlit as st

from ui import i18n, state
from ui.components.cards import Card, cards, plain
from ui.components.confirm import confirm_delete
from ui.components.deletions import bin_section, erase_choice, erases_at_once
from ui.components.notices import notice, page_title, show_error
from ui.components.pickers import choose
from ui.errors import FathomError
from ui.navigation import go
from ui.views.golden import golden
from ui.views.sharing import sharing
from ui.wire import Collection

_PENDING = "collection_action"
_SHARED = "share"
_GOLDEN = "golden"


def render() -> None:
    """Draw the page."""
    if shared := st.query_params.get(_SHARED):
        _one(lambda: sharing(shared, back=_SHARED))
        return
    if asked := st.query_params.get(_GOLDEN):
        _one(lambda: golden(asked, back=_GOLDEN))
        return
    page_title(i18n.text("collections.title"), i18n.text("collections.lead"))
    try:
        found = state.client().all_collections()
    except FathomError as error:
        show_error(error)
        return
    _act(found)
    if found:
        cards(
            [_card(c) for c in found], label=i18n.text("collections.title"), key="collection_cards",
            on_act=lambda what, i: st.session_state.update({_PENDING: (what, i)}),
        )  # fmt: skip
    else:
        notice(i18n.text("collections.empty"))
    with st.expander(i18n.text("collections.new"), expanded=not found, icon=":material/add:"):
        _new()
    flash = state.take_flash()
    if flash is not None:
        show_error(flash)
    try:
        bin_section(None)
    except FathomError as error:
        show_error(error)


def _card(collection: Collection) -> Card:
    counts = i18n.text(
        "collections.counts", documents=collection.get("documents") or 0, chunks=collection.get("chunks") or 0
    )
    failed = collection.get("failed") or 0
    card: Card = {
        "id": collection["id"], "name": collection["name"], "main": "documents", "tone": "bad" if failed else "ok",
        "meta": " · ".join(filter(None, [counts, collection.get("language")])),
        "actions": [
            ("ask", i18n.text("collections.ask"), "strong"), ("documents", i18n.text("collections.open"), ""),
            ("golden", i18n.text("golden.action"), ""),
            *([("share", i18n.text("share.action"), "")] if state.has_users() else []),
            ("delete", i18n.text("common.delete"), "danger"),
        ],
    }  # fmt: skip
    if collection.get("description"):
        card["lines"] = [plain(str(collection["description"]))]
    if failed:
        card["state"] = i18n.text("collections.failed", n=failed)
    elif waiting := collection.get("reembedding"):
        card["state"] = i18n.text("collections.reembedding", n=waiting)
    return card


def _act(found: list[Collection]) -> None:
    """Carry out a card's button; pages can't be switched inside a component's callback."""
    what, collection_id = st.session_state.pop(_PENDING, ("", ""))
    collection = next((c for c in found if c["id"] == collection_id), None)
    if collection is None:
        return
    if what == "delete":
        confirm_delete(
            i18n.text("collections.delete.title"), collection["name"], i18n.text("collections.delete.body"),
            lambda: state.client().delete_collection(collection_id, erase=erases_at_once()),
            choice=erase_choice(),
        )  # fmt: skip
        return
    choose([collection_id])
    if what in {_SHARED, _GOLDEN}:
        st.query_params[what] = collection_id
        st.rerun()
    go("ask" if what == "ask" else "documents", collection=collection_id)


def _one(draw: Callable[[], None]) -> None:
    """Draw a page of one collection instead of the list."""
    try:
        draw()
    except FathomError as error:
        show_error(error)


def _new() -> None:
    languages = {"": i18n.text("collections.language.auto"), "en": "English", "zh": "中文"}
    with st.form("new_collection", border=False, clear_on_submit=False):
        name = st.text_input(i18n.text("collections.name"))
        description = st.text_input(i18n.text("collections.description"))
        language = st.selectbox(
            i18n.text("collections.language"), list(languages), format_func=lambda code: languages[code]
        )
        refusal = st.text_input(i18n.text("collections.refusal"))
        sent = st.form_submit_button(i18n.text("collections.create"), type="primary")
    if not sent:
        return
    if not name.strip():
        notice(i18n.text("collections.name_missing"), tone="bad")
        return
    try:
        created = state.client().create_collection(
            name.strip(), description=description.strip(), language=language or None,
            settings={"refusal_text": refusal.strip()} if refusal.strip() else None,
        )  # fmt: skip
    except FathomError as error:
        show_error(error)
        return
    choose([created["id"]])
    go("documents", collection=created["id"])
