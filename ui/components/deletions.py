"""The bin: deleted documents or collections with their restoration, below the list that they came from."""

from collections.abc import Sequence

import streamlit as st

from ui import i18n, state
from ui.components.cards import Card, cards
from ui.components.confirm import confirm_delete
from ui.errors import ApiError, FathomError
from ui.wire.collections import BinItem

_ERASE = "bin_erase"
_FORBIDDEN = 403
_AT_ONCE = "erase_at_once"


def erase_choice() -> tuple[str, str]:
    """The box of a dialog that passes over the bin: key and label."""
    return _AT_ONCE, i18n.text("bin.erase_at_once")


def erases_at_once() -> bool:
    """Whether the box of the dialog is ticked."""
    return bool(st.session_state.get(_AT_ONCE))


def bin_section(collection_id: str | None) -> None:
    """Draw the bin of a collection, or of collections where None is given; nothing where it is empty.

    Raises:
        ApiError: The interface refused.
    """
    try:
        items = state.client().bin_items(collection_id)
    except ApiError as error:
        if error.status == _FORBIDDEN:  # whoever only reads has no bin
            return
        raise
    if not items:
        return
    _ask_erase(collection_id, items)
    with st.expander(i18n.text("bin.title", n=len(items)), icon=":material/delete:"):
        st.html(f"<p class='fx-sub'>{i18n.text('bin.lead')}</p>")
        cards(
            [_card(item) for item in items],
            label=i18n.text("bin.title", n=len(items)),
            key="bin_cards",
            on_act=lambda what, item: _act(collection_id, what, item),
        )


def _card(item: BinItem) -> Card:
    deleted, ends = item["deleted_at"][:10], item["expires_at"][:10]
    return {
        "id": item["id"],
        "name": item["name"],
        "tone": "off",
        "meta": i18n.text("bin.dates", deleted=deleted, ends=ends),
        "actions": [
            ("restore", i18n.text("bin.restore"), "strong"),
            ("erase", i18n.text("bin.erase"), "danger"),
        ],
    }


def _act(collection_id: str | None, what: str, item_id: str) -> None:
    if what == "erase":
        st.session_state[_ERASE] = item_id
        return
    try:
        state.client().restore(collection_id, item_id)
    except FathomError as error:
        state.set_flash(error)


def _ask_erase(collection_id: str | None, items: Sequence[BinItem]) -> None:
    item = next((one for one in items if one["id"] == st.session_state.get(_ERASE)), None)
    if item is None:
        _forget()
        return
    confirm_delete(
        i18n.text("bin.erase.title"),
        item["name"],
        i18n.text("bin.erase.body"),
        lambda: state.client().erase(collection_id, item["id"]),
        _forget,
        label=i18n.text("bin.erase"),
    )


def _forget() -> None:
    st.session_state.pop(_ERASE, None)
