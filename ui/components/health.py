"""The health of each part of the service, in words for people; the interface's own words behind a click."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

import streamlit as st

from ui import i18n
from ui.strings import STRINGS

_FREE: Final = re.compile(r"(\d+) MiB free")
_WAITING: Final = re.compile(r"of ([\d,]+) documents wait")
_LATE: Final = re.compile(r"has waited for (\d+) s")


def health(checks: Sequence[Mapping[str, Any]]) -> None:
    """Draw one row a part: its purpose, its state, and the next step where it does not work."""
    rows = "".join(_row(check) for check in checks)
    st.html(f"<dl class='fx-health'>{rows}</dl>")


def details(checks: Sequence[Mapping[str, Any]], address: str) -> None:
    """Draw the names and the words of the interface, for whoever looks after it."""
    rows = "".join(
        f"<dt>{escape(str(c.get('name')))}</dt><dd>{escape(str(c.get('detail') or ''))}</dd>" for c in checks
    )
    label = escape(i18n.text("status.api"))
    st.html(f"<dl class='fx-parts'><dt>{label}</dt><dd>{escape(address)}</dd>{rows}</dl>")


def _row(check: Mapping[str, Any]) -> str:
    name, ok = str(check.get("name")), bool(check.get("ok"))
    label = i18n.text(f"health.{name}") if f"health.{name}" in STRINGS else name
    mark, tone = ("✓", "good") if ok else ("✗", "bad")
    words = escape(i18n.text("health.works" if ok else "health.broken"))
    said = escape(in_words(name, str(check.get("detail") or ""), ok=ok))
    return (
        f"<dt><span class='fx-mark fx-{tone}' role='img' aria-label='{words}'>{mark}</span>{escape(label)}</dt>"
        f"<dd>{said}</dd>"
    )


def in_words(name: str, detail: str, *, ok: bool) -> str:
    """A sentence about one part; an unknown part keeps the interface's words."""
    if name == "disk" and (free := _FREE.search(detail)):
        key = "health.disk.ok" if ok else "health.disk.bad"
        return i18n.text(key, size=i18n.size_text(int(free[1]) * 2**20))
    if name == "vectors" and (waiting := _WAITING.search(detail)):
        return i18n.text("health.vectors.waiting", n=waiting[1])
    if name == "worker" and ok and (late := _LATE.search(detail)) and int(late[1]) > 60:
        return i18n.text("health.worker.late", minutes=int(late[1]) // 60)
    key = f"health.{name}.{'ok' if ok else 'bad'}"
    return i18n.text(key) if key in STRINGS else detail
