"""Asking before something is deleted."""

from collections.abc import Callable

import streamlit as st

from ui import i18n
from ui.components.notices import notice, show_error
from ui.errors import FathomError


def _nothing() -> None:
    """Nobody wants to know."""


def _run(on_end: Callable[[], object]) -> None:
    on_end()


def confirm_delete(
    title: str,
    name: str,
    body: str,
    delete: Callable[[], None],
    on_end: Callable[[], object] = _nothing,
    *,
    label: str = "",
    choice: tuple[str, str] | None = None,
) -> None:
    """Open a dialog that deletes on its red button only.

    To be called by the page itself, outside of fragments that draw themselves again: these would take the
    dialog's buttons away while somebody reads it.

    Args:
        title: The question.
        name: What would be deleted.
        body: What that means.
        delete: Deletes it; an error is shown in the dialog, which stays open.
        on_end: Called when the dialog is over, however it ended.
        label: What the red button says; empty for "Delete".
        choice: Key and label of a box to tick, whose state `delete` may read from the session.
    """

    @st.dialog(title, on_dismiss=lambda: _run(on_end))
    def dialog() -> None:
        notice(name, body, tone="bad")
        if choice is not None:
            st.checkbox(choice[1], key=choice[0])
        with st.container(horizontal=True):
            sure = st.button(label or i18n.text("common.delete"), type="primary", key="confirm_delete")
            if st.button(i18n.text("common.cancel"), key="confirm_cancel"):
                on_end()
                st.rerun()
        if sure:
            try:
                delete()
            except FathomError as error:
                show_error(error)
                return
            on_end()
            st.rerun()

    dialog()
