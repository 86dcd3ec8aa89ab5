"""Every string of the pages, in English and Chinese; the browser's language is the default.

`text("key", n=3)` gives the string of the session's language. A test holds that both languages have the same
placeholders and that no page names a key that is missing here.
"""

from typing import Final, Literal, cast

import streamlit as st

from ui.strings import STRINGS

Language = Literal["en", "zh"]
LANGUAGES: Final[dict[Language, str]] = {"zh": "中文", "en": "English"}
LANGUAGE_KEY: Final = "lang"


def browser_language() -> Language:
    """Chinese for a Chinese browser, English for all others."""
    locale = st.context.locale or ""
    return "zh" if locale.lower().startswith("zh") else "en"


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
