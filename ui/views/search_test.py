"""A search without an answer: hits, with the scores and times of each stage."""

from html import escape
from typing import Any

import streamlit as st

from ui import i18n, state
from ui.components.answer import document_label
from ui.components.cards import Card, cards, plain
from ui.components.document_filter import document_filter
from ui.components.notices import notice, page_title, show_error
from ui.components.pickers import all_collections, pick_some
from ui.components.sources import Place, source_panel
from ui.components.timings import stage_name, timings
from ui.errors import FathomError
from ui.text_runs import hit_runs
from ui.wire import Hit, SearchReply

_REPLY = "search_reply"
_OPEN = "search_open"
_DIVERSE = 0.5  # as much for what is new as for what is relevant


def render() -> None:
    """Draw the page."""
    page_title(i18n.text("search.title"), i18n.text("search.lead"))
    try:
        collections = all_collections()
        if not collections:
            return
        picked = pick_some(collections, key="search_collections")
        _form(picked, document_filter(picked, key="search"))
    except FathomError as error:
        st.session_state.pop(_REPLY, None)
        show_error(error)
        return
    reply: SearchReply | None = st.session_state.get(_REPLY)
    if reply is not None:
        _results(reply)


def _form(picked: list[str], wanted: dict[str, Any] | None) -> None:
    with st.form("search", border=False):
        query = st.text_input(i18n.text("search.query"))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            k = st.number_input(i18n.text("search.k"), 1, 100, 8, width=140)
            rerank = st.toggle(i18n.text("search.rerank"), value=True)
            compress = st.toggle(i18n.text("search.compress"), value=True)
            diversify = st.toggle(i18n.text("search.diversify"), value=False)
            sent = st.form_submit_button(i18n.text("search.go"), type="primary")
    if not sent:
        return
    if not picked:
        notice(i18n.text("ask.pick_collection"), tone="bad")
    elif not query.strip():
        notice(i18n.text("ask.empty_question"), tone="bad")
    else:
        st.session_state.pop(_OPEN, None)
        st.session_state[_REPLY] = state.client().search(
            picked,
            query,
            k=int(k),
            rerank=rerank,
            compress=compress,
            mmr_lambda=_DIVERSE if diversify else None,
            wanted=wanted,
        )


def _results(reply: SearchReply) -> None:
    hits = reply["hits"]
    if reply.get("timings_ms"):
        with st.expander(i18n.text("ask.timings"), expanded=True):
            timings(reply["timings_ms"])
    if not hits:
        notice(i18n.text("search.none"))
        return
    before, after = reply.get("tokens_before"), reply.get("tokens_after")
    line = i18n.text("search.compressed", before=before, after=after) if before and after is not None else ""
    st.html(
        f"<div class='fx-legend'><span>{escape(line)}</span>"
        f"<span class='fx-kept'>{escape(i18n.text('search.legend.kept'))}</span>"
        f"<span class='fx-cut'>{escape(i18n.text('search.legend.cut'))}</span></div>"
    )
    opened = next((h for h in hits if str(h["chunk_id"]) == st.session_state.get(_OPEN)), None)
    left, right = st.columns([1, 1], gap="medium") if opened else (st.container(), None)
    with left:
        cards(
            [_card(h, opened is h) for h in hits], label=i18n.text("search.title"), key="hit_cards",
            on_act=lambda _what, chunk_id: st.session_state.update({_OPEN: chunk_id}),
        )  # fmt: skip
    if opened and right is not None:
        with right:
            place = Place(
                document=opened["document"], start=opened["start"], end=opened["end"], page=opened.get("page")
            )
            source_panel(place, key="search_source", on_close=lambda: st.session_state.pop(_OPEN, None))


def _card(hit: Hit, opened: bool) -> Card:
    scores = " · ".join(
        f"{stage_name(stage)} {value:.3f}" for stage, value in hit["scores"].items() if value is not None
    )
    path = " › ".join(hit.get("heading_path") or [])
    return {
        "id": str(hit["chunk_id"]), "n": hit["rank"], "name": document_label(hit), "main": "open",  # type: ignore[arg-type]
        "lines": ([plain(path)] if path else []) + [hit_runs(hit)], "meta": scores, "tone": "on" if opened else "",
        "state": f"{hit['score']:.3f}",
    }  # fmt: skip
