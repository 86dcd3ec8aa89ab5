"""Queries over collections and their sequence of index changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.orm import Session

from app.db.access import owner_of
from app.db.models import Blob, Chunk, Collection, Document, DocumentVersion, IndexChange
from app.db.paging import Slice, after, encode_cursor
from app.db.types import new_id, utc_now
from app.db.views import CollectionRecord, IndexChangeView
from app.errors import CollectionNotFoundError

KEPT_CHANGES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionStats:
    """Counts of a collection."""

    documents: int = 0
    chunks: int = 0
    failed: int = 0


def find(session: Session, key: str) -> CollectionRecord | None:
    """The collection with this id or name."""
    column = Collection.id if key.startswith("col_") else Collection.name
    row = session.scalar(select(Collection).where(column == key).execution_options(populate_existing=True))
    return None if row is None else _record(row)


def require(session: Session, key: str) -> CollectionRecord:
    """The collection with this id or name.

    Raises:
        CollectionNotFoundError: There is none, or the reader may not know of it.
    """
    found = find(session, key)
    if found is None:
        raise CollectionNotFoundError(key)
    return found


def lock(session: Session, collection_id: str) -> CollectionRecord | None:
    """The collection, its row held until commit so that changes to it happen one after another."""
    row = session.scalar(
        select(Collection)
        .where(Collection.id == collection_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return None if row is None else _record(row)


def add(
    session: Session, name: str, description: str, language: str | None, settings: Mapping[str, Any]
) -> CollectionRecord:
    """Add an empty collection, which belongs to whoever the session is bound to.

    Raises:
        IntegrityError: There is one of that name.
    """
    row = Collection(
        id=new_id("col"),
        name=name,
        description=description,
        language=language,
        settings=dict(settings),
        owner_id=owner_of(session),
    )
    session.add(row)
    session.flush()
    return _record(row)


def change(session: Session, collection_id: str, **columns: Any) -> None:
    """Write columns of a collection's own row.

    Raises:
        IntegrityError: There is another one of the new name.
    """
    session.execute(
        update(Collection).where(Collection.id == collection_id).values(columns | {"updated_at": utc_now()})
    )


def page(
    session: Session, cursor: str | None, limit: int, *, newest_first: bool = False
) -> Slice[CollectionRecord]:
    """Some collections, oldest or newest first."""
    statement = after(
        select(Collection), cursor, limit, Collection.created_at, Collection.id, newest_first=newest_first
    )
    rows = session.scalars(statement).all()
    more = len(rows) > limit
    last = rows[limit - 1] if more else None
    found = [_record(row) for row in rows[:limit]]
    return Slice(found, encode_cursor(last.created_at, last.id) if last else None)


def stats(session: Session, ids: Sequence[str]) -> dict[str, CollectionStats]:
    """Counts by collection id."""
    documents = _counted(
        session.execute(
            select(Document.collection_id, func.count())
            .where(Document.collection_id.in_(ids))
            .group_by(Document.collection_id)
        ).all()
    )
    chunks = _counted(
        session.execute(
            select(Chunk.collection_id, func.count())
            .join(Document, Document.id == Chunk.document_id)
            .where(Chunk.collection_id.in_(ids), Chunk.enabled, Document.enabled)
            .group_by(Chunk.collection_id)
        ).all()
    )
    failed = _counted(
        session.execute(
            select(Document.collection_id, func.count())
            .join(
                DocumentVersion,
                (DocumentVersion.document_id == Document.id) & (DocumentVersion.number == Document.version),
            )
            .where(Document.collection_id.in_(ids), DocumentVersion.status == "failed")
            .group_by(Document.collection_id)
        ).all()
    )
    return {
        key: CollectionStats(
            documents=documents.get(key, 0), chunks=chunks.get(key, 0), failed=failed.get(key, 0)
        )
        for key in ids
    }


def documents_by_state(session: Session, ids: Sequence[str]) -> dict[str, dict[str, tuple[int, int]]]:
    """By collection id and state of the newest version: number of documents, and bytes of their files."""
    rows = session.execute(
        select(Document.collection_id, DocumentVersion.status, func.count(), func.sum(Blob.size_bytes))
        .join(
            DocumentVersion,
            (DocumentVersion.document_id == Document.id) & (DocumentVersion.number == Document.version),
        )
        .join(Blob, Blob.sha256 == DocumentVersion.sha256)
        .where(Document.collection_id.in_(ids))
        .group_by(Document.collection_id, DocumentVersion.status)
    ).all()
    found: dict[str, dict[str, tuple[int, int]]] = {key: {} for key in ids}
    for key, status, count, size in rows:
        found[key][status] = count, int(size)
    return found


def remove(session: Session, collection_id: str) -> None:
    """Delete the collection with everything in it."""
    session.execute(delete(Chunk).where(Chunk.collection_id == collection_id))
    session.execute(delete(Collection).where(Collection.id == collection_id))


def record_index_change(
    session: Session,
    collection_id: str,
    *,
    added: Sequence[int] = (),
    removed: Sequence[int] = (),
    embedded: Sequence[int] = (),
) -> int:
    """Note that chunks enter or leave the indexes or got vectors of another encoder, in the transaction that does it.

    Returns:
        The number of the change; searches of every process catch up with it before they answer.
    """
    seq = session.execute(
        update(Collection)
        .where(Collection.id == collection_id)
        .values(index_seq=Collection.index_seq + 1, updated_at=utc_now())
        .returning(Collection.index_seq)
    ).scalar_one()
    session.add(
        IndexChange(
            collection_id=collection_id,
            seq=seq,
            added=list(added),
            removed=list(removed),
            embedded=list(embedded),
        )
    )
    session.execute(
        delete(IndexChange).where(
            IndexChange.collection_id == collection_id, IndexChange.seq <= seq - KEPT_CHANGES
        )
    )
    return seq


def index_seq(session: Session, collection_id: str) -> int | None:
    """Number of the last index change, None where the collection is gone."""
    return session.scalar(select(Collection.index_seq).where(Collection.id == collection_id))


def index_changes(
    session: Session, collection_id: str, since: int, until: int
) -> list[IndexChangeView] | None:
    """Changes with `since < seq <= until` in order, or None if some of them have expired."""
    rows = session.scalars(
        select(IndexChange)
        .where(IndexChange.collection_id == collection_id, IndexChange.seq > since, IndexChange.seq <= until)
        .order_by(IndexChange.seq)
    ).all()
    if len(rows) != until - since:
        return None
    return [IndexChangeView(added=row.added, removed=row.removed, embedded=row.embedded) for row in rows]


def _record(row: Collection) -> CollectionRecord:
    return CollectionRecord(
        id=row.id,
        name=row.name,
        description=row.description,
        language=row.language,
        settings=row.settings,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _counted(rows: Iterable[Row[str, int]]) -> dict[str, int]:
    return {row[0]: row[1] for row in rows}
