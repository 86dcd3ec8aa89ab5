"""One answer from its question to its row: recorded as running, generated, then stored, or its failure stored.

No other module stores an answer; REST, the command line, evaluation and benchmarks call this one. An answer is stored
before `Finished` is emitted: whoever has seen the end of a stream finds the answer.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import tracing
from app.answers import auditing
from app.answers.accept import Again, Ask, Pending, accept
from app.answers.generate import Emit, Outcome, StopReason, generate
from app.answers.json_form import answer_as_json, answer_from_json, trace_as_json
from app.answers.stored import INTERRUPTED
from app.answers.types import Answer, AnswerEvent, AnswerFailure, Finished
from app.db import answers as rows
from app.db import audit as audit_rows
from app.db import erasing as erasing_rows
from app.db import observing, renewals
from app.db.observing import Used
from app.db.types import utc_now
from app.errors import describe
from app.library import erasing, staleness
from app.observability import asking_key
from app.search.parts import SearchParts

logger = logging.getLogger(__name__)

Stream = Callable[[], Sequence[Mapping[str, Any]]]
"""The events published so far, `{id, event, data}`, with their numbers, some of which may be left out."""


def answer(parts: SearchParts, ask: Ask) -> Outcome:
    """Answer a question for a caller that waits for the whole answer.

    Raises:
        InvalidInputError: The question, or one of the history, is empty or too long.
        CollectionNotFoundError: A collection does not exist.
        QuoteMismatchError: A citation would not have equalled the stored text.
    """
    return complete(parts, begin(parts, ask))


def begin(parts: SearchParts, ask: Ask) -> Pending:
    """Accept a question and record its answer as running, so that it can be read while it is generated.

    Raises:
        InvalidInputError: The question, or one of the history, is empty or too long.
        CollectionNotFoundError: A collection does not exist.
    """
    pending = accept(parts, ask)
    with parts.db.write() as session:
        rows.add(
            session,
            pending.id,
            pending.question,
            pending.scope.ids,
            pending.request,
            pending.conversation,
        )
    return pending


def _discard(_: AnswerEvent) -> None:
    """Take an event that nobody follows."""


def complete(
    parts: SearchParts,
    pending: Pending,
    emit: Emit = _discard,
    stop_reason: StopReason = lambda: None,
    stream: Stream = lambda: (),
) -> Outcome:
    """Generate the answer to an accepted question and store it, or store why that failed.

    Args:
        parts: Models, indexes and database.
        pending: From `begin`.
        emit: Called with each event in order; the last is `Finished`, with the answer as it is stored.
        stop_reason: Asked between steps; anything but None ends the work, and the answer is "cancelled".
        stream: Gives the events to store with the answer, for clients that resume late.

    Returns:
        The outcome, with the answer as it is stored: without the text of documents that were deleted or replaced
        while it was generated. An answer that was deleted meanwhile is not stored.

    Raises:
        QuoteMismatchError: A citation would not have equalled the stored text.
    """
    with tracing.span("answer") as traced:
        traced.set(answer=pending.id, collections=pending.scope.ids, k=pending.k)
        try:
            outcome = generate(parts, pending, emit, stop_reason)
            with tracing.span("answer.store"):
                stored = _store(parts, pending, outcome, stream())
        except BaseException as error:
            _store_failure(parts, pending, error)
            raise
        traced.set(
            status=stored.status,
            answerable=stored.answerable,
            reason=stored.reason,
            citations=len(stored.citations),
            read_tokens=stored.usage.compressed_tokens,
        )
    emit(Finished(answer=stored))
    return replace(outcome, answer=stored)


def _store(
    parts: SearchParts, pending: Pending, outcome: Outcome, stream: Sequence[Mapping[str, Any]]
) -> Answer:
    """Store an answer with its trace and its stream, and record it; gives it as it is stored."""
    generated = answer_as_json(outcome.answer)
    with parts.db.write() as session:
        _count(session, pending, outcome.answer)
        stored, documents = erasing.without_gone(session, generated, outcome.read)
        unchanged = stored == generated
        result = outcome.answer if unchanged else answer_from_json(stored)
        if not rows.hold(session, result.id):  # deleted meanwhile: its record has no text
            auditing.record(session, parts.settings, pending, outcome, result)
            audit_rows.erase_texts(session, [result.id])
            return result
        trace = outcome.trace if result.text == outcome.answer.text else None
        rows.finish(
            session,
            result.id,
            status=result.status,
            answer=stored,
            model=result.model,
            provenance=trace_as_json(trace) if trace else None,
        )
        erasing_rows.link_answer(session, result.id, documents)
        staleness.note(session, result.id, outcome.stands_on)
        if pending.again is not None and result.status == "done":
            _note_renewal(session, pending.again, result)
        if stream:
            done = {"id": stream[-1]["id"] + 1, "event": "done", "data": {"answer": stored}}
            rows.store_events(session, result.id, [*stream, done] if unchanged else [done])
        auditing.record(session, parts.settings, pending, outcome, result)
    return result


def _note_renewal(session: Session, again: Again, result: Answer) -> None:
    before = renewals.text_of(session, again.answer_id)
    change = "same" if before == (result.answerable, result.text) else "changed"
    renewal = renewals.Renewal(answer_id=result.id, renews_id=again.answer_id, change=change)
    renewals.record(session, renewal, again.review_id)


def _store_failure(parts: SearchParts, pending: Pending, error: BaseException) -> None:
    """Store why a question could not be answered; where even that can't be stored, the log has it."""
    failure = _failure(error)
    try:
        with parts.db.write() as session:
            rows.finish(session, pending.id, status="failed", answer=None, error=asdict(failure))
            _count(session, pending, None)
            auditing.record_failure(session, parts.settings, pending, failure)
    except SQLAlchemyError:
        logger.exception(
            "the failure of an answer can't be stored", extra={"answer": pending.id, "code": failure.code}
        )


def _count(session: Session, pending: Pending, answer: Answer | None) -> None:
    """Count a question for whoever asked, with its answer where there is one."""
    used = Used(questions=1, characters=len(pending.asked))
    if answer is not None:
        used += Used(
            refusals=int(answer.status == "done" and not answer.answerable),
            read_tokens=answer.usage.compressed_tokens,
            written_tokens=answer.usage.generated_tokens,
            characters=len(answer.text),
        )
    observing.add_usage(session, utc_now().date(), asking_key(), pending.scope.ids, used)


def _failure(error: BaseException) -> AnswerFailure:
    if not isinstance(error, Exception):  # Ctrl-C, or the end of the process
        return INTERRUPTED
    described = describe(error)
    message = described.message
    if described.code == "internal_error":
        message = f"Something went wrong ({type(error).__name__})."
    return AnswerFailure(code=described.code, message=message, hint=described.hint)
