"""Ask a question, watch the answer being written, and check it against its sources."""

from html import escape
from typing import Any, Final

import streamlit as st

from ui import i18n, state
from ui.components.answer import answer_text
from ui.components.answer_actions import MORE_PASSAGES, answer_actions, confidence_line
from ui.components.cards import Card, cards
from ui.components.certificate import certificate_button
from ui.components.conversation import earlier_turns, history_of
from ui.components.document_filter import document_filter
from ui.components.feedback import feedback_form
from ui.components.notices import notice, page_title, show_error
from ui.components.outdated import compared, outdated_notice
from ui.components.passages import also_cards, citation_cards, more_button, nearest_cards
from ui.components.pickers import all_collections, pick_some
from ui.components.provenance import provenance_list, written_hints
from ui.components.sources import Place, source_panel
from ui.components.timings import timings
from ui.components.welcome import focus_question, welcome
from ui.errors import ApiError, FathomError
from ui.live import LiveAnswer, LiveText
from ui.navigation import go
from ui.wire import Answer, Passage, Provenance

_ANSWER: Final = "answer"
_OPEN: Final = "open_place"
_CONTINUES: Final = "continues_conversation"
_CLICKED: Final = "clicked_question"
_POLL_S: Final = 0.25
_UNFINISHED: Final = "running"
_STOPPED: Final = "cancelled"
_REASONS: Final = {
    "empty_collection",
    "no_passages",
    "sources_withdrawn",
    "question_filtered",
    "answer_filtered",
}


def render() -> None:
    """Draw the page."""
    page_title(i18n.text("ask.title"), i18n.text("ask.about"))
    try:
        collections = all_collections()
        if not collections:
            if st.button(i18n.text("ask.to_documents"), type="primary"):
                go("collections")
            return
        picked = pick_some(collections, key="ask_collections")
        _question(picked, document_filter(picked, key="ask"))
        _current()
        if state.live_answer() is None and not state.conversation() and _ANSWER not in st.query_params:
            welcome(picked, lambda question: st.session_state.update({_CLICKED: question}))
        focus_question()
    except FathomError as error:
        show_error(error)
    _history()


# ---------------------------------------------------------------------- asking
def _question(picked: list[str], wanted: dict[str, Any] | None) -> None:
    with st.container():
        question = st.chat_input(i18n.text("ask.placeholder"), key="question")
    question = st.session_state.pop(_CLICKED, None) or question
    if question is None:
        return
    if not picked:
        notice(i18n.text("ask.pick_collection"), tone="bad")
    elif not question.strip():
        notice(i18n.text("ask.empty_question"), tone="bad")
    else:
        _stop()
        client = state.client()
        st.session_state.pop(_OPEN, None)
        st.query_params.pop(_ANSWER, None)
        turns = history_of(state.conversation())
        state.set_live_answer(
            LiveAnswer(question, lambda: client.ask(picked, question, turns, wanted), client.resume)
        )


def _stop() -> None:
    """Stop the answer being written, if any."""
    live = state.live_answer()
    answer_id = live.live.answer_id if live is not None else None
    if live is None or live.finished.is_set() or answer_id is None:
        return
    try:
        state.client().stop_answer(answer_id)
    except FathomError as error:
        state.set_flash(error)


# ---------------------------------------------------------------------- the answer on the page
def _current() -> None:
    flash = state.take_flash()
    if flash is not None:
        show_error(flash)
    live = state.live_answer()
    if live is None:
        live = _found_running()
    if live is not None and not live.finished.is_set():
        st.fragment(_writing, run_every=_POLL_S)()
        return
    if live is not None:
        _settle(live)
    answer = _stored()
    if state.conversation():
        label, icon = i18n.text("ask.new_conversation"), ":material/add_comment:"
        st.button(label, key="new_conversation", icon=icon, on_click=_new_conversation)
    if answer is not None:
        _answer(answer)


def _found_running() -> LiveAnswer | None:
    """Take up an answer that the address names and that is still being written (after a refresh)."""
    answer_id = st.query_params.get(_ANSWER)
    if not answer_id or answer_id in {entry["id"] for entry in state.history()}:
        return None
    try:
        answer = state.client().answer(answer_id)
    except FathomError:
        return None  # said where the stored answer is read
    if answer.get("status") != _UNFINISHED:
        return None
    client = state.client()
    live = LiveAnswer(answer["question"], lambda: client.resume(answer_id, None), client.resume)
    live.live.answer_id = answer_id
    state.set_live_answer(live)
    return live


def _writing() -> None:
    """The answer as far as it has come; runs by itself until the answer is there."""
    live = state.live_answer()
    if live is None:
        st.rerun()
    arrived = live.look()
    if arrived.answer_id and st.query_params.get(_ANSWER) != arrived.answer_id:
        st.query_params[_ANSWER] = arrived.answer_id
    earlier_turns(state.conversation(), on_show=_show)
    _asked(live.question, arrived.standalone_question)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f"<span class='fx-sub'>{escape(_progress(arrived))}</span>")
        st.button(i18n.text("ask.stop"), key="stop", icon=":material/stop_circle:", on_click=_stop)
    shown = {"text": arrived.text, "spans": arrived.spans, "citations": arrived.citations}
    cited = {c["n"]: c for c in arrived.citations}
    # A source that is opened while the answer is still being written is shown beside the finished answer.
    # The finished answer has the same key: a click that arrives while one takes the other's place is not lost.
    key = f"answer:{arrived.answer_id or ''}"
    answer_text(shown, key=key, on_open=lambda n: _open_place(cited[n]), live=True)
    if live.finished.is_set():
        st.rerun()


def _progress(arrived: LiveText) -> str:
    """Where the answer stands, in a few words."""
    if arrived.ahead is not None:
        return i18n.text("ask.waiting", ahead=arrived.ahead, seconds=max(1, round(arrived.wait_s)))
    return i18n.text("ask.writing" if arrived.text else "ask.searching")


def _settle(live: LiveAnswer) -> None:
    """Put a finished answer into the address and the history."""
    state.set_live_answer(None)
    final = live.live.final
    answer_id = final["id"] if final is not None else live.live.answer_id
    if answer_id:
        st.query_params[_ANSWER] = str(answer_id)
        state.remember(str(answer_id), live.question)
        st.session_state[_CONTINUES] = str(answer_id)
    if live.error is not None:
        if not answer_id:
            _asked(live.question[:500])
        show_error(live.error)


def _stored() -> Answer | None:
    answer_id = st.query_params.get(_ANSWER)
    if not answer_id:
        return None
    try:
        answer = state.client().answer(answer_id)
    except ApiError as error:
        if error.status != 404:
            raise
        notice(i18n.text("ask.gone"), tone="bad")
        return None
    state.remember(answer["id"], answer["question"])
    _join(answer)
    return answer


def _join(answer: Answer) -> None:
    """Make the shown answer the last turn of the conversation; one from elsewhere begins its own."""
    turns = state.conversation()
    known = [turn["id"] for turn in turns]
    if answer["id"] in known:
        turns = turns[: known.index(answer["id"])]
    elif answer["id"] != st.session_state.pop(_CONTINUES, None):
        turns = []
    state.set_conversation([*_as_stored(turns), answer])


def _as_stored(turns: list[Answer]) -> list[Answer]:
    """Earlier turns as they are now: deleted ones are neither shown nor sent along from this page's memory."""
    found: list[Answer] = []
    for turn in turns:
        try:
            found.append(state.client().answer(turn["id"]))
        except ApiError as error:
            if error.status != 404:
                found.append(turn)
        except FathomError:
            found.append(turn)
    return found


def _answer(answer: Answer) -> None:
    place: Place | None = st.session_state.get(_OPEN)
    left, right = st.columns([1, 1], gap="large") if place else (st.container(), None)
    with left:
        _answer_body(answer)
    if place and right is not None:
        with right:
            source_panel(place, key="ask_source", on_close=lambda: st.session_state.pop(_OPEN, None))


def _asked(question: str, standalone: str | None = None) -> None:
    st.html(f"<div class='fx-question'>{escape(question)}</div>")
    if standalone:
        st.html(f"<span class='fx-sub'>{escape(i18n.text('ask.understood', question=standalone))}</span>")


def _answer_body(answer: Answer) -> None:
    earlier_turns(state.conversation()[:-1], on_show=_show)
    _asked(answer["question"], answer.get("standalone_question"))
    status = answer.get("status")
    if status == _STOPPED:
        notice(i18n.text("ask.stopped"))
    error = answer.get("error")
    if error:
        notice(error["message"], error.get("hint") or "", tone="bad")
    outdated_notice(answer, on_again=lambda: _ask_again(answer), on_show=_show)
    compared(answer)
    citations = answer.get("citations") or []
    opened: Place | None = st.session_state.get(_OPEN)
    if answer.get("answerable", True) and answer["text"]:
        provenance = _provenance(answer)
        answer_text(
            answer, key=f"answer:{answer['id']}", hints=written_hints(provenance) if provenance else (),
            on_open=lambda n: _open_place(next(c for c in citations if c["n"] == n)),
        )  # fmt: skip
        more_button(answer, _open_place)
        confidence_line(answer)
        citation_cards(citations, opened, _open_place)
        also_cards(answer, opened, _open_place)
        if provenance and provenance["runs"]:
            with st.expander(i18n.text("ask.provenance")):
                provenance_list(provenance, key="provenance_cards", on_open=_open_place)
    elif status == "done":  # of one that was stopped or failed, nothing can be said yet
        reason = answer.get("reason")
        if reason in _REASONS:
            notice(i18n.text(f"ask.reason.{reason}"), answer["text"])
        else:
            notice(i18n.text("ask.no_direct"), answer["text"])
        nearest_cards(answer, opened, _open_place)
    if answer.get("erased_sources"):
        notice(i18n.text("ask.erased", count=answer["erased_sources"]))
    if status == "done":
        answer_actions(answer, lambda: _ask_more(answer))
    feedback_form(answer)
    certificate_button(answer)
    if answer.get("timings_ms"):
        with st.expander(i18n.text("ask.timings")):
            timings(answer["timings_ms"])
            _usage(answer)


def _ask_again(answer: Answer) -> None:
    _leave()
    client = state.client()
    st.query_params.pop(_ANSWER, None)
    state.set_live_answer(
        LiveAnswer(answer["question"], lambda: client.ask_again(answer["id"]), client.resume)
    )


def _ask_more(answer: Answer) -> None:
    """Ask the question of an answer again, reading more passages."""
    _leave()
    client = state.client()
    st.query_params.pop(_ANSWER, None)
    asked = [str(one) for one in answer.get("collections") or []]
    turns = history_of(state.conversation()[:-1])
    state.set_live_answer(
        LiveAnswer(
            answer["question"],
            lambda: client.ask(asked, answer["question"], turns, k=MORE_PASSAGES),
            client.resume,
        )
    )


def _provenance(answer: Answer) -> Provenance | None:
    """Where the answer's parts come from; the answer is shown without it where it can't be read."""
    try:
        return state.client().provenance(answer["id"])
    except FathomError as error:
        show_error(error)
        return None


def _open_place(passage: Passage) -> None:
    st.session_state[_OPEN] = Place(
        document=passage["document"], start=passage["start"], end=passage["end"], page=passage.get("page")
    )


def _usage(answer: Answer) -> None:
    usage = answer.get("usage") or {}
    if usage:
        line = i18n.text(
            "ask.tokens", before=usage.get("context_tokens", "–"), after=usage.get("compressed_tokens", "–"),
            written=usage.get("generated_tokens", "–"),
        )  # fmt: skip
        st.html(f"<span class='fx-sub'>{escape(line)} · {escape(answer.get('model') or '')}</span>")


def _history() -> None:
    current = st.query_params.get(_ANSWER)
    entries = [entry for entry in state.history() if entry["id"] != current]
    if not entries:
        return

    with st.expander(i18n.text("ask.history"), icon=":material/history:"):
        items: list[Card] = [{"id": e["id"], "name": e["question"][:300], "main": "show"} for e in entries]
        cards(
            items,
            label=i18n.text("ask.history"),
            key="history_cards",
            on_act=lambda _what, answer_id: _show(answer_id),
        )


def _show(answer_id: str) -> None:
    """Show an answer of this session in the place of the present one."""
    _leave()
    st.query_params[_ANSWER] = answer_id


def _new_conversation() -> None:
    _leave()
    state.set_conversation([])
    st.query_params.pop(_ANSWER, None)


def _leave() -> None:
    _stop()
    state.set_live_answer(None)
    st.session_state.pop(_OPEN, None)
