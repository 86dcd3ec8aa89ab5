"""Golden questions of a collection and their last run, opened from the page of the collections."""

from collections.abc import Callable

import streamlit as st

from ui import i18n, state
from ui.components.cards import Card, cards, plain
from ui.components.notices import notice, page_title, show_error
from ui.errors import FathomError
from ui.wire.golden import GoldenList, GoldenQuestion, GoldenReport, Verdict


def golden(collection_id: str, *, back: str) -> None:
    """Draw the page of one collection's golden questions.

    Args:
        collection_id: The collection.
        back: The parameter of the address to remove when somebody goes back to the list.

    Raises:
        FathomError: The interface refused, or is not there.
    """
    if st.button(i18n.text("share.back"), icon=":material/arrow_back:", type="tertiary"):
        del st.query_params[back]
        st.rerun()
    client = state.client()
    flash = state.take_flash()
    if flash is not None:
        show_error(flash)
    collection = client.collection(collection_id)
    kept, last = client.golden(collection_id), client.newest_golden_run(collection_id)
    page_title(i18n.text("golden.title", name=collection["name"]), i18n.text("golden.lead"))
    _held_back(collection_id, kept)
    _last(collection_id, kept, last)
    if kept["items"]:
        verdicts = {one["question"]: one for one in last["results"]} if last else {}
        lost = set(last["newly_failed"]) if last else set()
        cards(
            [_card(one, verdicts.get(one["id"]), lost) for one in kept["items"]],
            label=i18n.text("golden.action"), key="golden_cards",
            on_act=lambda _what, key: _tried(lambda: client.remove_golden(collection_id, key)),
        )  # fmt: skip
    else:
        notice(i18n.text("golden.empty"))
    _form(collection_id)


def _held_back(collection_id: str, kept: GoldenList) -> None:
    if kept["held_back"]:
        notice(i18n.text("golden.held_back", share=f"{kept['share']:.0%}"), tone="bad")
        if st.button(i18n.text("golden.release")):
            _tried(lambda: state.client().release_encoder(collection_id))
            st.rerun()


def _last(collection_id: str, kept: GoldenList, last: GoldenReport | None) -> None:
    if last is not None and last["state"] in {"queued", "running"}:
        notice(i18n.text("golden.waits"))
    elif last is not None and last["state"] == "failed":
        notice(i18n.text("golden.failed_run"), tone="bad")
    elif last is not None:
        reason = i18n.text(f"golden.reason.{last['reason']}")
        told = i18n.text("golden.passed", passed=last["passed"], total=last["total"], reason=reason)
        notice(told, tone="good" if last["passed"] == last["total"] else "bad")
    if kept["items"] and st.button(i18n.text("golden.run"), icon=":material/play_arrow:"):
        _tried(lambda: state.client().start_golden(collection_id))
        st.rerun()


def _card(question: GoldenQuestion, verdict: Verdict | None, lost: set[str]) -> Card:
    card: Card = {
        "id": question["id"], "name": question["question"], "tone": "", "lines": [],
        "actions": [("remove", i18n.text("common.delete"), "danger")],
    }  # fmt: skip
    if question["expected"]:
        card["lines"] = [plain(" | ".join(question["expected"]))]
    if not question["answerable"]:
        card["meta"] = i18n.text("golden.refused")
    if verdict is None:
        return card
    if verdict["passed"]:
        return card | {"tone": "ok", "state": i18n.text("golden.state.passed")}
    state_key = "new_failed" if question["id"] in lost else "failed"
    reasons = [
        i18n.text(f"golden.{name}")
        for name, is_so in (
            ("not_found", verdict["found"] is False),
            ("not_answered", not verdict["answered"]),
            ("not_said", verdict["said"] is False),
        )
        if is_so
    ]
    card["lines"] = [*card.get("lines", []), plain("; ".join(reasons))]
    return card | {"tone": "bad", "state": i18n.text(f"golden.state.{state_key}")}


def _form(collection_id: str) -> None:
    with st.form("golden", border=False, clear_on_submit=True):
        question = st.text_input(i18n.text("golden.question"), max_chars=4000)
        expected = st.text_input(i18n.text("golden.expected"), max_chars=4000)
        refused = st.checkbox(i18n.text("golden.refused"))
        sent = st.form_submit_button(i18n.text("golden.add"), type="primary")
    if sent and question.strip():
        texts = [text.strip() for text in expected.split("|") if text.strip()]
        try:
            state.client().keep_golden(
                collection_id, question.strip(), expected=texts, answerable=not refused
            )
        except FathomError as error:
            show_error(error)
            return
        st.rerun()


def _tried(call: Callable[[], None]) -> None:
    try:
        call()
    except FathomError as error:
        state.set_flash(error)
