"""Queries over idempotency keys: claimed by the first call, holding its reply afterwards."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import erasing
from app.db.reply_models import IdempotencyKey

__all__ = ["StoredReply"]

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=10)
"""A claim without a reply for so long belongs to a process that died; the key may be used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReply:
    """State of an idempotency key: hash of its request, and the reply if there is one."""

    fingerprint: str
    status_code: int | None
    headers: dict[str, str]
    body: bytes


def claim(session: Session, key: str, fingerprint: str, now: datetime) -> StoredReply | None:
    """Take the key for a call.

    Returns:
        None where the key is ours now, else what the earlier call left.

    Raises:
        IntegrityError: The key was given back just now; trying again takes it.
    """
    session.execute(delete(IdempotencyKey).where(_is_over(now)))
    try:
        with session.begin_nested():
            session.add(IdempotencyKey(key=key, fingerprint=fingerprint, created_at=now))
            session.flush()
    except IntegrityError:
        row = session.get(IdempotencyKey, key)
        if row is None:
            raise
        return StoredReply(
            fingerprint=row.fingerprint,
            status_code=row.status_code,
            headers=row.headers or {},
            body=row.body or b"",
        )
    return None


def complete(
    session: Session, key: str, status_code: int, headers: dict[str, str], body: bytes, *, quotes: bool
) -> None:
    """Keep the reply of the call that claimed the key, without its body where a document of it is gone already.

    Args:
        session: A writing session.
        key: The key.
        status_code: Of the reply.
        headers: Of the reply.
        body: Of the reply.
        quotes: Whether the reply holds passages of documents.
    """
    sources = erasing.sources_in(body)
    mine = update(IdempotencyKey).where(IdempotencyKey.key == key).returning(IdempotencyKey.key)
    if quotes and erasing.gone(session, sources):
        session.execute(mine.values(status_code=erasing.ERASED_STATUS, headers={}, body=None))
    elif session.scalar(mine.values(status_code=status_code, headers=headers, body=body)) is not None:
        erasing.link_reply(session, key, sources, quotes=quotes)


def expire(session: Session, now: datetime) -> int:
    """Delete expired replies, and claims of calls that died; returns their number."""
    found = session.scalars(delete(IdempotencyKey).where(_is_over(now)).returning(IdempotencyKey.key))
    return len(found.all())


def release(session: Session, key: str) -> None:
    """Give the key back: the call failed and may be tried again with it."""
    session.execute(
        delete(IdempotencyKey).where(IdempotencyKey.key == key, IdempotencyKey.status_code.is_(None))
    )


def _is_over(now: datetime) -> ColumnElement[bool]:
    return (IdempotencyKey.created_at < now - KEPT) | (
        # Far ahead: the clock was set back since.
        IdempotencyKey.status_code.is_(None)
        & ~IdempotencyKey.created_at.between(now - ABANDONED, now + ABANDONED)
    )
