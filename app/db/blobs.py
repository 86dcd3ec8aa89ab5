"""Queries over stored files: which of them the database knows."""

from collections.abc import Collection as AnyCollection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Blob
from app.db.types import utc_now


def put(session: Session, sha256: str, size_bytes: int) -> None:
    """Make sure the blob's row exists, and hold it until commit so that nobody collects it meanwhile."""
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as pg_insert

        row = {"sha256": sha256, "size_bytes": size_bytes, "created_at": utc_now()}
        statement = pg_insert(Blob).values(row)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[Blob.sha256], set_={"size_bytes": statement.excluded.size_bytes}
            )
        )
    elif session.get(Blob, sha256) is None:
        session.add(Blob(sha256=sha256, size_bytes=size_bytes))
        session.flush()


def known(session: Session, wanted: AnyCollection[str]) -> set[str]:
    """The hashes among these that have a row."""
    found: set[str] = set()
    ordered = sorted(wanted)
    for begin in range(0, len(ordered), 1000):
        found |= set(
            session.scalars(select(Blob.sha256).where(Blob.sha256.in_(ordered[begin : begin + 1000])))
        )
    return found


def hashes(session: Session) -> list[str]:
    """Hashes of all blobs that have a row."""
    return list(session.scalars(select(Blob.sha256)))
