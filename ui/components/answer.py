"""An answer in two inks, with the numbers of its citations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from ui import i18n
from ui.components.mount import mount
from ui.text_runs import CODE, INK_COPIED, INK_WRITTEN, UNSUPPORTED, Run, answer_blocks
from ui.wire import Passage


def document_label(passage: Passage) -> str:
    """Title (or name) of a passage's document, with the page where there is one."""
    document = passage["document"]
    name = document.get("title") or document.get("name") or document["id"]
    page = passage.get("page")
    return f"{name} · {i18n.text('common.page', n=page)}" if page else str(name)


def doubt(citation: Mapping[str, Any]) -> str:
    """Warning for a citation that is marked as not supported; empty for others."""
    return i18n.text("ask.source_doubted") if citation.get("supported") is False else ""


def answer_text(
    answer: Mapping[str, Any],
    *,
    key: str,
    on_open: Callable[[int], None],
    live: bool = False,
    hints: Sequence[tuple[int, int, str]] = (),
) -> None:
    """Draw an answer's text.

    Args:
        answer: A stored answer, or what of it has arrived (`text`, `spans`, `citations`; a stored one also has
            `unsupported`, `emphasis` and `parts`).
        key: Names this answer within the page.
        on_open: Called with the number of a citation that was clicked.
        live: Whether it is still being written.
        hints: Shown over ranges of the text that were not copied.
    """

    def opened() -> None:
        n = st.session_state[key].get("open")
        if n is not None:
            on_open(int(n))

    blocks = answer_blocks(answer, hints)
    inks = {_ink(run) for block in blocks for run in block["runs"] if "c" in run}
    legend = [
        (ink, i18n.text(f"ask.legend.{ink.split()[-1]}"))
        for ink in (INK_COPIED, INK_WRITTEN, UNSUPPORTED)
        if ink in inks
    ]
    labels = {
        str(c["n"]): " · ".join(
            filter(None, (i18n.text("ask.source_n", n=c["n"], title=document_label(c)), doubt(c)))
        )
        for c in answer.get("citations") or []
    }
    data = {"blocks": blocks, "labels": labels, "legend": legend, "live": live}
    mount("answer", data, key=key, triggers={"open": opened})


def _ink(run: Run) -> str:
    return " ".join(name for name in run["c"].split() if name != CODE)
