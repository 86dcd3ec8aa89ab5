"""Stored answers: read, rate, replay, delete."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.answers.json_form import answer_from_json, as_json, failure_from_json, trace_from_json
from app.answers.provenance import places_of, provenance_of
from app.answers.types import Answer, AnswerFailure, Feedback, Outdated, Provenance
from app.audit.changes import record_changes
from app.db import answer_ranges, collections, frozen
from app.db import answers as rows
from app.db import audit as audit_rows
from app.db import erasing as erasing_rows
from app.db import renewals as renewal_rows
from app.db.engine import Database
from app.db.paging import Slice
from app.db.sources import DocumentName, Source, read_sources
from app.errors import AnswerNotFoundError, InvalidInputError
from app.library import erasing
from app.library.blanking import Gone, blanked
from app.library.parts import ErasureParts
from app.safety.types import Finder
from app.search.masking import hidden, hidden_document
from app.search.parts import SearchParts
from retrieval.types import Passage

Wanted = rows.Wanted
DELETED_AT_ONCE = 200
INTERRUPTED = AnswerFailure(
    code="answer_interrupted",
    message="The program ended while this answer was being written.",
    hint="Ask again.",
)


def get(db: Database, answer_id: str, *, in_work: bool) -> Answer:
    """A stored answer with its feedback.

    Args:
        db: The database.
        answer_id: Its id.
        in_work: Whether this process generates it now; one that is neither stored nor in work was interrupted.

    Raises:
        AnswerNotFoundError: There is no such answer.
    """
    with db.read() as session:
        row = rows.get(session, answer_id)
        if row is None:
            raise AnswerNotFoundError(answer_id)
        return _told(session, [row], lambda _: in_work)[0]


def page(
    db: Database, wanted: rows.Wanted, cursor: str | None, limit: int, in_work: Callable[[str], bool]
) -> Slice[Answer]:
    """A page of the stored answers that the reader of a database may see, newest first.

    Args:
        db: The database.
        wanted: Which answers.
        cursor: `next_cursor` of the page before.
        limit: Most answers.
        in_work: Whether this process generates an answer now, by its id.

    Raises:
        InvalidInputError: The cursor can't be read.
    """
    with db.read() as session:
        found = rows.page(session, wanted, cursor, limit)
        return Slice(_told(session, found.items, in_work), found.next_cursor)


def counts(db: Database, collection: str) -> tuple[int, int]:
    """Numbers of answers and of outdated answers from a collection, as far as the reader sees them.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    with db.read() as session:
        found = collections.require(session, collection)
        return rows.counts(session, found.id)


def _told(session: Session, found: Sequence[rows.Answer], in_work: Callable[[str], bool]) -> list[Answer]:
    """Answers with their feedback, marks and renewals."""
    ids = [row.id for row in found]
    renewed_by, renewals = renewal_rows.renewals_of(session, ids)
    documents = answer_ranges.changed_documents(session, [row.id for row in found if row.outdated])
    withheld = _withheld(session, ids)
    return [
        replace(
            _answer(row, in_work(row.id), withheld.get(row.id)),
            feedback=None if row.rating is None else Feedback(rating=row.rating, comment=row.comment),
            outdated=_outdated(row, documents.get(row.id, ())),
            renewed_by=renewed_by.get(row.id),
            renews=renewals[row.id].renews_id if row.id in renewals else None,
            change=renewals[row.id].change if row.id in renewals else None,
        )
        for row in found
    ]


def _outdated(row: rows.Answer, documents: Sequence[DocumentName]) -> Outdated | None:
    if row.outdated is None or row.outdated_at is None:
        return None
    return Outdated(reason=row.outdated, since=row.outdated_at, documents=tuple(documents))


def provenance(parts: SearchParts, answer_id: str, *, in_work: bool) -> Provenance:
    """Where each token of an answer comes from.

    Args:
        parts: The database, and the content filter.
        answer_id: Its id.
        in_work: Whether this process generates it now.

    Raises:
        AnswerNotFoundError: There is no such answer.
    """
    with parts.db.read() as session:
        row = rows.get(session, answer_id, with_provenance=True)
        if row is None:
            raise AnswerNotFoundError(answer_id)
        withheld = _withheld(session, [row.id]).get(row.id)
        answer = _answer(row, in_work, withheld)
        # The tokens of a text of which some is withheld are not its tokens.
        trace = None if row.provenance is None or withheld else trace_from_json(row.provenance)
        places = places_of(answer, trace)
        sources = dict(zip(places, read_sources(session, places), strict=True))
    if finders := parts.finders().outgoing:
        texts = parts.passages.passages([chunk for chunk, _, _ in places])
        sources = {
            place: source and _hidden(source, texts.get(source.chunk), finders)
            for place, source in sources.items()
        }
    return provenance_of(answer, trace, sources)


def _hidden(source: Source, passage: Passage | None, finders: Sequence[Finder]) -> Source:
    """The source with its masks; a word that reaches beyond its quote is found in the passage around it."""
    quote = hidden(source.quote, finders)
    if passage is not None and passage.start <= source.start <= source.end <= passage.start + len(
        passage.text
    ):
        begin = source.start - passage.start
        quote = hidden(passage.text, finders)[begin : begin + len(quote)]
    return replace(source, document=hidden_document(source.document, finders), quote=quote)


def events(db: Database, answer_id: str) -> list[dict[str, Any]]:
    """The stored stream of a finished answer, `{id, event, data}`; for one without, its end.

    Raises:
        AnswerNotFoundError: There is no such answer.
    """
    with db.read() as session:
        row = rows.get(session, answer_id, with_events=True)
        if row is None:
            raise AnswerNotFoundError(answer_id)
        if row.events and not _withheld(session, [row.id]):
            return list(row.events)
    answer = get(db, answer_id, in_work=False)
    return [{"id": 1, "event": "done", "data": {"answer": as_json(answer)}}]


def delete(parts: ErasureParts, answer_id: str) -> None:
    """Delete an answer with its question.

    Raises:
        AnswerNotFoundError: There is no such answer.
    """
    if not _delete(parts, [answer_id]):
        raise AnswerNotFoundError(answer_id)


def delete_some(
    parts: ErasureParts, *, conversation: str | None = None, before: datetime | None = None
) -> int:
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
        with parts.db.read() as session:
            ids = rows.chosen(session, conversation, before, DELETED_AT_ONCE)
        if not ids:
            return deleted
        deleted += _delete(parts, ids)


def _delete(parts: ErasureParts, answer_ids: Sequence[str]) -> int:
    with parts.db.write() as session:
        count = rows.remove(session, answer_ids)
        audit_rows.erase_texts(session, answer_ids)
        if count:
            erasing_rows.erase_replies(session, answer_ids)
            erasing.schedule(session)
            record_changes(session, "answer.deleted", {one: {} for one in answer_ids})
    if count:
        erasing.try_to_finish(parts)
    return count


def _withheld(session: Session, answer_ids: Sequence[str]) -> dict[str, dict[str, Gone]]:
    """Documents in the bin whose words an answer may hold, by answer; these are shown again after a restoration."""
    found = frozen.texts_of_answers(session, answer_ids)
    return {
        answer: {key: Gone(text=text) for key, text in documents.items()}
        for answer, documents in found.items()
    }


def _answer(row: rows.Answer, in_work: bool, withheld: Mapping[str, Gone] | None) -> Answer:
    if not row.answer:
        return _without_text(row, in_work)
    return answer_from_json(blanked(row.answer, withheld) if withheld else row.answer)


def _without_text(row: rows.Answer, in_work: bool) -> Answer:
    """An answer that is still generated, or that never came to an end."""
    running = row.status == "running"
    interrupted = INTERRUPTED if running and not in_work else None
    return Answer(
        id=row.id,
        question=row.question,
        standalone_question=row.request.get("standalone_question"),
        collections=tuple(row.collection_ids),
        created_at=row.created_at.isoformat(),
        text="",
        model=row.model,
        status="running" if running and in_work else "failed",
        error=failure_from_json(row.error) if row.error else interrupted,
    )
