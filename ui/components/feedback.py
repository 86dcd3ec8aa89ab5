"""The form below an answer: thumbs, a comment, the right answer and the passages that hold it."""

from html import escape
from typing import Any

import streamlit as st

from ui import i18n, state
from ui.components.notices import notice
from ui.names import visible
from ui.wire import Answer

_QUOTE_CHARS = 90


def feedback_form(answer: Answer) -> None:
    """Show the thumbs; the rest of the form follows a thumb, which counts at once and alone."""
    done_key = f"rated:{answer['id']}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f"<span class='fx-sub'>{escape(i18n.text('ask.rate'))}</span>", width="content")
        thumb = st.feedback("thumbs", key=f"thumb:{answer['id']}")
    if thumb is None:
        return
    shown = _passages(answer)
    with st.form(f"comment:{answer['id']}", border=False):
        comment = st.text_input(i18n.text("ask.comment"))
        expected = st.text_input(i18n.text("ask.expected"))
        right = st.multiselect(i18n.text("ask.right_passages"), list(shown)) if shown else []
        sent = st.form_submit_button(i18n.text("ask.send_feedback"))
    rating = 1 if thumb == 1 else -1
    opinion = (rating, comment.strip(), expected.strip(), tuple(right))
    if st.session_state.get(done_key) != opinion and (sent or done_key not in st.session_state):
        state.client().feedback(
            answer["id"],
            rating=rating,
            comment=comment.strip(),
            expected=expected.strip(),
            passages=[shown[name] for name in right],
        )
        st.session_state[done_key] = opinion
    if done_key in st.session_state:
        notice(i18n.text("ask.thanks"), tone="good")


def _passages(answer: Answer) -> dict[str, dict[str, Any]]:
    """Places that the answer shows, by document name and the beginning of the quotation."""
    listed: list[Any] = [
        *(answer.get("citations") or []), *(answer.get("also") or []), *(answer.get("nearest") or []),
    ]  # fmt: skip
    found: dict[str, dict[str, Any]] = {}
    for item in listed:
        quote = " ".join(visible(item["quote"]).split())
        shown = quote if len(quote) <= _QUOTE_CHARS else f"{quote[:_QUOTE_CHARS]}…"
        name = f"{visible(item['document']['name'])}: {shown}"
        place = {"document_id": item["document"]["id"], "start": item["start"], "end": item["end"]}
        found.setdefault(name, place)
    return found
