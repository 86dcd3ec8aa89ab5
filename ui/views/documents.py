"""The documents of a collection: upload, progress, failures, and one document's text."""

import streamlit as st

from ui import i18n, state
from ui.components.cards import Card, cards, plain
from ui.components.confirm import confirm_delete
from ui.components.documents import document_actions, document_card, is_busy, running_jobs, sorted_documents
from ui.components.notices import notice, page_title, show_error
from ui.components.pickers import all_collections, pick_one
from ui.components.sources import Place, source_panel
from ui.components.upload import uploader
from ui.errors import ApiError, FathomError
from ui.navigation import go
from ui.wire import ChunkItem, Collection, Document

_DOCUMENT = "document"
_DELETE = "delete_document"
_SHOWN = "documents_shown"
_POLL_S = 1.0
_PAGE = 100


def render() -> None:
    """Draw the page: one document where the address names it, else the list."""
    try:
        document_id = st.query_params.get(_DOCUMENT)
        if document_id:
            _one(document_id)
        else:
            _all()
    except FathomError as error:
        show_error(error)


# ---------------------------------------------------------------------- the list
def _all() -> None:
    page_title(i18n.text("documents.title"))
    collections = all_collections()
    if not collections:
        if st.button(i18n.text("collections.new"), type="primary"):
            go("collections")
        return
    collection = pick_one(collections, key="documents_collection")
    uploader(collection["id"])
    documents, _ = _load(collection["id"])
    # Polling stops by itself: the fragment starts the whole page again once nothing is in progress.
    poll = st.fragment(_list, run_every=_POLL_S if any(is_busy(d) for d in documents) else None)
    poll(collection)


def _load(collection_id: str) -> tuple[list[Document], bool]:
    """The documents to show, and whether there are more."""
    wanted = int(st.session_state.get(_SHOWN, _PAGE))
    documents: list[Document] = []
    cursor: str | None = None
    while True:
        page = state.client().documents(collection_id, cursor=cursor, limit=_PAGE)
        documents += page.items
        cursor = page.next_cursor
        if cursor is None or len(documents) >= wanted:
            return documents, cursor is not None


def _list(collection: Collection) -> None:
    flash = state.take_flash()
    if flash is not None:
        show_error(flash)
    try:
        documents, more = _load(collection["id"])
    except FathomError as error:
        show_error(error)
        return
    _ask_delete(documents)
    busy = [d for d in documents if is_busy(d)]
    was_busy = st.session_state.get("documents_busy", False)
    st.session_state["documents_busy"] = bool(busy)
    if was_busy and not busy:
        st.rerun()
    if not documents:
        notice(i18n.text("documents.empty"))
        return
    failed = sum(d["status"] == "failed" for d in documents)
    ready = len(documents) - failed - len(busy)
    st.html(
        f"<p class='fx-sub'>{i18n.text('documents.summary', ready=ready, busy=len(busy), failed=failed)}</p>"
    )
    jobs = running_jobs(documents)
    items = [document_card(d, jobs.get(d["id"])) for d in sorted_documents(documents)]
    cards(
        items,
        label=i18n.text("documents.title"),
        key="document_cards",
        on_act=document_actions(_view, _delete),
    )
    if st.session_state.pop("open_document", False) or (busy and not was_busy):
        st.rerun()
    if more and st.button(i18n.text("common.more")):
        st.session_state[_SHOWN] = len(documents) + _PAGE
        st.rerun()


def _view(document_id: str) -> None:
    st.query_params[_DOCUMENT] = document_id
    st.session_state["open_document"] = True


def _delete(document_id: str) -> None:
    st.session_state[_DELETE] = document_id


def _ask_delete(documents: list[Document]) -> None:
    document_id = st.session_state.pop(_DELETE, None)
    document = next((d for d in documents if d["id"] == document_id), None)
    if document is not None:
        confirm_delete(
            i18n.text("documents.delete.title"), document["name"], i18n.text("documents.delete.body"),
            lambda: state.client().delete_document(document["id"]),
        )  # fmt: skip


# ---------------------------------------------------------------------- one document
def _back() -> None:
    if st.button(i18n.text("documents.back"), icon=":material/arrow_back:", type="tertiary"):
        del st.query_params[_DOCUMENT]
        st.rerun()


def _one(document_id: str) -> None:
    _back()
    try:
        document = state.client().document(document_id)
    except ApiError as error:
        if error.status != 404:
            raise
        notice(i18n.text("documents.gone"), tone="bad")
        return
    page_title(document.get("title") or document["name"])
    cards(
        [document_card(document, manage=False) | {"actions": []}], label=document["name"], key="one_document"
    )  # type: ignore[list-item]
    if document["status"] != "ready":
        return
    place = _chosen_place(document)
    text, passages, details = st.tabs(
        [i18n.text("documents.text"), i18n.text("documents.passages"), i18n.text("documents.details")]
    )
    with text:
        source_panel(place, key="document_source", reveal=False)
    with passages:
        _passages(document, place)
    with details:
        _details(document)


def _chosen_place(document: Document) -> Place:
    start, end = st.session_state.get(f"passage:{document['id']}", (0, 0))
    ref = {"id": document["id"], "name": document["name"], "title": document.get("title")}
    return Place(document=ref, start=start, end=end)  # type: ignore[arg-type]


def _passages(document: Document, place: Place) -> None:
    chunks = state.client().chunks(document["id"]).items

    def show(what: str, chunk_id: str) -> None:
        chunk = next(c for c in chunks if str(c["id"]) == chunk_id)
        st.session_state[f"passage:{document['id']}"] = (chunk["start"], chunk["end"])

    items = [_chunk_card(c, number, place) for number, c in enumerate(chunks, start=1)]
    cards(items, label=i18n.text("documents.passages"), key="chunk_cards", on_act=show)


def _chunk_card(chunk: ChunkItem, number: int, place: Place) -> Card:
    path = " › ".join(chunk.get("heading_path") or [])
    page = chunk.get("page")
    parts = [
        i18n.text("documents.tokens", n=chunk["tokens"]) if chunk.get("tokens") is not None else "",
        i18n.text("common.page", n=page) if page else "",
        i18n.text("source.range", start=chunk["start"], end=chunk["end"]),
    ]
    return {
        "id": str(chunk["id"]), "n": number, "name": path or f"#{number}", "main": "show", "clip": True,
        "lines": [plain((chunk.get("text") or "").strip())], "meta": " · ".join(filter(None, parts)),
        "tone": "on" if (chunk["start"], chunk["end"]) == (place.start, place.end) else "",
    }  # fmt: skip


def _details(document: Document) -> None:
    rows = {
        "id": document["id"], "media type": document.get("media_type"), "sha256": document.get("sha256"),
        "version": document.get("version"), "created": document.get("created_at"),
    } | dict(document.get("metadata") or {})  # fmt: skip
    st.json({name: value for name, value in rows.items() if value is not None})
    st.download_button(
        i18n.text("documents.download"), lambda: state.client().original(document["id"]),
        file_name=document["name"], mime="application/octet-stream",
    )  # fmt: skip
