"""The earlier turns of a conversation: the history that a follow-up question sends, and how the page shows it."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

import streamlit as st

from ui import i18n
from ui.components.cards import Card, cards, plain
from ui.wire import Answer, Turn

MOST_TURNS: Final = 8
MOST_ANSWER_CHARS: Final = 20_000
"""Both as much as the interface takes."""


def history_of(answers: Sequence[Answer]) -> list[Turn]:
    """The turns to send, oldest first: each question as it was understood, with its answer."""
    return [
        {
            "question": answer.get("standalone_question") or answer["question"],
            "answer": answer["text"][:MOST_ANSWER_CHARS] if answer.get("answerable") else None,
        }
        for answer in answers[-MOST_TURNS:]
    ]


def earlier_turns(answers: Sequence[Answer], *, on_show: Callable[[str], None]) -> None:
    """Draw questions with their answers, oldest first.

    Args:
        answers: What was answered before the answer that is shown.
        on_show: Called with the id of one that was clicked.
    """
    if not answers:
        return
    label = i18n.text("ask.conversation")
    items: list[Card] = [
        {"id": answer["id"], "name": answer["question"][:300], "main": "show", "clip": True,
         "lines": [plain(answer["text"] or i18n.text("ask.no_answer"))]}
        for answer in answers
    ]  # fmt: skip
    st.html(f"<p class='fx-sub'>{escape(label)}</p>")
    cards(items, label=label, key="turn_cards", on_act=lambda _what, answer_id: on_show(answer_id))
