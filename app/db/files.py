"""Queries over uploaded files that stand by themselves, and over batches of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db.access import owner_of
from app.db.file_models import FileBatch, UploadedFile
from app.db.paging import Slice, after, encode_cursor
from app.db.types import new_id, utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """An uploaded file.

    Attributes:
        purpose: As its sender named it.
        media_type: As declared, or None.
        sha256: Names its bytes in the store.
    """

    id: str
    name: str
    purpose: str
    media_type: str | None
    sha256: str
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """Documents that were made in one request; some may be gone."""

    id: str
    collection_id: str
    document_ids: Sequence[str]
    created_at: datetime


def add(
    session: Session, name: str, purpose: str, media_type: str | None, sha256: str, size_bytes: int
) -> FileView:
    """Record a file whose bytes have a row; it belongs to whoever the session is bound to."""
    row = UploadedFile(
        id=new_id("file").replace("_", "-"),
        owner_id=owner_of(session),
        name=name,
        purpose=purpose,
        media_type=media_type,
        sha256=sha256,
        size_bytes=size_bytes,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return _view(row)


def find(session: Session, file_id: str) -> FileView | None:
    """The file of this id."""
    row = session.scalar(select(UploadedFile).where(UploadedFile.id == file_id))
    return None if row is None else _view(row)


def page(
    session: Session, purpose: str | None, cursor: str | None, limit: int, *, newest_first: bool
) -> Slice[FileView]:
    """Some files, of one purpose where one is given."""
    statement = select(UploadedFile)
    if purpose is not None:
        statement = statement.where(UploadedFile.purpose == purpose)
    rows = session.scalars(
        after(statement, cursor, limit, UploadedFile.created_at, UploadedFile.id, newest_first=newest_first)
    ).all()
    found = [_view(row) for row in rows[:limit]]
    last = found[-1] if len(rows) > limit else None
    return Slice(found, encode_cursor(last.created_at, last.id) if last else None)


def remove(session: Session, file_id: str) -> str | None:
    """Delete a file's row; gives the hash of its bytes, None where there is no such file."""
    return session.scalar(
        delete(UploadedFile).where(UploadedFile.id == file_id).returning(UploadedFile.sha256)
    )


def add_batch(session: Session, collection_id: str, document_ids: Sequence[str]) -> BatchView:
    """Record a batch."""
    row = FileBatch(
        id=new_id("vsfb"),
        collection_id=collection_id,
        document_ids=list(document_ids),
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return _batch(row)


def find_batch(session: Session, collection_id: str, batch_id: str) -> BatchView | None:
    """The batch of this id in a collection."""
    row = session.scalar(
        select(FileBatch).where(FileBatch.id == batch_id, FileBatch.collection_id == collection_id)
    )
    return None if row is None else _batch(row)


def _view(row: UploadedFile) -> FileView:
    return FileView(
        id=row.id,
        name=row.name,
        purpose=row.purpose,
        media_type=row.media_type,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        created_at=row.created_at,
    )


def _batch(row: FileBatch) -> BatchView:
    return BatchView(
        id=row.id,
        collection_id=row.collection_id,
        document_ids=row.document_ids,
        created_at=row.created_at,
    )
