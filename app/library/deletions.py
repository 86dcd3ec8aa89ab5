"""The bin: deleted documents and collections that can be restored for a set time, and are erased after it.

What is in the bin is found by no search, no list and no id. Its text is still there, in rows, stored files and
answers, until the time is over or somebody erases it; only then `erasing` takes it out of all places.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.changes import record_change
from app.db import chunks, collections, documents, frozen
from app.db import deletions as rows
from app.db import erasing as erasing_rows
from app.db.deletions import BinItemView
from app.db.engine import Database
from app.db.frozen import Frozen
from app.db.paging import Slice
from app.db.types import utc_now
from app.errors import CollectionNotFoundError, ConflictError, NotFoundError
from app.library import collections as live_collections
from app.library import documents as live_documents
from app.library import erasing, staleness
from app.library.blanking import Gone
from app.library.parts import BinParts, ErasureParts

__all__ = ["BinItemView"]

AT_ONCE = 100
"""Expired items that one look of the housekeeping erases."""


class BinItemNotFoundError(NotFoundError):
    """The bin holds no such deletion; its time may be over."""

    def __init__(self, item_id: str) -> None:
        """Name the missing object."""
        hint = "List the bin (`fathom bin list`, GET /v1/bin, GET /v1/collections/NAME/bin)."
        super().__init__("bin_item_not_found", f"There is no deletion {item_id!r} in the bin.", hint)


def discard_document(parts: BinParts, document_id: str) -> str | None:
    """Put a document with its members into the bin; from the return on no process finds a chunk of it.

    Returns:
        Id of the item in the bin; None where the bin is switched off and the document was erased.

    Raises:
        DocumentNotFoundError: There is no such document.
    """
    if not parts.settings.bin.keep_days:
        live_documents.delete(parts, document_id)
        return None

    def remove(session: Session) -> tuple[str, str]:
        row = live_documents.locked(session, document_id)
        ids = [row.id, *(member.id for member in documents.members(session, [row.id]))]
        item = put(session, parts, row.collection_id, row.name, ids)
        record_change(session, "document.deleted", row.id, collection=row.collection_id, bin=item)
        return row.collection_id, item

    collection_id, item = parts.db.transact(remove)
    parts.refresh_open_index(collection_id)
    return item


def put(session: Session, parts: BinParts, collection_id: str, name: str, document_ids: Sequence[str]) -> str:
    """Put documents into the bin as one item, in the caller's transaction, which holds the collection."""
    now = utc_now()
    item = rows.add(session, "document", collection_id, name, now, _end(parts, now))
    frozen.freeze(session, item, collection_id, document_ids)
    removed: list[int] = []
    for key in document_ids:
        removed += chunks.document_ids(session, key)
        documents.remove(session, key)
    collections.record_index_change(session, collection_id, removed=removed)
    _withhold(session, document_ids)
    return item


def _withhold(session: Session, document_ids: Sequence[str]) -> None:
    """Mark the answers that stand on documents, and erase replies that quote them: only answers come back."""
    staleness.source_in_bin(session, document_ids)
    erasing_rows.erase_replies(session, document_ids, quoting_only=True)


def discard_collection(parts: BinParts, key: str) -> str | None:
    """Put a collection with its documents and grants into the bin; from the return on nothing of it is found.

    Returns:
        Id of the item in the bin; None where the bin is switched off and the collection was erased.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    if not parts.settings.bin.keep_days:
        live_collections.delete(parts, key)
        return None

    def remove(session: Session) -> tuple[str, str]:
        row = collections.find(session, key)
        if row is None or collections.lock(session, row.id) is None:
            raise CollectionNotFoundError(key)
        now = utc_now()
        record, owner = rows.collection_record(session, row.id)
        item = rows.add(
            session, "collection", row.id, row.name, now, _end(parts, now), owner_id=owner, record=record
        )
        rows.link_answers(session, item, row.id)
        keys = erasing_rows.documents_in(session, row.id)
        frozen.freeze(session, item, row.id, keys)
        _withhold(session, keys)
        collections.remove(session, row.id)
        record_change(session, "collection.deleted", row.id, documents=len(keys), bin=item)
        return row.id, item

    collection_id, item = parts.db.transact(remove)
    parts.drop_index(collection_id)
    return item


def page(db: Database, collection: str | None, cursor: str | None, limit: int) -> Slice[BinItemView]:
    """A page of deletions, newest first: of documents of a collection, or of collections where None is given.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: The cursor can't be read.
    """
    with db.read() as session:
        found = None if collection is None else collections.find(session, collection)
        if collection is not None and found is None:
            raise CollectionNotFoundError(collection)
        return rows.page(session, found.id if found else None, cursor, limit)


def get(db: Database, item_id: str) -> BinItemView:
    """An item of the bin.

    Raises:
        BinItemNotFoundError: There is none of this id.
    """
    with db.read() as session:
        found = rows.find(session, item_id)
    if found is None:
        raise BinItemNotFoundError(item_id)
    return found


ANY = ""
"""Stands for items of every kind and collection."""


def restore(
    parts: BinParts, item_id: str, *, collection: str | None = ANY, name: str | None = None
) -> BinItemView:
    """Undo a deletion; searches of every process find the documents again once this returns.

    Args:
        parts: Database, index files and settings.
        item_id: The item.
        collection: Id or name of the collection whose deleted document it is; None for a deleted collection, `ANY`
            for any item.
        name: Another name for the document or the collection.

    Raises:
        BinItemNotFoundError: There is no such item, or its time is over.
        CollectionNotFoundError: The collection of the documents is not there.
        ConflictError: A name or a sender's id is taken.
    """
    if name is not None:
        _check_name(parts, item_id, name)

    def undo(session: Session) -> BinItemView:
        item = _locked(session, item_id, collection)
        if item.kind == "collection":
            _restore_collection(session, item, name)
        else:
            if collections.lock(session, item.collection_id) is None:
                raise CollectionNotFoundError(item.collection_id)
            _restore_documents(session, item, name)
        frozen.remove(session, holder_id=item.id)
        rows.remove(session, item.id)
        record_change(session, f"{item.kind}.restored", item.id, collection=item.collection_id)
        return item

    item = parts.db.transact(undo)
    parts.refresh_open_index(item.collection_id)
    return item


def erase(parts: ErasureParts, item_id: str, *, collection: str | None = ANY) -> None:
    """Erase an item now, from all places; see `erasing`. `collection` is as for `restore`.

    Raises:
        BinItemNotFoundError: There is no such item.
    """
    parts.db.transact(lambda session: _erase(session, _locked(session, item_id, collection)))
    erasing.try_to_finish(parts)


def expire(parts: ErasureParts) -> int:
    """Erase items whose time is over; gives their number."""
    with parts.db.read() as session:
        due = rows.expired(session, utc_now(), AT_ONCE)

    def end(session: Session, item_id: str) -> bool:
        item = rows.find(session, item_id, held=True)
        if item is not None:
            _erase(session, item)
        return item is not None

    erased = sum(parts.db.transact(partial(end, item_id=key)) for key in due)
    if erased:
        erasing.try_to_finish(parts)
    return erased


def _erase(session: Session, item: BinItemView) -> None:
    if item.kind == "collection":
        erasing.erase_frozen(session, item.collection_id, {})
        record_change(session, "collection.erased", item.collection_id, bin=item.id)
        return
    texts = frozen.texts(session, item.id)
    gone = {key: Gone(text=texts.get(key)) for key in item.document_ids}
    contents, blobs = frozen.remove(session, document_ids=item.document_ids)
    rows.remove(session, item.id)
    erasing.withdraw(session, gone)
    garbage = documents.collect_garbage(session, contents, blobs)
    erasing.schedule(session, garbage, [item.collection_id])
    for key in item.document_ids:
        record_change(session, "document.erased", key, collection=item.collection_id, bin=item.id)


def _restore_collection(session: Session, item: BinItemView, name: str | None) -> None:
    try:
        with session.begin_nested():
            removed = rows.put_collection_back(session, item.id, name)
    except IntegrityError as error:
        raise _taken("collection", name or item.name) from error
    _write_back(session, item.collection_id, frozen.of_holder(session, item.id), {}, removed)


def _restore_documents(session: Session, item: BinItemView, name: str | None) -> None:
    found = frozen.of_holder(session, item.id)
    renamed = {} if name is None else {found[0].document_id: name}
    names = {renamed.get(one.document_id, one.columns["name"]) for one in found}
    senders = {one.columns["external_id"] for one in found} - {None}
    taken = documents.taken(session, item.collection_id, names, senders)
    if taken is not None:
        raise _taken("document", taken)
    _write_back(session, item.collection_id, found, renamed)


def _write_back(
    session: Session,
    collection_id: str,
    found: Sequence[Frozen],
    renamed: dict[str, str],
    removed: Sequence[int] = (),
) -> None:
    now = utc_now()
    there = {one.document_id for one in found}
    added: list[int] = []
    for one in found:
        changes: dict[str, str | None] = (
            {"name": renamed[one.document_id]} if one.document_id in renamed else {}
        )
        parent = one.columns.get("parent_id")
        if parent is not None and parent not in there and documents.find(session, parent) is None:
            changes["parent_id"] = None  # the archive is gone: the file stands by itself
        added += frozen.thaw(session, one, collection_id, now, **changes)
    collections.record_index_change(session, collection_id, added=added, removed=removed)
    staleness.source_restored(session, there)


def _locked(session: Session, item_id: str, collection: str | None) -> BinItemView:
    """The item, held until commit.

    Raises:
        BinItemNotFoundError: There is none, or it is no deletion of the kind and collection that is named.
    """
    item = rows.find(session, item_id, held=True)
    if item is None:
        raise BinItemNotFoundError(item_id)
    if collection is None and item.kind != "collection":
        raise BinItemNotFoundError(item_id)
    if collection:
        row = collections.find(session, collection)
        if row is None or row.id != item.collection_id or item.kind != "document":
            raise BinItemNotFoundError(item_id)
    return item


def _check_name(parts: BinParts, item_id: str, name: str) -> None:
    """Make sure that a new name can be used.

    Raises:
        InvalidInputError: It can't.
    """
    if get(parts.db, item_id).kind == "collection":
        live_collections.check_name(name)
    else:
        live_documents.check_name(name, parts.settings.limits.max_name_chars)


def _end(parts: BinParts, now: datetime) -> datetime:
    return now + timedelta(days=parts.settings.bin.keep_days)


def _taken(kind: str, name: str) -> ConflictError:
    return ConflictError(
        "name_taken",
        f"There is another {kind} {name!r} by now.",
        "Restore it under another name, or delete the other one first.",
    )
