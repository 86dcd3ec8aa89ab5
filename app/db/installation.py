"""Which database this is, as one row; the home folder that belongs to it keeps the same id."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.models import Blob, Installation

ONLY_ROW = 1


def read(session: Session) -> str | None:
    """Id of the database; None where it was never given one."""
    return session.scalar(select(Installation.database_id).where(Installation.key == ONLY_ROW))


def give(session: Session, database_id: str) -> str:
    """Give the database an id unless it has one; gives the id that it has now, perhaps from another process."""
    known = read(session)
    if known is not None:
        return known
    try:
        with session.begin_nested():
            session.add(Installation(key=ONLY_ROW, database_id=database_id))
            session.flush()
    except IntegrityError:
        return read(session) or database_id
    return database_id


def knows_files(session: Session) -> bool:
    """Whether the database has a row for any stored file."""
    return session.scalar(select(Blob.sha256).limit(1)) is not None
