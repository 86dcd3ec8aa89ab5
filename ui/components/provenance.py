"""Origin of the parts of an answer: notes over written words, and a list of all runs."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Final

import streamlit as st

from ui import i18n
from ui.components.answer import document_label
from ui.components.cards import Card, cards, plain
from ui.text_runs import INK_COPIED
from ui.wire import DocumentRef, Passage, Provenance, ProvenanceRun, SourceRange

_SHOWN: Final = 2


def written_hints(provenance: Provenance) -> list[tuple[int, int, str]]:
    """Sources that written runs looked at, as `(answer_start, answer_end, text)`."""
    documents = _documents(provenance)
    return [
        (run["answer_start"], run["answer_end"], "\n".join(_looked_at(run, documents)))
        for run in provenance["runs"]
        if run["kind"] != INK_COPIED and run["ranges"]
    ]


def provenance_list(provenance: Provenance, *, key: str, on_open: Callable[[Passage], None]) -> None:
    """Draw one card a run; a click opens its source.

    Args:
        provenance: Of the answer.
        key: Names this list within the page.
        on_open: Called with the place that was clicked.
    """
    documents = _documents(provenance)
    items: list[Card] = []
    places: dict[str, Passage] = {}
    for number, run in enumerate(provenance["runs"]):
        said = provenance["text"][run["answer_start"] : run["answer_end"]]
        if not said.strip():
            continue
        place = next((p for item in run["ranges"] if (p := _place(item, documents))), None)
        copied = run["kind"] == INK_COPIED
        card: Card = {"id": str(number), "name": "", "lines": [[{"t": said, "c": run["kind"]}]]}
        if copied:
            card["name"] = document_label(place) if place else i18n.text("source.withdrawn")
            card["meta"] = _characters(run["ranges"][0]) if run["ranges"] else ""
        else:
            card["name"] = i18n.text("ask.legend.written")
            card["lines"] += [plain(line) for line in _looked_at(run, documents)]
        if place is not None:
            card["main"] = "open"
            places[str(number)] = place
        items.append(card)
    if provenance["recorded"] == "runs":
        st.html(f"<p class='fx-sub'>{escape(i18n.text('ask.provenance.runs'))}</p>")
    cards(items, label=i18n.text("ask.provenance"), key=key, on_act=lambda _what, n: on_open(places[n]))


def _documents(provenance: Provenance) -> dict[str, DocumentRef]:
    return {document["id"]: document for document in provenance["documents"]}


def _place(item: SourceRange, documents: Mapping[str, DocumentRef]) -> Passage | None:
    """The place of a range; None where its document is gone."""
    document = documents.get(item["document"])
    if document is None or item["quote"] is None:
        return None
    return {
        "document": document, "page": item["page"], "start": item["start"], "end": item["end"],
        "quote": item["quote"],
    }  # fmt: skip


def _looked_at(run: ProvenanceRun, documents: Mapping[str, DocumentRef]) -> list[str]:
    places = [(place, item["weight"]) for item in run["ranges"] if (place := _place(item, documents))]
    return [
        i18n.text(
            "ask.looked_at", quote=" ".join(place["quote"].split()), document=document_label(place),
            share=f"{weight:.0%}",
        )
        for place, weight in places[:_SHOWN]
    ] or [i18n.text("source.withdrawn" if run["ranges"] else "ask.looked_unknown")]  # fmt: skip


def _characters(item: SourceRange) -> str:
    return i18n.text("source.range", start=item["start"], end=item["end"])
