"""Errors and short messages. All text from outside is escaped: markdown of a file name stays text."""

from html import escape
from typing import Literal

import streamlit as st

from ui import i18n
from ui.errors import ApiError, ApiUnreachableError, FathomError

Tone = Literal["bad", "good", "quiet"]


def notice(title: str, *lines: str, tone: Tone = "quiet") -> None:
    """Draw a box with a title and lines of plain text."""
    role = "alert" if tone == "bad" else "status"
    body = "".join(f"<div class='fx-line'>{escape(line)}</div>" for line in lines if line)
    st.html(f"<div class='fx-notice fx-{tone}' role='{role}'><strong>{escape(title)}</strong>{body}</div>")


def error_lines(error: FathomError) -> tuple[str, list[str]]:
    """Title and lines of an error: the event and the next step."""
    if isinstance(error, ApiUnreachableError):
        return i18n.text("error.unreachable"), [
            i18n.text("error.unreachable.hint", url=error.url),
            error.reason,
        ]
    if isinstance(error, ApiError):
        hint = i18n.error_hint(error.code) or error.hint
        request = i18n.text("error.request_id", id=error.request_id) if error.request_id else ""
        title = i18n.error_title(error.code) or error.title or i18n.text("error.refused")
        return title, [error.detail, *error.fields, hint, request]
    return i18n.text("error.refused"), [str(error)]


def show_error(error: FathomError) -> None:
    """Draw an error: the event and the next step."""
    title, lines = error_lines(error)
    notice(title, *lines, tone="bad")


def page_title(title: str, lead: str = "") -> None:
    """Draw the head of a page."""
    line = f"<p class='fx-lead'>{escape(lead)}</p>" if lead else ""
    st.html(f"<h1 class='fx-title'>{escape(title)}</h1>{line}")
