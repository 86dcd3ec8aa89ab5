"""Queries over stored answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, undefer

from app.db.access import UNRESTRICTED, owner_of
from app.db.identity_tables import AnswerCollection
from app.db.models import Answer, Collection
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
