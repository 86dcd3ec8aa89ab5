"""Outdated answers: the notice with "ask again", old and new side by side, and the review of a whole collection."""

from collections.abc import Callable
from html import escape
from typing import Final

import streamlit as st

from ui import i18n, state
from ui.components.notices import notice, show_error
from ui.errors import FathomError
from ui.wire import Answer, Review

_SHOWN: Final = 50
_POLL_S: Final = 1.0
_OPEN_STATES: Final = {"queued", "running"}
_REASONS: Final = {"source_changed": "outdated.source_changed", "source_gone": "outdated.source_gone"}
_ENDS: Final = {"cancelled": "outdated.cancelled", "failed": "outdated.broken_off"}


def outdated_notice(answer: Answer, *, on_again: Callable[[], None], on_show: Callable[[str], None]) -> None:
    """Say that sources of an answer changed or went, with buttons to ask again and to show the newest renewal."""
    outdated, renewed_by = answer.get("outdated"), answer.get("renewed_by")
    if outdated:
        names = ", ".join(source["title"] or source["name"] for source in outdated["documents"])
        notice(i18n.text(_REASONS[outdated["reason"]]), names, tone="bad")
    if outdated or renewed_by:
        with st.container(horizontal=True):
            if renewed_by:
                show, icon = i18n.text("outdated.show_new"), ":material/update:"
                if st.button(show, key=f"newer:{answer['id']}", icon=icon):
                    on_show(renewed_by)
                    st.rerun()
            again = i18n.text("outdated.again")
            if st.button(again, key=f"again:{answer['id']}", icon=":material/refresh:"):
                on_again()
                st.rerun()


def compared(answer: Answer) -> None:
    """The answer beside the old answer that it renews."""
    before_id = answer.get("renews")
    if not before_id:
        return
    try:
        before = state.client().answer(before_id)
    except FathomError:
        return  # the old answer was deleted
    label = i18n.text("outdated.same" if answer.get("change") == "same" else "outdated.changed")
    with st.expander(label, expanded=answer.get("change") == "changed", icon=":material/difference:"):
        side_by_side(before, answer)


def side_by_side(before: Answer, after: Answer) -> None:
    """The texts of two answers, old and new; all of it is drawn as text."""
    columns = st.columns(2)
    for column, label, answer in (
        (columns[0], i18n.text("outdated.before"), before),
        (columns[1], i18n.text("outdated.after"), after),
    ):
        text = escape(answer["text"]) or "–"
        column.html(f"<p class='fx-sub'>{escape(label)}</p><div style='white-space:pre-wrap'>{text}</div>")


def review_of(collection: str) -> None:
    """Outdated answers of a collection: how many, a button to ask all again, progress, and the changes."""
    try:
        counts = state.client().answer_counts(collection)
        reviews = state.client().reviews(collection)
    except FathomError as error:
        show_error(error)
        return
    last = reviews[0] if reviews else None
    if last and last["state"] in _OPEN_STATES:
        st.fragment(lambda: _progress(last["id"]), run_every=_POLL_S)()
        return
    if counts["outdated"]:
        said = i18n.text("outdated.count", outdated=counts["outdated"], answers=counts["answers"])
        notice(said, i18n.text("outdated.count.hint"))
        if st.button(i18n.text("outdated.all_again"), key="review_start", icon=":material/refresh:"):
            try:
                state.client().start_review(collection)
            except FathomError as error:
                show_error(error)
                return
            st.rerun()
    if last and last["total"]:
        _finished(last)


def _progress(review_id: str) -> None:
    try:
        review = state.client().review(review_id)
    except FathomError as error:
        show_error(error)
        return
    if review["state"] not in _OPEN_STATES:
        st.rerun()
    said = i18n.text("outdated.progress", done=review["done"], total=review["total"])
    st.progress(review["done"] / max(1, review["total"]), text=said)
    if st.button(i18n.text("common.cancel"), key="review_cancel"):
        state.client().cancel_review(review_id)
        st.rerun()


def _finished(review: Review) -> None:
    said = i18n.text("outdated.result", changed=review["changed"], total=review["total"])
    more = [i18n.text("outdated.failed", failed=review["failed"])] if review["failed"] else []
    if review["state"] in _ENDS:
        more.append(i18n.text(_ENDS[review["state"]]))
    with st.expander(" · ".join([said, *more]), icon=":material/difference:"):
        if not review["changed"]:
            return
        for change in state.client().review_changes(review["id"], limit=_SHOWN):
            st.html(f"<div class='fx-question'>{escape(change['before']['question'])}</div>")
            side_by_side(change["before"], change["after"])
