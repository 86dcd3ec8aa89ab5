"""Feedback on answers: given with the right passage and the expected answer, listed, written as a question set."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.db import answers as answer_rows
from app.db import collections
from app.db import feedback as rows
from app.db.engine import Database
from app.db.feedback import FeedbackView, Passage
from app.db.paging import Slice
from app.errors import AnswerNotFoundError, CollectionNotFoundError, DocumentNotFoundError, InvalidInputError

MAX_PASSAGE: Final = 4_000
"""Longest right passage, in characters."""
AT_ONCE: Final = 100

__all__ = ["FeedbackView", "Passage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A range of a document's canonical text."""

    document_id: str
    start: int
    end: int


def give(
    db: Database,
    answer_id: str,
    rating: int,
    comment: str | None,
    expected: str = "",
    places: Sequence[Place] = (),
) -> FeedbackView:
    """Store feedback on an answer; a later one replaces it.

    Args:
        db: The database.
        answer_id: The answer.
        rating: 1 or -1.
        comment: A person's words.
        expected: The right answer in a person's words.
        places: Ranges of documents that hold it, in collections that the answer was asked of.

    Raises:
        AnswerNotFoundError: There is no such answer.
        DocumentNotFoundError: A passage is of no such document.
        InvalidInputError: A passage is of another collection, or no range of the document's text.
    """
    with db.write() as session:
        row = answer_rows.get(session, answer_id)
        if row is None or not answer_rows.rate(session, answer_id, rating, comment):
            raise AnswerNotFoundError(answer_id)
        passages = [passage_at(session, place, row.collection_ids) for place in places]
        rows.give(session, answer_id, expected.strip(), passages)
        session.expire_all()
        view = rows.given(session, answer_id)
    assert view is not None
    return view


def passage_at(session: Session, place: Place, collection_ids: Sequence[str]) -> Passage:
    """The passage at a place in a document of some collections.

    Raises:
        DocumentNotFoundError: There is no such document.
        InvalidInputError: It is in another collection, or the range is none of its text, or too long.
    """
    found = rows.text_and_name(session, place.document_id)
    if found is None:
        raise DocumentNotFoundError(place.document_id)
    text, _, collection_id = found
    if collection_id not in collection_ids:
        raise InvalidInputError(
            "passage_elsewhere",
            "A right passage is in a document of another collection.",
            "Name one in a collection that was asked.",
        )
    if not 0 <= place.start < place.end <= len(text) or place.end - place.start > MAX_PASSAGE:
        raise InvalidInputError(
            "bad_passage",
            f"[{place.start}, {place.end}) is no range of at most {MAX_PASSAGE:,} characters of the document, "
            f"which has {len(text):,}.",
            "Take the offsets from a citation or a hit of a search, or from GET /v1/documents/{id}/content.",
        )
    quote = text[place.start : place.end]
    return Passage(document_id=place.document_id, start=place.start, end=place.end, quote=quote)


def page(
    db: Database, collection: str | None, rating: int | None, cursor: str | None, limit: int
) -> Slice[FeedbackView]:
    """A page of the feedback on answers that the database's reader may see, newest answer first.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: The cursor can't be read.
    """
    with db.read() as session:
        found = None if collection is None else collections.find(session, collection)
        if collection is not None and found is None:
            raise CollectionNotFoundError(collection)
        return rows.page(session, found.id if found else None, rating, cursor, limit)


def export(db: Database, collection: str | None = None) -> Iterator[str]:
    """Feedback as lines of a question set that `fathom eval` reads, each with the documents in full.

    A question is written where its right answer is known: by right passages or an expected answer, by a good rating of
    an answer with citations, or by a good rating of a refusal. The documents are those named and those read.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    cursor: str | None = None
    while True:
        found = page(db, collection, None, cursor, AT_ONCE)
        with db.read() as session:
            for view in found.items:
                line = question_line(session, view)
                if line is not None:
                    yield json.dumps(line, ensure_ascii=False)
        cursor = found.next_cursor
        if cursor is None:
            return


def question_line(session: Session, view: FeedbackView) -> dict[str, Any] | None:
    """A question with its right answers and its documents; None where the right answer is not known."""
    answer = view.answer or {}
    cited = [(one["document"]["id"], str(one["quote"])) for one in answer.get("citations", ())]
    nearest = [str(one["document"]["id"]) for one in answer.get("nearest", ())]
    right = [(one.document_id, one.quote) for one in view.passages]
    good = view.rating == 1
    if not right and good and answer.get("answerable"):
        right = cited
    answers = [view.expected] if view.expected else []
    if not answers and good and answer.get("answerable"):
        answers = [str(answer.get("phrase") or answer["text"])]
    evidence = list(dict.fromkeys(quote for _, quote in right))
    refused = good and bool(answer) and not answer.get("answerable") and not right and not answers
    if not (right or answers or refused):
        return None
    documents = []
    for key in dict.fromkeys([*(one for one, _ in right), *(one for one, _ in cited), *nearest]):
        found = rows.text_and_name(session, key)
        if found is not None:
            documents.append({"name": found[1], "text": found[0]})
    if not documents:
        return None  # all of them are gone
    line = {"id": view.answer_id, "question": view.question, "answers": answers or evidence}
    return line | {"evidence": evidence, "documents": documents}
