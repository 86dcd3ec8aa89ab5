"""Queries over feedback on answers, and over right passages, which go with the text of their documents."""

from collections.abc import Collection as AnyCollection
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.db.access import UNRESTRICTED
from app.db.identity_tables import AnswerCollection
from app.db.models import Answer, Content, Document, DocumentVersion
from app.db.paging import Slice, after, encode_cursor
from app.db.question_models import AnswerFeedback, GoldenQuestion, RightPassage
from app.db.types import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A range of a document's canonical text, with the text."""

    document_id: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackView:
    """Feedback on an answer, with the question and the answer as it is stored.

    Attributes:
        answer: The answer object of the REST interface; None where the question failed.
        expected: The right answer in a person's words; empty where nobody gave one.
    """

    answer_id: str
    question: str
    collection_ids: Sequence[str]
    answer: dict[str, Any] | None
    rating: int
    comment: str | None
    expected: str
    passages: Sequence[Passage]
    updated_at: datetime


def give(session: Session, answer_id: str, expected: str, passages: Sequence[Passage]) -> None:
    """Replace the expected answer and the right passages of an answer."""
    session.execute(delete(AnswerFeedback).where(AnswerFeedback.answer_id == answer_id))
    session.execute(delete(RightPassage).where(RightPassage.answer_id == answer_id))
    session.add(AnswerFeedback(answer_id=answer_id, expected=expected))
    add_passages(session, passages, answer_id=answer_id)


def add_passages(
    session: Session,
    passages: Sequence[Passage],
    *,
    answer_id: str | None = None,
    question_id: str | None = None,
) -> None:
    """Add right passages to an answer or a golden question."""
    session.add_all(
        RightPassage(
            id=new_id("rpa"),
            answer_id=answer_id,
            question_id=question_id,
            document_id=one.document_id,
            start=one.start,
            end=one.end,
            quote=one.quote,
        )
        for one in passages
    )
    session.flush()


def given(session: Session, answer_id: str) -> FeedbackView | None:
    """The feedback on an answer; None where there is none that the session's reader may see."""
    row = session.get(Answer, answer_id)
    return None if row is None or row.rating is None else _views(session, [row])[0]


def answer_with_feedback(session: Session, answer_id: str) -> FeedbackView | None:
    """An answer with its feedback; its rating is 0 where nobody gave any. None where there is no such answer."""
    row = session.get(Answer, answer_id)
    return None if row is None else _views(session, [row])[0]


def page(
    session: Session, collection_id: str | None, rating: int | None, cursor: str | None, limit: int
) -> Slice[FeedbackView]:
    """A page of the feedback that the session's reader may see, newest answer first."""
    statement = select(Answer).where(
        Answer.rating.is_not(None) if rating is None else Answer.rating == rating
    )
    if collection_id is not None:
        there = select(AnswerCollection.answer_id).where(AnswerCollection.collection_id == collection_id)
        statement = statement.where(Answer.id.in_(there))
    rows = session.scalars(
        after(statement, cursor, limit, Answer.created_at, Answer.id, newest_first=True)
    ).all()
    more, shown = len(rows) > limit, rows[:limit]
    found = _views(session, shown)
    return Slice(found, encode_cursor(shown[-1].created_at, shown[-1].id) if more else None)


def _views(session: Session, rows: Sequence[Answer]) -> list[FeedbackView]:
    ids = [row.id for row in rows]
    words = select(AnswerFeedback.answer_id, AnswerFeedback.expected).where(AnswerFeedback.answer_id.in_(ids))
    expected = {row[0]: row[1] for row in session.execute(words)}
    passages: dict[str, list[Passage]] = {key: [] for key in ids}
    found = select(RightPassage).where(RightPassage.answer_id.in_(ids)).order_by(RightPassage.id)
    for row in session.scalars(found):
        passages[str(row.answer_id)].append(passage_of(row))
    return [
        FeedbackView(
            answer_id=row.id,
            question=row.question,
            collection_ids=row.collection_ids,
            answer=row.answer,
            rating=row.rating or 0,
            comment=row.comment,
            expected=expected.get(row.id, ""),
            passages=passages[row.id],
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def passage_of(row: RightPassage) -> Passage:
    """A row as the rest of the program sees it."""
    return Passage(document_id=row.document_id, start=row.start, end=row.end, quote=row.quote)


def text_and_name(session: Session, document_id: str) -> tuple[str, str, str] | None:
    """Canonical text of a document's serving version, its name and its collection; None where it can't be read."""
    row = session.execute(
        select(Content.text, Document.name, Document.collection_id)
        .join(DocumentVersion, DocumentVersion.content_id == Content.id)
        .join(Document, Document.id == DocumentVersion.document_id)
        .where(Document.id == document_id, DocumentVersion.serving)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


# ------------------------------------------------------------------ erasing
def has_passages(session: Session, document_ids: AnyCollection[str]) -> bool:
    """Whether anybody named a passage of these documents as right."""
    found = select(RightPassage.id).where(RightPassage.document_id.in_(document_ids)).limit(1)
    return session.scalar(found) is not None


def withdraw_document(session: Session, document_id: str, now: str | None) -> None:
    """Delete right passages that a document does not say any more, and move the others to their new place.

    Of a golden question that loses one, the expected texts go too: they may be the same words.

    Args:
        session: The session that deletes or replaces the document's text.
        document_id: The document.
        now: What it says from now on; None where it is gone.
    """
    lost: set[str] = set()
    rows = session.scalars(
        select(RightPassage).where(RightPassage.document_id == document_id).execution_options(**UNRESTRICTED)
    ).all()
    for row in rows:
        place = -1 if now is None else now.find(row.quote)
        if place >= 0:
            row.start, row.end = place, place + len(row.quote)
            continue
        if row.question_id is not None:
            lost.add(row.question_id)
        session.delete(row)
    session.flush()
    if lost:
        session.execute(update(GoldenQuestion).where(GoldenQuestion.id.in_(lost)).values(expected=[]))


def erase_words(session: Session, answer_ids: Sequence[str]) -> None:
    """Delete comments and expected answers of answers whose text was withdrawn: they may say the same."""
    session.execute(
        update(Answer).where(Answer.id.in_(answer_ids)).values(comment=None).execution_options(**UNRESTRICTED)
    )
    session.execute(delete(AnswerFeedback).where(AnswerFeedback.answer_id.in_(answer_ids)))
