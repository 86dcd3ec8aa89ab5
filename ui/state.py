"""What pages share: the client, and a few typed corners of the session."""

from typing import Final

import streamlit as st

from ui.client import FathomClient
from ui.errors import FathomError
from ui.live import LiveAnswer
from ui.settings import UiSettings, read_settings
from ui.wire import Answer

_LIVE: Final = "live_answer"
_HISTORY: Final = "answer_history"
_CONVERSATION: Final = "conversation"
_FLASH: Final = "flash"


@st.cache_resource(show_spinner=False)
def settings() -> UiSettings:
    """Settings of this process, read once."""
    return read_settings()


@st.cache_resource(show_spinner=False)
def client() -> FathomClient:
    """The one client of this process."""
    return FathomClient(settings().api_url)


def live_answer() -> LiveAnswer | None:
    """The answer being written in this session, if any."""
    found = st.session_state.get(_LIVE)
    return found if isinstance(found, LiveAnswer) else None


def set_live_answer(answer: LiveAnswer | None) -> None:
    """Remember, or forget, the answer being written."""
    st.session_state[_LIVE] = answer


def history() -> list[dict[str, str]]:
    """Answers of this session as `{id, question}`, newest first."""
    found: list[dict[str, str]] = st.session_state.setdefault(_HISTORY, [])
    return found


def remember(answer_id: str, question: str) -> None:
    """Put an answer on top of the history, once."""
    entries = [entry for entry in history() if entry["id"] != answer_id]
    st.session_state[_HISTORY] = [{"id": answer_id, "question": question}, *entries][:50]


def conversation() -> list[Answer]:
    """Answers of the conversation on the page, oldest first; the last is the one that is shown."""
    found: list[Answer] = st.session_state.setdefault(_CONVERSATION, [])
    return found


def set_conversation(answers: list[Answer]) -> None:
    """Go on with other turns."""
    st.session_state[_CONVERSATION] = answers


def set_flash(error: FathomError) -> None:
    """Keep an error of an action until the page has shown it."""
    st.session_state[_FLASH] = error


def take_flash() -> FathomError | None:
    """The error of the last action, once."""
    found = st.session_state.pop(_FLASH, None)
    return found if isinstance(found, FathomError) else None
