"""The certificate of an answer, to be downloaded."""

import streamlit as st

from ui import i18n, state
from ui.components.notices import show_error
from ui.errors import FathomError
from ui.wire import Answer


def certificate_button(answer: Answer) -> None:
    """A button to make the certificate, then another to save its file."""
    if answer.get("status") != "done" or not answer["text"]:
        return
    key = f"certificate:{answer['id']}"
    with st.container(horizontal=True):
        made, icon = i18n.text("certificate.make"), ":material/verified:"
        if st.button(made, key=f"make_{key}", icon=icon, help=i18n.text("certificate.about")):
            try:
                st.session_state[key] = state.client().certificate(answer["id"])
            except FathomError as error:
                show_error(error)
        if key in st.session_state:
            st.download_button(
                i18n.text("certificate.save"), st.session_state[key], f"{answer['id']}.certificate.json",
                "application/json", key=f"save_{key}", icon=":material/download:", on_click="ignore",
            )  # fmt: skip
