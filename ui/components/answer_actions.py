"""Below an answer: how sure it is, in words, and ways to take it along or to ask again."""

import json
from collections.abc import Callable
from html import escape
from typing import Final

import streamlit as st

from ui import i18n
from ui.components.copying import copy_button
from ui.export import as_markdown
from ui.wire import Answer

SURE: Final = 0.8
LIKELY: Final = 0.5
MORE_PASSAGES: Final = 24


def confidence_line(answer: Answer) -> None:
    """Draw how sure the answer is, as the share of such answers that are right, and how long it took."""
    facts: list[str] = []
    confidence = answer.get("confidence")
    if confidence is not None:
        facts.append(confidence_words(confidence))
        if answer.get("answerable") and confidence < SURE:
            facts.append(i18n.text("ask.unsure"))
    total = (answer.get("timings_ms") or {}).get("total")
    if total is not None:
        facts.append(i18n.ms_text(total))
    if facts:
        st.html(f"<span class='fx-sub'>{escape(' · '.join(facts))}</span>")


def confidence_words(confidence: float) -> str:
    """A probability in words: it is calibrated, so it is the share of such answers that are right."""
    level = "high" if confidence >= SURE else "middle" if confidence >= LIKELY else "low"
    of_ten = round(10 * confidence)
    share = i18n.text("confidence.most") if of_ten == 10 else i18n.text("confidence.share", n=max(1, of_ten))
    said = i18n.text(f"confidence.{level}")
    return f"{said} ({share})"


def answer_actions(answer: Answer, on_more: Callable[[], None]) -> None:
    """Draw buttons that copy, export and ask again.

    Args:
        answer: A finished answer.
        on_more: Called when the question is to be asked again, with more passages to read.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        markdown = as_markdown(answer, i18n.text("ask.sources"))
        if answer.get("answerable", True):
            copy_button(markdown, label=i18n.text("common.copy"), key=f"copy:{answer['id']}")
        with st.popover(i18n.text("export.title"), icon=":material/download:"):
            st.download_button(
                i18n.text("export.markdown"),
                markdown,
                f"{answer['id']}.md",
                "text/markdown",
                on_click="ignore",
            )
            st.download_button(
                i18n.text("export.json"), json.dumps(answer, ensure_ascii=False, indent=1), f"{answer['id']}.json",
                "application/json", on_click="ignore",
            )  # fmt: skip
        st.button(
            i18n.text("ask.from_more"), icon=":material/refresh:", key=f"more:{answer['id']}", on_click=on_more,
            help=i18n.text("ask.from_more.help", n=MORE_PASSAGES),
        )  # fmt: skip
