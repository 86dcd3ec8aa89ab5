"""Asking before something is deleted."""

from collections.abc import Callable

import streamlit as st

from ui import i18n
from ui.components.notices import notice, show_error
from ui.errors import FathomError


def confirm_delete(title: str, name: str, body: str, delete: Callable[[], None]) -> None:
    """Open a dialog that deletes on its red button only."""

    @st.dialog(title)
    def dialog() -> None:
        notice(name, body, tone="bad")
        with st.container(horizontal=True):
            sure = st.button(i18n.text("common.delete"), type="primary", key="confirm_delete")
            if st.button(i18n.text("common.cancel"), key="confirm_cancel"):
                st.rerun()
        if sure:
            try:
                delete()
            except FathomError as error:
                show_error(error)
                return
            st.rerun()

    dialog()
