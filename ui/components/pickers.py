"""Choosing collections; the choice stands in the address, so that a link or a refresh keeps it."""

from collections.abc import Sequence
from typing import cast

import streamlit as st

from ui import i18n, state
from ui.components.notices import notice
from ui.wire import Collection

PARAMETER = "collection"
_CHOSEN = "chosen_collections"
_MISSING = "missing_collection"


def _wanted(ids: Sequence[str]) -> tuple[list[str], bool]:
    """Collections chosen on any page of this session, the address first, as far as they exist.

    Says where the address names one that does not exist, until something else is chosen.

    Returns:
        Their ids, and whether the address names one that is missing.
    """
    from_address = [i for i in st.query_params.get(PARAMETER, "").split(",") if i]
    chosen = from_address or list(st.session_state.get(_CHOSEN, []))
    if any(i not in ids for i in from_address):
        st.session_state[_MISSING] = True
    missing = bool(st.session_state.get(_MISSING))
    if missing:
        notice(i18n.text("code.collection_not_found"), i18n.text("hint.collection_not_found"), tone="bad")
    return [i for i in chosen if i in ids], missing


def _picked() -> None:
    st.session_state[_MISSING] = False


def choose(ids: Sequence[str]) -> None:
    """Remember a choice for all pages."""
    st.session_state[_CHOSEN] = list(ids)
    if ids:
        st.query_params[PARAMETER] = ",".join(ids)
    elif PARAMETER in st.query_params:
        del st.query_params[PARAMETER]


def pick_one(collections: Sequence[Collection], *, key: str) -> Collection:
    """Draw a picker of one collection."""
    ids = [c["id"] for c in collections]
    found, _ = _wanted(ids)
    wanted = found[0] if found else ids[0]
    names = {c["id"]: c["name"] for c in collections}
    picked = st.selectbox(
        i18n.text("common.collection"), ids, index=ids.index(wanted), format_func=lambda i: names[i], key=key,
        on_change=_picked,
    )  # fmt: skip
    choose([picked])
    return collections[ids.index(picked)]


def pick_some(collections: Sequence[Collection], *, key: str) -> list[str]:
    """Draw a picker of several collections; the first one is chosen to begin with."""
    ids = [c["id"] for c in collections]
    found, missing = _wanted(ids)
    # Another collection than the one that was asked for would answer something else.
    wanted = found if found or missing else ids[:1]
    names = {c["id"]: c["name"] for c in collections}
    if key not in st.session_state:
        st.session_state[key] = wanted
    picked = cast(
        "list[str]",
        st.multiselect(
            i18n.text("common.collections"),
            ids,
            format_func=lambda i: names.get(i, i),
            key=key,
            placeholder=i18n.text("common.choose"),
            on_change=_picked,
        ),
    )
    choose(picked)
    return picked


def all_collections() -> list[Collection]:
    """All collections; where there is none, says so and gives an empty list."""
    found = state.client().all_collections()
    if not found:
        notice(i18n.text("ask.no_collection"))
    return found
