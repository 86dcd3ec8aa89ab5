"""Queries over stored answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session, undefer

from app.db.access import UNRESTRICTED, owner_of
from app.db.identity_tables import AnswerCollection
from app.db.models import Answer, Collection
from app.db.paging import Slice, after, encode_cursor
from app.db.renewals import outdated
from app.db.types import utc_now

__all__ = ["Answer"]


def add(
    session: Session,
    answer_id: str,
    question: str,
    collection_ids: Sequence[str],
    request: Mapping[str, Any],
    conversation: str | None = None,
) -> Answer:
    """Insert the row of an answer that is being generated; it belongs to whoever the session is bound to."""
    row = Answer(
        id=answer_id,
        question=question,
        collection_ids=list(collection_ids),
        request=dict(request),
        conversation=conversation,
        owner_id=owner_of(session),
        model="",
    )
    session.add(row)
    session.flush()
    # A collection that was deleted meanwhile has nobody left who could read it.
    there = session.scalars(select(Collection.id).where(Collection.id.in_(set(collection_ids))))
    session.add_all(AnswerCollection(answer_id=answer_id, collection_id=key) for key in there.all())
    session.flush()
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which answers a list holds; None leaves a condition out.

    Attributes:
        outdated: True for those that are outdated and that nothing renews yet, False for all others.
        collection: Id or name of a collection that was asked.
        conversation: The caller's id of a conversation.
    """

    outdated: bool | None = None
    collection: str | None = None
    conversation: str | None = None


def page(session: Session, wanted: Wanted, cursor: str | None, limit: int) -> Slice[Answer]:
    """A page of stored answers, newest first, without their streams."""
    statement = select(Answer)
    if wanted.outdated is not None:
        marked = Answer.id.in_(outdated())
        statement = statement.where(marked if wanted.outdated else ~marked)
    if wanted.conversation is not None:
        statement = statement.where(Answer.conversation == wanted.conversation)
    if wanted.collection is not None:
        asked = (
            select(AnswerCollection.answer_id)
            .join(Collection, Collection.id == AnswerCollection.collection_id)
            .where(or_(Collection.id == wanted.collection, Collection.name == wanted.collection))
        )
        statement = statement.where(Answer.id.in_(asked))
    statement = after(statement, cursor, limit, Answer.created_at, Answer.id, newest_first=True)
    found = session.scalars(statement).all()
    last = found[limit - 1] if len(found) > limit else None
    return Slice(found[:limit], encode_cursor(last.created_at, last.id) if last else None)


def counts(session: Session, collection_id: str) -> tuple[int, int]:
    """Numbers of answers from a collection, and of the outdated ones without a renewal."""
    asked = select(AnswerCollection.answer_id).where(AnswerCollection.collection_id == collection_id)
    whole = session.scalar(select(func.count()).select_from(Answer).where(Answer.id.in_(asked)))
    marked = outdated(collection_id).with_only_columns(func.count(Answer.id))
    return whole or 0, session.scalar(marked) or 0


def hold(session: Session, answer_id: str) -> bool:
    """Lock an answer's row until commit, so that nobody deletes it; False where it is gone."""
    statement = select(Answer.id).where(Answer.id == answer_id).with_for_update()
    return session.scalar(statement.execution_options(**UNRESTRICTED)) is not None


def chosen(session: Session, conversation: str | None, before: datetime | None, limit: int) -> Sequence[str]:
    """Ids of some answers of a conversation, and asked before a moment, as far as each is given."""
    statement = select(Answer.id).order_by(Answer.id).limit(limit)
    if conversation is not None:
        statement = statement.where(Answer.conversation == conversation)
    if before is not None:
        statement = statement.where(Answer.created_at < before)
    return session.scalars(statement).all()


def remove(session: Session, answer_ids: Sequence[str]) -> int:
    """Delete answers; returns the number deleted."""
    found = session.scalars(delete(Answer).where(Answer.id.in_(answer_ids)).returning(Answer.id)).all()
    return len(found)


def get(
    session: Session, answer_id: str, *, with_events: bool = False, with_provenance: bool = False
) -> Answer | None:
    """The stored answer; its stream and its provenance only where asked for."""
    wanted = ((Answer.events, with_events), (Answer.provenance, with_provenance))
    return session.get(Answer, answer_id, options=[undefer(column) for column, asked in wanted if asked])


def finish(
    session: Session,
    answer_id: str,
    *,
    status: str,
    answer: Mapping[str, Any] | None,
    error: Mapping[str, str] | None = None,
    model: str = "",
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Store the end of an answer: the answer with its provenance, or its error; also where nobody may see it."""
    session.execute(
        update(Answer)
        .where(Answer.id == answer_id)
        .values(
            status=status,
            answer=answer,
            error=error,
            model=model,
            provenance=provenance,
            updated_at=utc_now(),
        )
        .execution_options(**UNRESTRICTED)
    )


def store_events(session: Session, answer_id: str, events: Sequence[Mapping[str, Any]]) -> None:
    """Store the finished stream for clients that resume late."""
    statement = update(Answer).where(Answer.id == answer_id).values(events=list(events))
    session.execute(statement.execution_options(**UNRESTRICTED))


def rate(session: Session, answer_id: str, rating: int, comment: str | None) -> bool:
    """Store feedback; False where there is no such answer."""
    result = session.execute(
        update(Answer)
        .where(Answer.id == answer_id)
        .values(rating=rating, comment=comment, updated_at=utc_now())
        .returning(Answer.id)
    )
    return result.scalar_one_or_none() is not None
