"""Golden questions of a collection: kept by hand, from stored answers, and from feedback on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.answers.feedback import Place, passage_at
from app.db import collections
from app.db import feedback as feedback_rows
from app.db import golden as rows
from app.db.engine import Database
from app.db.feedback import Passage
from app.db.golden import GoldenView
from app.errors import AnswerNotFoundError, InvalidInputError, NotFoundError
from app.search.parts import SearchParts
from app.search.searching import checked_text

__all__ = ["GoldenView", "Place"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A question to keep.

    Attributes:
        expected: Texts any of which the answer has to hold; empty for any.
        places: Ranges of documents that hold the answer.
        answerable: False where the right answer is a refusal.
    """

    question: str
    expected: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    answerable: bool = True


def add(parts: SearchParts, collection: str, wish: Wish, source: str = "hand") -> str:
    """Keep a question; gives its id.

    Raises:
        CollectionNotFoundError: There is no such collection.
        DocumentNotFoundError: A passage is of no such document.
        InvalidInputError: The question is empty or too long, or a passage is no range of a document of it.
    """
    question = checked_text(wish.question, parts.settings.limits.max_question_chars, "question")
    with parts.db.write() as session:
        collection_id = found_id(session, collection)
        passages = [passage_at(session, place, [collection_id]) for place in wish.places]
        return _add(parts, session, collection_id, question, wish, source, passages)


def add_answer(parts: SearchParts, collection: str, answer_id: str) -> str:
    """Keep the question of a stored answer, with the right answer of its feedback, or else with its citations.

    Raises:
        AnswerNotFoundError: There is no such answer.
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: It was asked of other collections, or was rated as wrong, and nobody said what is right.
    """
    with parts.db.write() as session:
        collection_id = found_id(session, collection)
        view = feedback_rows.answer_with_feedback(session, answer_id)
        if view is None:
            raise AnswerNotFoundError(answer_id)
        answer = view.answer or {}
        good = view.rating >= 0
        passages = list(view.passages)
        if not passages and good:
            passages = _cited(answer)
        expected = (view.expected,) if view.expected else ()
        answerable = bool(passages or expected) or bool(answer.get("answerable"))
        if list(view.collection_ids) != [collection_id] or not (good or passages or expected) or not answer:
            raise InvalidInputError(
                "answer_not_golden",
                "This answer was asked of other collections, or is wrong, and nobody said what is right.",
                "Give the right answer or its passage as feedback, or add the question by hand.",
            )
        source = "feedback" if view.rating else "answer"
        wish = Wish(question=view.question, expected=expected, answerable=answerable)
        return _add(parts, session, collection_id, view.question, wish, source, passages)


def remove(db: Database, collection: str, question_id: str) -> None:
    """Delete a question.

    Raises:
        CollectionNotFoundError: There is no such collection.
        NotFoundError: It has no such question.
    """
    with db.write() as session:
        if not rows.remove(session, found_id(session, collection), question_id):
            raise NotFoundError(
                "golden_question_not_found",
                f"There is no golden question {question_id!r} here.",
                "List them (`fathom golden list`).",
            )


def questions(db: Database, collection: str) -> list[GoldenView]:
    """All questions of a collection, oldest first.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    with db.read() as session:
        return rows.questions(session, found_id(session, collection))


def found_id(session: Session, collection: str) -> str:
    """Id of a collection by its id or name.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    found = collections.require(session, collection)
    return found.id


def _add(
    parts: SearchParts,
    session: Session,
    collection_id: str,
    question: str,
    wish: Wish,
    source: str,
    passages: Sequence[Passage],
) -> str:
    if not rows.has_release(session, collection_id):  # the encoder of today is the one to compare others with
        rows.release(session, collection_id, parts.embedder.model_id, None)
    expected = [text.strip() for text in wish.expected if text.strip()]
    return rows.add(
        session,
        collection_id,
        question,
        expected=expected,
        answerable=wish.answerable,
        source=source,
        passages=passages,
    )


def _cited(answer: Mapping[str, Any]) -> list[Passage]:
    return [
        Passage(
            document_id=one["document"]["id"],
            start=int(one["start"]),
            end=int(one["end"]),
            quote=str(one["quote"]),
        )
        for one in answer.get("citations", ())
    ]
