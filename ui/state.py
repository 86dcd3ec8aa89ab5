"""State that pages share: the client, and a few typed corners of the session."""

from typing import Final

import streamlit as st

from ui.client import FathomClient
from ui.errors import FathomError
from ui.live import LiveAnswer
from ui.settings import UiSettings, read_settings
from ui.sign_in import COOKIE
from ui.wire import Answer, Me

_LIVE: Final = "live_answer"
_HISTORY: Final = "answer_history"
_CONVERSATION: Final = "conversation"
_FLASH: Final = "flash"
_ME: Final = "me"


@st.cache_resource(show_spinner=False)
def settings() -> UiSettings:
    """Settings of this process, read once."""
    return read_settings()


@st.cache_resource(show_spinner=False)
def connections() -> FathomClient:
    """The one client of this process."""
    return FathomClient(settings().api_url)


def client() -> FathomClient:
    """The client of this session, which shows the key of whoever signed in."""
    key = st.context.cookies.get(COOKIE)
    return connections().with_key(key) if key else connections()


def signed_in() -> Me | None:
    """Who signed in, asked once a session; None where nobody did.

    Raises:
        FathomError: The session is over, or the interface does not answer.
    """
    if COOKIE not in st.context.cookies:
        return None
    if _ME not in st.session_state:
        st.session_state[_ME] = client().me()
    found: Me = st.session_state[_ME]
    return found


def has_users() -> bool:
    """Whether people sign in here; the pages are not reached without, where they do."""
    return COOKIE in st.context.cookies


def manages() -> bool:
    """Whether whoever looks may manage: the one person who works here, or an administrator.

    Raises:
        FathomError: The session is over, or the interface does not answer.
    """
    me = signed_in()
    return me is None or me["admin"]


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
    """Answers of the conversation on the page, oldest first; the last one is shown."""
    found: list[Answer] = st.session_state.setdefault(_CONVERSATION, [])
    return found


def set_conversation(answers: list[Answer]) -> None:
    """Continue with other turns."""
    st.session_state[_CONVERSATION] = answers


def set_flash(error: FathomError) -> None:
    """Keep an error of an action until the page has shown it."""
    st.session_state[_FLASH] = error


def take_flash() -> FathomError | None:
    """The error of the last action, once."""
    found = st.session_state.pop(_FLASH, None)
    return found if isinstance(found, FathomError) else None
