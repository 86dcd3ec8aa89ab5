"""Tags of a document, to be chosen from those of its collection or written."""

import streamlit as st

from ui import i18n, state
from ui.components.notices import show_error
from ui.errors import FathomError
from ui.wire import Document

TAG_FIELD = "document.tag"


def tag_editor(document: Document) -> None:
    """Draw the tags of a document; a change is stored at once.

    Raises:
        FathomError: The interface does not answer.
    """
    own = list(document.get("tags") or [])
    fields = state.client().fields(document["collection_id"])
    known = [value["value"] for field in fields if field["name"] == TAG_FIELD for value in field["values"]]
    key = f"tags:{document['id']}"
    chosen = st.multiselect(
        i18n.text("tags.label"),
        sorted({*known, *own}),
        default=own,
        key=key,
        accept_new_options=True,
        placeholder=i18n.text("tags.placeholder"),
    )
    if sorted(chosen) == sorted(own):
        return
    try:
        state.client().set_tags(document["id"], chosen)
    except FathomError as error:
        show_error(error)
        return
    del st.session_state[key]  # drawn again as they are stored: in lower case
    st.rerun()
