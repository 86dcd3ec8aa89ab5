"""Use cases of answers that were given: read, rate, replay, delete."""

import logging
from collections.abc import Collection as AnyCollection
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.composition.runtime import Runtime
from app.db import answers as rows
from app.db import erasing as erasing_rows
from app.db.answers import Answer
from app.db.sources import read_sources
from app.errors import AnswerNotFoundError, InvalidInputError, describe
from app.services import erasing
from app.services import provenance as provenances
from app.services.answering import Pending

logger = logging.getLogger(__name__)

DELETED_AT_ONCE = 200
INTERRUPTED = {
    "code": "answer_interrupted",
    "message": "The program ended while this answer was being written.",
    "hint": "Ask again.",
}


def get(runtime: Runtime, answer_id: str, *, in_work: bool) -> dict[str, Any]:
    """An answer as every face of the program gives it.

    Args:
        runtime: The runtime.
        answer_id: Its id.
        in_work: Whether this process is making it now; one that is neither kept nor in work was interrupted.

    Raises:
        AnswerNotFoundError: There is no such answer.
    """
    with runtime.db.read() as session:
        row = rows.get(session, answer_id)
    if row is None:
        raise AnswerNotFoundError(answer_id)
    feedback = None if row.rating is None else {"rating": row.rating, "comment": row.comment}
    return _answer(row, in_work) | {"feedback": feedback}


def provenance(runtime: Runtime, answer_id: str, *, in_work: bool) -> dict[str, Any]:
    """Where each token of an answer comes from, as every face of the program gives it.

    Args:
        runtime: The runtime.
        answer_id: Its id.
        in_work: Whether this process is making it now.

    Raises:
        AnswerNotFoundError: There is no such answer.
    """
    with runtime.db.read() as session:
        row = rows.get(session, answer_id, with_provenance=True)
        if row is None:
            raise AnswerNotFoundError(answer_id)
        answer = _answer(row, in_work)
        places = provenances.places_of(answer, row.provenance)
        sources = dict(zip(places, read_sources(session, places), strict=True))
    documents = {source.document.id: asdict(source.document) for source in sources.values() if source}
    told = provenances.told(answer, row.provenance, sources)
    return told | {"documents": list(documents.values())}


def events(runtime: Runtime, answer_id: str) -> list[dict[str, Any]]:
    """The stream of a finished answer; for one that has none, what its clients need to end.

    Raises:
        AnswerNotFoundError: There is no such answer.
    """
    with runtime.db.read() as session:
        row = rows.get(session, answer_id, with_events=True)
        if row is None:
            raise AnswerNotFoundError(answer_id)
        if row.events:
            return list(row.events)
    return [{"id": 1, "event": "done", "data": {"answer": get(runtime, answer_id, in_work=False)}}]


def keep(
    runtime: Runtime,
    answer_id: str,
    answer: Mapping[str, Any],
    *,
    read: AnyCollection[tuple[int, str]],
    provenance: Mapping[str, Any] | None = None,
    stream: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Store a finished answer with its provenance, and its stream for clients that resume late.

    Args:
        runtime: The runtime.
        answer_id: Its id.
        answer: The answer.
        read: Chunks that it was made from, with their documents.
        provenance: Where its tokens come from.
        stream: All events but `done`, with their numbers, some of which may be left out.

    Returns:
        The answer as it is stored: without the text of documents that were deleted or replaced while it was made.
        One that was deleted meanwhile is not stored.
    """
    with runtime.db.write() as session:
        told, documents = erasing.without_gone(session, answer, read)
        if not rows.hold(session, answer_id):
            return told
        whole = told["text"] == answer["text"]
        rows.finish(
            session,
            answer_id,
            status=told["status"],
            answer=told,
            model=told["model"],
            provenance=provenance if whole else None,
        )
        erasing_rows.link_answer(session, answer_id, documents)
        if stream:
            done = {"id": stream[-1]["id"] + 1, "event": "done", "data": {"answer": told}}
            rows.keep_events(session, answer_id, [*stream, done] if told == answer else [done])
    return told


def delete(runtime: Runtime, answer_id: str) -> None:
    """Delete an answer with its question.

    Raises:
        AnswerNotFoundError: There is no such answer.
    """
    if not _delete(runtime, [answer_id]):
        raise AnswerNotFoundError(answer_id)


def delete_some(runtime: Runtime, *, conversation: str | None = None, before: datetime | None = None) -> int:
    """Delete the answers of a conversation, or those asked before a moment, or both; gives their number.

    Raises:
        InvalidInputError: Neither is given.
    """
    if conversation is None and before is None:
        raise InvalidInputError(
            "nothing_chosen",
            "It is not said which answers to delete.",
            "Name a conversation, or a time before which all are deleted.",
        )
    deleted = 0
    while True:
        with runtime.db.read() as session:
            ids = rows.chosen(session, conversation, before, DELETED_AT_ONCE)
        if not ids:
            return deleted
        deleted += _delete(runtime, ids)


def _delete(runtime: Runtime, answer_ids: Sequence[str]) -> int:
    with runtime.db.write() as session:
        count = rows.remove(session, answer_ids)
        if count:
            erasing_rows.erase_replies(session, answer_ids)
            erasing.note(session)
    if count:
        erasing.try_to_finish(runtime)
    return count


def keep_failure(runtime: Runtime, pending: Pending, error: BaseException) -> None:
    """Store that a question could not be answered, and why; where even that can't be stored, the log has it."""
    failure = describe(error)
    told = failure.info
    if not isinstance(error, Exception):  # Ctrl-C, or the end of the process
        told = INTERRUPTED
    elif failure.code == "internal_error":
        told = told | {"message": f"Something went wrong ({type(error).__name__})."}
    try:
        with runtime.db.write() as session:
            rows.finish(session, pending.id, status="failed", answer=None, error=told)
    except SQLAlchemyError:
        logger.exception(
            "the failure of an answer can't be kept", extra={"answer": pending.id, "code": told["code"]}
        )


def rate(runtime: Runtime, answer_id: str, rating: int, comment: str | None) -> None:
    """Keep what somebody thinks of an answer; a later opinion replaces the earlier one.

    Raises:
        AnswerNotFoundError: There is no such answer.
    """
    with runtime.db.write() as session:
        if not rows.rate(session, answer_id, rating, comment):
            raise AnswerNotFoundError(answer_id)


def _answer(row: Answer, in_work: bool) -> dict[str, Any]:
    return dict(row.answer) if row.answer else _without_text(row, in_work)


def _without_text(row: Answer, in_work: bool) -> dict[str, Any]:
    """An answer that is still being made, or that never came to an end."""
    running = row.status == "running"
    return {
        "id": row.id,
        "question": row.question,
        "standalone_question": row.request.get("standalone_question"),
        "collections": row.collection_ids,
        "created_at": row.created_at.isoformat(),
        "text": "",
        "answerable": False,
        "reason": None,
        "confidence": 0.0,
        "shape": None,
        "phrase": "",
        "emphasis": [],
        "parts": [],
        "more": False,
        "spans": [],
        "citations": [],
        "unsupported": [],
        "nearest": [],
        "also": [],
        "erased": [],
        "erased_sources": 0,
        "usage": {"context_tokens": 0, "compressed_tokens": 0, "generated_tokens": 0},
        "timings_ms": {},
        "model": row.model,
        "status": "running" if running and in_work else "failed",
        "error": row.error or (INTERRUPTED if running and not in_work else None),
    }
