"""Stored replies by idempotency key (`Idempotency-Key`); each step is its own transaction."""

from app.db import erasing, idempotency
from app.db.engine import Database
from app.db.erasing import ERASED_STATUS
from app.db.idempotency import StoredReply
from app.db.types import utc_now

__all__ = ["ERASED_STATUS", "StoredReply", "claim", "complete", "is_readable", "release"]


def claim(db: Database, key: str, fingerprint: str) -> StoredReply | None:
    """Take a key for a call.

    Args:
        db: The database.
        key: The caller's key.
        fingerprint: Hash over the call.

    Returns:
        None where the key is this call's now, else what an earlier call left.
    """
    with db.write() as session:
        return idempotency.claim(session, key, fingerprint, utc_now())


def is_readable(db: Database, key: str) -> bool:
    """Whether whoever the database is seen by may still read all documents and answers that a kept reply names."""
    with db.read() as session:
        return not erasing.gone(session, erasing.sources_of(session, key))


def complete(
    db: Database, key: str, status_code: int, headers: dict[str, str], body: bytes, *, quotes: bool
) -> None:
    """Keep the reply of the call that claimed the key.

    Args:
        db: The database.
        key: The caller's key.
        status_code: Status of the reply.
        headers: Headers of the reply that are kept.
        body: Body of the reply.
        quotes: Whether the reply holds passages of documents.
    """
    with db.write() as session:
        idempotency.complete(session, key, status_code, headers, body, quotes=quotes)


def release(db: Database, key: str) -> None:
    """Give a key back: its call failed, and may be tried again with it."""
    with db.write() as session:
        idempotency.release(session, key)
