"""The documents of a collection: upload, progress and failures."""

import streamlit as st

from ui import i18n, state
from ui.components.cards import cards
from ui.components.confirm import confirm_delete
from ui.components.deletions import bin_section, erase_choice, erases_at_once
from ui.components.documents import document_actions, document_card, is_busy, sorted_documents
from ui.components.notices import notice, page_title, show_error
from ui.components.outdated import review_of
from ui.components.pickers import all_collections, pick_one
from ui.components.upload import uploader
from ui.errors import FathomError
from ui.navigation import go
from ui.views.document import one_document
from ui.wire import Collection, Document

_DOCUMENT = "document"
_DELETE = "delete_document"
_WHOLE_PAGE = "documents_whole_page"
_SHOWN = "documents_shown"
_POLL_S = 1.0
_PAGE = 100


def render() -> None:
    """Draw the page: one document where the address names it, else the list."""
    try:
        document_id = st.query_params.get(_DOCUMENT)
        if document_id:
            one_document(document_id, back=_DOCUMENT)
        else:
            _all()
    except FathomError as error:
        show_error(error)


def _all() -> None:
    page_title(i18n.text("documents.title"))
    collections = all_collections()
    if not collections:
        if st.button(i18n.text("collections.new"), type="primary"):
            go("collections")
        return
    collection = pick_one(collections, key="documents_collection")
    uploader(collection["id"])
    review_of(collection["id"])
    documents, _ = _load(collection["id"])
    _ask_delete(documents)
    # Polling stops by itself: the fragment starts the whole page again once nothing is in progress.
    poll = st.fragment(_list, run_every=_POLL_S if any(is_busy(d) for d in documents) else None)
    poll(collection)
    bin_section(collection["id"])


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
    if st.session_state.pop(_WHOLE_PAGE, False):
        st.rerun()
    flash = state.take_flash()
    if flash is not None:
        show_error(flash)
    try:
        documents, more = _load(collection["id"])
    except FathomError as error:
        show_error(error)
        return
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
    items = [document_card(d) for d in sorted_documents(documents)]
    cards(
        items,
        label=i18n.text("documents.title"),
        key="document_cards",
        on_act=document_actions(_view, _delete),
    )
    if busy and not was_busy:
        st.rerun()
    if more and st.button(i18n.text("common.more")):
        st.session_state[_SHOWN] = len(documents) + _PAGE
        st.rerun()


def _view(document_id: str) -> None:
    st.query_params[_DOCUMENT] = document_id
    st.session_state[_WHOLE_PAGE] = True


def _delete(document_id: str) -> None:
    st.session_state[_DELETE] = document_id
    st.session_state[_WHOLE_PAGE] = True


def _ask_delete(documents: list[Document]) -> None:
    """Keep the dialog open until it is answered, however often the page runs meanwhile."""
    document_id = st.session_state.get(_DELETE)
    document = next((d for d in documents if d["id"] == document_id), None)
    if document is None:
        _forget_delete()
        return
    confirm_delete(
        i18n.text("documents.delete.title"), document["name"], i18n.text("documents.delete.body"),
        lambda: state.client().delete_document(document["id"], erase=erases_at_once()), _forget_delete,
        choice=erase_choice(),
    )  # fmt: skip


def _forget_delete() -> None:
    st.session_state.pop(_DELETE, None)
