"""Queries over the bin: deletions that can be undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import Session

from app.db import frozen
from app.db.erasing import batches
from app.db.frozen_models import BinAnswer, BinItem, FrozenDocument
from app.db.identity_tables import AnswerCollection, Grant, Group, User
from app.db.models import Chunk, Collection
from app.db.paging import Slice, after, encode_cursor
from app.db.types import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class BinItemView:
    """A deletion that can be undone.

    Attributes:
        kind: document or collection.
        name: Of the document or collection.
        documents: Number of documents in it, members of archives and mails included.
        document_ids: Ids of a deleted document and its members; empty for a collection.
        expires_at: From then on it is erased.
    """

    id: str
    kind: str
    collection_id: str
    name: str
    documents: int
    document_ids: Sequence[str]
    deleted_at: datetime
    expires_at: datetime


def add(
    session: Session,
    kind: str,
    collection_id: str,
    name: str,
    deleted_at: datetime,
    expires_at: datetime,
    *,
    owner_id: str | None = None,
    record: Mapping[str, Any] | None = None,
) -> str:
    """Add an item; gives its id, which holds its frozen documents."""
    row = BinItem(
        id=new_id("bin"),
        kind=kind,
        collection_id=collection_id,
        owner_id=owner_id,
        name=name,
        record=None if record is None else dict(record),
        deleted_at=deleted_at,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return row.id


def find(session: Session, item_id: str, *, held: bool = False) -> BinItemView | None:
    """The item of this id; locked until commit where `held`."""
    statement = select(BinItem).where(BinItem.id == item_id)
    row = session.scalar(statement.with_for_update() if held else statement)
    return None if row is None else _views(session, [row])[0]


def page(session: Session, collection_id: str | None, cursor: str | None, limit: int) -> Slice[BinItemView]:
    """Some deletions, newest first: of documents of a collection, or of collections where None is given."""
    statement = (
        select(BinItem).where(BinItem.kind == "collection")
        if collection_id is None
        else select(BinItem).where(BinItem.kind == "document", BinItem.collection_id == collection_id)
    )
    rows = session.scalars(
        after(statement, cursor, limit, BinItem.deleted_at, BinItem.id, newest_first=True)
    ).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Slice(
        _views(session, rows[:limit]), encode_cursor(last.deleted_at, last.id) if last is not None else None
    )


def expired(session: Session, now: datetime, limit: int) -> list[str]:
    """Ids of items whose time is over, oldest first."""
    statement = select(BinItem.id).where(BinItem.expires_at <= now).order_by(BinItem.expires_at, BinItem.id)
    return list(session.scalars(statement.limit(limit)))


def remove(session: Session, item_id: str) -> None:
    """Delete the row of an item; its frozen documents are deleted apart."""
    session.execute(delete(BinItem).where(BinItem.id == item_id))


def remove_of_collection(session: Session, collection_id: str) -> None:
    """Delete the rows of all items of a collection."""
    session.execute(delete(BinItem).where(BinItem.collection_id == collection_id))


def remove_empty(session: Session) -> None:
    """Delete the rows of deleted documents that have no frozen document any more."""
    held = select(FrozenDocument.id).where(FrozenDocument.holder_id == BinItem.id).exists()
    session.execute(delete(BinItem).where(BinItem.kind == "document", ~held))


def collection_record(session: Session, collection_id: str) -> tuple[dict[str, Any], str | None]:
    """Rows of a collection and its grants as JSON values with the ids of its chunks, and the collection's owner."""
    row = session.scalars(select(Collection).where(Collection.id == collection_id)).one()
    grants = session.scalars(select(Grant).where(Grant.collection_id == collection_id).order_by(Grant.id))
    record = {
        "collection": frozen.columns_of(row),
        "grants": [frozen.columns_of(grant) for grant in grants],
        "chunks": list(session.scalars(select(Chunk.id).where(Chunk.collection_id == collection_id))),
    }
    return record, row.owner_id


def link_answers(session: Session, item_id: str, collection_id: str) -> None:
    """Record the answers that were made from a collection, before its own links to them go with it."""
    answers = select(literal(item_id), AnswerCollection.answer_id).where(
        AnswerCollection.collection_id == collection_id
    )
    session.execute(insert(BinAnswer).from_select(["item_id", "answer_id"], answers))


def put_collection_back(session: Session, item_id: str, name: str | None) -> Sequence[int]:
    """Write the rows of a deleted collection: its own, its links, and grants to users and groups that are still there.

    Args:
        session: A writing session.
        item_id: The item, a collection's.
        name: Another name; None for its own.

    Returns:
        Ids of the chunks that it had, which indexes of other processes may still hold.

    Raises:
        IntegrityError: Another collection has the name.
    """
    item = session.scalars(select(BinItem).where(BinItem.id == item_id)).one()
    assert item.record is not None
    own = frozen.decoded(Collection, item.record["collection"])
    own |= {"owner_id": item.owner_id} | ({} if name is None else {"name": name})
    session.execute(insert(Collection).values(own))
    answers = select(BinAnswer.answer_id, literal(item.collection_id)).where(BinAnswer.item_id == item_id)
    session.execute(insert(AnswerCollection).from_select(["answer_id", "collection_id"], answers))
    grants = [frozen.decoded(Grant, grant) for grant in item.record["grants"]]
    users = _there(session, User, [grant["user_id"] for grant in grants])
    groups = _there(session, Group, [grant["group_id"] for grant in grants])
    kept = [grant for grant in grants if grant["user_id"] in users or grant["group_id"] in groups]
    if kept:
        session.execute(insert(Grant), kept)
    return list(item.record["chunks"])


def _there(session: Session, table: type[User] | type[Group], ids: Sequence[str | None]) -> set[str]:
    found: set[str] = set()
    for part in batches(key for key in ids if key is not None):
        found.update(session.scalars(select(table.id).where(table.id.in_(part))))
    return found


def _views(session: Session, rows: Sequence[BinItem]) -> list[BinItemView]:
    ids = [row.id for row in rows]
    counts: dict[str, int] = {
        row[0]: row[1]
        for row in session.execute(
            select(FrozenDocument.holder_id, func.count())
            .where(FrozenDocument.holder_id.in_(ids))
            .group_by(FrozenDocument.holder_id)
        )
    }
    documents: dict[str, list[str]] = {}
    singles = [row.id for row in rows if row.kind == "document"]
    for holder, document in session.execute(
        select(FrozenDocument.holder_id, FrozenDocument.document_id)
        .where(FrozenDocument.holder_id.in_(singles))
        .order_by(FrozenDocument.id)
    ):
        documents.setdefault(holder, []).append(document)
    return [
        BinItemView(
            id=row.id,
            kind=row.kind,
            collection_id=row.collection_id,
            name=row.name,
            documents=counts.get(row.id, 0),
            document_ids=documents.get(row.id, []),
            deleted_at=row.deleted_at,
            expires_at=row.expires_at,
        )
        for row in rows
    ]
