"""The pages by name, and going from one to another."""

from typing import Any, Final, NoReturn

import streamlit as st

from ui import i18n

_PAGES: Final = "pages_by_name"


def register(pages: dict[str, Any]) -> None:
    """Remember this run's pages; they belong to one run of the script."""
    st.session_state[_PAGES] = pages


def go(name: str, **parameters: str) -> NoReturn:
    """Switch to a page, with parameters in its address."""
    st.switch_page(st.session_state[_PAGES][name], query_params=i18n.in_address() | parameters)
