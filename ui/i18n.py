"""Every string of the pages, in English and Chinese; the browser's language is the default.

`text("key", n=3)` gives the string of the session's language. A test holds that both languages have the same
placeholders and that no page names a key that is missing here.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from ui.strings import STRINGS

Language = Literal["en", "zh"]
LANGUAGES: Final[dict[Language, str]] = {"zh": "中文", "en": "English"}
LANGUAGE_KEY: Final = "lang"
_NAMED: Final = "language_in_address"


def browser_language() -> Language:
    """Chinese for a Chinese browser, English for all others."""
    locale = st.context.locale or ""
    return "zh" if locale.lower().startswith("zh") else "en"


def settle_language() -> None:
    """Begin a run of the page: choose a language newly named in the address, at first the browser's."""
    asked = st.query_params.get(LANGUAGE_KEY, "")
    named = next((code for code, name in LANGUAGES.items() if asked in {code, name}), None)
    if named is not None and named != st.session_state.get(_NAMED):
        st.session_state[LANGUAGE_KEY] = named
        st.session_state[_NAMED] = named
    elif LANGUAGE_KEY not in st.session_state:
        st.session_state[LANGUAGE_KEY] = browser_language()


def choose_language() -> None:
    """Write the chosen language into the address, so that a reload and a shared link keep it."""
    chosen = language()
    st.session_state[_NAMED] = chosen
    st.query_params[LANGUAGE_KEY] = chosen


def in_address() -> dict[str, str]:
    """The parameter that keeps a language that was chosen, for the address of another page."""
    return {LANGUAGE_KEY: language()} if _NAMED in st.session_state else {}


def language() -> Language:
    """The session's language: the chosen one, else the browser's."""
    chosen = st.session_state.get(LANGUAGE_KEY)
    return cast("Language", chosen) if chosen in LANGUAGES else browser_language()


def text(key: str, **values: object) -> str:
    """The string of `key` in the session's language, with `values` put in.

    Raises:
        KeyError: There is no such string.
    """
    return STRINGS[key][0 if language() == "en" else 1].format(**values)


def count(key: str, n: int) -> str:
    """The string of `key` for `n` things; English has a singular and a plural."""
    single = f"{key}.one"
    return text(single if n == 1 and single in STRINGS else key, n=f"{n:,}")


def status_text(status: str) -> str:
    """A document's or a job's state in words; an unknown state stays as it is."""
    key = f"state.{status}"
    return text(key) if key in STRINGS else status


def error_hint(code: str) -> str | None:
    """Next step for an error code, in the session's language, where we know better than the interface."""
    key = f"hint.{code}"
    return text(key) if key in STRINGS else None


def error_title(code: str) -> str | None:
    """Meaning of an error code, in the session's language; None leaves it to the interface's own words."""
    key = f"code.{code}"
    return text(key) if key in STRINGS else None


def listing(parts: Iterable[str]) -> str:
    """Parts of a list in one line."""
    return (", " if language() == "en" else "、").join(parts)


def zone() -> ZoneInfo:
    """The time zone of the browser; UTC where it tells none."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def day_text(moment: str) -> str:
    """The day of a moment (ISO 8601), where the reader is."""
    return f"{datetime.fromisoformat(moment).astimezone(zone()):%Y-%m-%d}"


def moment_text(moment: str) -> str:
    """Day and minute of a moment (ISO 8601), where the reader is."""
    return f"{datetime.fromisoformat(moment).astimezone(zone()):%Y-%m-%d %H:%M}"


def size_text(size_bytes: int) -> str:
    """Bytes in a unit people read."""
    value, unit = float(size_bytes), "B"
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit in {"B", "KB"} else f"{value:.1f} {unit}"


def ms_text(milliseconds: float) -> str:
    """A duration in a unit people read."""
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"
