"""The first screen: a sentence about Fathom, and questions that the chosen documents answer."""

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from ui import i18n, state
from ui.components.mount import mount
from ui.errors import FathomError
from ui.wire import Suggestion

_SHOWN: Final = 3


def welcome(collections: Sequence[str], on_ask: Callable[[str], None]) -> None:
    """Draw a welcome, with suggested questions where there are any.

    Args:
        collections: Ids of the chosen collections.
        on_ask: Called with a question that was clicked.
    """
    st.html(f"<p class='fx-welcome'>{i18n.text('welcome.sentence')}</p>")
    found = suggestions(collections)
    if not found:
        return
    st.html(f"<p class='fx-sub'>{i18n.text('welcome.try')}</p>")
    with st.container(horizontal=True):
        for number, question in enumerate(found):
            st.button(
                _plain(question), key=f"suggested:{number}", icon=":material/arrow_forward:", on_click=on_ask,
                args=(question,),
            )  # fmt: skip


def suggestions(collections: Sequence[str]) -> list[str]:
    """Three questions: in the language of the page first, of each collection in turn."""
    by_collection: list[list[Suggestion]] = []
    for collection in collections[:_SHOWN]:
        try:
            by_collection.append(state.client().suggestions(collection))
        except FathomError:
            continue  # the page itself says what is wrong
    turns = [(turn, one) for found in by_collection for turn, one in enumerate(found)]
    turns.sort(key=lambda item: (item[1]["language"] != i18n.language(), item[0]))
    return [one["question"] for _, one in turns][:_SHOWN]


def _plain(question: str) -> str:
    """A question as a label: its signs are no markdown."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|<>~$:" else c for c in question)


def focus_question() -> None:
    """Put the keyboard into the box of questions, once the page has been opened, where there is a keyboard."""
    mount("focus", {"selector": "[data-testid=stChatInputTextArea]"}, key="focus_question", triggers={})
