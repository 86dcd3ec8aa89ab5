"""Passages as cards, each of which opens its source: sources, near passages, and other possible answers."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import cast

import streamlit as st

from ui import i18n
from ui.components.answer import document_label, doubt
from ui.components.cards import Card, cards
from ui.components.sources import Place
from ui.text_runs import passage_runs, quote_runs
from ui.wire import Answer, Citation, Nearest, Passage

Open = Callable[[Passage], None]


def citation_cards(citations: Sequence[Citation], opened: Place | None, on_open: Open) -> None:
    """Draw the citations of an answer, by number, each quote in its line."""
    numbers = [citation["n"] for citation in citations]
    items = [
        _card(n, c, opened) | {"n": n, "lines": [quote_runs(c)], "clip": True, "state": doubt(c)}
        for n, c in zip(numbers, citations, strict=True)
    ]
    _titled(
        i18n.text("ask.sources"), items, dict(zip(numbers, citations, strict=True)), "citation_cards", on_open
    )


def nearest_cards(answer: Answer, opened: Place | None, on_open: Open) -> None:
    """Draw the passages that come near an answer: whole, the key sentence of each marked."""
    passages: Mapping[int, Nearest] = dict(enumerate(answer.get("nearest") or [], 1))
    fold = (i18n.text("ask.show_all"), i18n.text("ask.show_less"))
    items = [
        _card(n, passage, opened) | {"n": n, "lines": [passage_runs(passage)], "fold": fold}
        for n, passage in passages.items()
    ]
    _titled(i18n.text("ask.nearest"), items, passages, f"nearest_cards:{answer['id']}", on_open)


def also_cards(answer: Answer, opened: Place | None, on_open: Open) -> None:
    """Draw other sentences that may answer, folded away until somebody wants them."""
    passages = dict(enumerate(answer.get("also") or [], 1))
    if not passages:
        return
    items = [
        _card(n, passage, opened) | {"lines": [quote_runs(passage)], "clip": True}
        for n, passage in passages.items()
    ]
    label = i18n.text("ask.also")
    # Beside an opened source the list is drawn anew: it stays open where the source is one of its own.
    with st.expander(label, expanded=any(_is_open(passage, opened) for passage in passages.values())):
        _list(label, items, passages, f"also_cards:{answer['id']}", on_open)


def more_button(answer: Answer, on_open: Open) -> None:
    """Offer the place in the document where the items continue that an answer left out."""
    citations = answer.get("citations") or []
    if not answer.get("more") or not citations:
        return
    last = citations[-1]
    said = last["quote"].rstrip()
    line = said.rfind("\n") + 1
    place = cast("Passage", last | {"start": last["start"] + line, "end": last["start"] + len(said)})
    st.button(
        i18n.text("ask.more"), key="more", icon=":material/read_more:", type="tertiary",
        on_click=lambda: on_open(place),
    )  # fmt: skip


def _card(number: int, passage: Passage, opened: Place | None) -> Card:
    name, title = passage["document"]["name"], passage["document"].get("title")
    return {
        "id": str(number), "name": document_label(passage), "main": "open",
        "tone": "on" if _is_open(passage, opened) else "",
        "meta": name if title and title != name else "",
    }  # fmt: skip


def _is_open(passage: Passage, opened: Place | None) -> bool:
    spot = (passage["document"]["id"], passage["start"], passage["end"])
    return opened is not None and spot == (opened.document["id"], opened.start, opened.end)


def _titled(
    title: str, items: Sequence[Card], passages: Mapping[int, Passage], key: str, on_open: Open
) -> None:
    if items:
        st.html(f"<p class='fx-sub'>{escape(title)}</p>")
        _list(title, items, passages, key, on_open)


def _list(
    title: str, items: Sequence[Card], passages: Mapping[int, Passage], key: str, on_open: Open
) -> None:
    cards(items, label=title, key=key, on_act=lambda _what, n: on_open(passages[int(n)]))
