"""One document: its text, and beside it the passages it was cut into."""

from typing import Final

import streamlit as st

from ui import i18n, state
from ui.components.cards import Card, Tone, cards, plain
from ui.components.documents import document_actions, document_card
from ui.components.notices import notice, page_title, show_error
from ui.components.sources import Place, source_panel
from ui.components.tags import tag_editor
from ui.errors import ApiError, FathomError
from ui.wire import ChunkItem, Document, DocumentRef

_CHUNKS_PAGE: Final = 100


def one_document(document_id: str, *, back: str) -> None:
    """Draw the page of one document.

    Args:
        document_id: What to show.
        back: The parameter of the address to remove when somebody goes back to the list.

    Raises:
        ApiError: The interface refused; a document that is gone is said on the page instead.
    """
    if st.button(i18n.text("documents.back"), icon=":material/arrow_back:", type="tertiary"):
        del st.query_params[back]
        st.rerun()
    try:
        document = state.client().document(document_id)
    except ApiError as error:
        if error.status != 404:
            raise
        notice(i18n.text("documents.gone"), tone="bad")
        return
    flash = state.take_flash()
    if flash is not None:
        show_error(flash)
    page_title(document.get("title") or document["name"])
    card = document_card(document, manage=False)
    card["actions"] = [action for action in card.get("actions", []) if action[0] == "retry"]
    card.pop("main", None)
    cards([card], label=document["name"], key="one_document", on_act=document_actions(_nothing, _nothing))
    if document["status"] != "ready":
        return
    text, passages = st.columns([3, 2], gap="medium")
    place = _place(document)
    with text:
        tag_editor(document)
        source_panel(place, key="document_source", reveal=False)
        _details(document)
    with passages:
        _passages(document, place)


def _nothing(_document_id: str) -> None:
    """Viewing and deleting are not offered here."""


def _place(document: Document) -> Place:
    start, end, page = st.session_state.get(f"passage:{document['id']}", (0, 0, None))
    ref: DocumentRef = {"id": document["id"], "name": document["name"], "title": document.get("title")}
    return Place(document=ref, start=start, end=end, page=page)


def _passages(document: Document, place: Place) -> None:
    cursors_key = f"chunks_shown:{document['id']}"
    chunks, cursor = list[ChunkItem](), None
    while True:
        page = state.client().chunks(document["id"], cursor=cursor, limit=_CHUNKS_PAGE)
        chunks += page.items
        cursor = page.next_cursor
        if cursor is None or len(chunks) >= int(st.session_state.get(cursors_key, _CHUNKS_PAGE)):
            break

    def show(what: str, chunk_id: str) -> None:
        if what != "show":
            _switch(document["id"], int(chunk_id), enabled=what == "enable")
            return
        chunk = next(c for c in chunks if str(c["id"]) == chunk_id)
        st.session_state[f"passage:{document['id']}"] = (chunk["start"], chunk["end"], chunk.get("page"))

    st.html(f"<p class='fx-sub'>{i18n.text('documents.passages')}</p>")
    with st.container(height=640, border=False):
        items = [_chunk_card(c, number, place) for number, c in enumerate(chunks, start=1)]
        cards(items, label=i18n.text("documents.passages"), key="chunk_cards", on_act=show)
        if cursor is not None and st.button(i18n.text("common.more")):
            st.session_state[cursors_key] = len(chunks) + _CHUNKS_PAGE
            st.rerun()


def _switch(document_id: str, chunk_id: int, *, enabled: bool) -> None:
    try:
        state.client().enable_chunk(document_id, chunk_id, enabled=enabled)
    except FathomError as error:
        state.set_flash(error)


def _chunk_card(chunk: ChunkItem, number: int, place: Place) -> Card:
    path = " › ".join(chunk.get("heading_path") or [])
    page = chunk.get("page")
    parts = [
        i18n.count("documents.tokens", chunk.get("token_count") or 0),
        i18n.text("common.page", n=page) if page else "",
        i18n.text("source.range", start=chunk["start"], end=chunk["end"]),
    ]
    enabled = chunk.get("enabled", True)
    tone: Tone = "off"
    if enabled:
        tone = "on" if (chunk["start"], chunk["end"]) == (place.start, place.end) else ""
    label = i18n.text("documents.disable" if enabled else "documents.enable")
    card: Card = {
        "id": str(chunk["id"]), "n": number, "name": path or f"#{number}", "main": "show", "clip": True,
        "lines": [plain((chunk.get("text") or "").strip())], "meta": " · ".join(filter(None, parts)),
        "tone": tone, "actions": [("disable" if enabled else "enable", label, "")],
    }  # fmt: skip
    if not enabled:
        card["state"] = i18n.text("documents.disabled")
    return card


def _details(document: Document) -> None:
    rows = {
        "id": document["id"], "media_type": document.get("media_type"), "sha256": document.get("sha256"),
        "version": document.get("version"), "created_at": document.get("created_at"),
        "metadata": document.get("metadata") or None,
    }  # fmt: skip
    with st.expander(i18n.text("documents.details")):
        st.json({name: value for name, value in rows.items() if value is not None})
        st.download_button(
            i18n.text("documents.download"), lambda: state.client().original(document["id"]),
            file_name=document["name"].replace("/", "_"), mime="application/octet-stream",
        )  # fmt: skip
