"""Use cases of documents: read, change, delete and retry them."""

import contextlib
from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.audit.changes import record_change
from app.db import chunks, collections, deletions, documents, frozen, jobs, local_files
from app.db import tags as tag_rows
from app.db.engine import Database
from app.db.filters import Filter
from app.db.paging import Slice, decode_position
from app.db.types import utc_now
from app.db.views import CanonicalText, ChunkView, DocumentRecord, DocumentView, JobView, VersionView
from app.errors import (
    ConflictError,
    DocumentNotFoundError,
    InvalidInputError,
    NotFoundError,
)
from app.library import erasing
from app.library.parts import ErasureParts
from app.observability import request_id
from app.storage import BlobStore
from app.tracing import traceparent

VIEW_BATCH = 500


def get(db: Database, document_id: str) -> DocumentView:
    """A document.

    Raises:
        DocumentNotFoundError: There is none.
    """
    with db.read() as session:
        view = documents.views(session, [document_id]).get(document_id)
    if view is None:
        raise DocumentNotFoundError(document_id)
    return view


def top_level(db: Database, collection_id: str) -> list[DocumentView]:
    """All documents of a collection, without members of archives and mails."""
    with db.read() as session:
        known = local_files.known_files(session, collection_id)
    return views_of(db, [item.document_id for item in known.values()])


def with_members(db: Database, document_ids: Sequence[str]) -> list[str]:
    """The documents with their members (files of archives and mails)."""
    found = list(document_ids)
    with db.read() as session:
        for begin in range(0, len(document_ids), VIEW_BATCH):
            part = document_ids[begin : begin + VIEW_BATCH]
            found += [row.id for row in documents.members(session, part)]
    return found


def views_of(db: Database, document_ids: Sequence[str]) -> list[DocumentView]:
    """Documents by id, in order; those deleted meanwhile are left out."""
    found: dict[str, DocumentView] = {}
    with db.read() as session:
        for begin in range(0, len(document_ids), VIEW_BATCH):
            found |= documents.views(session, list(document_ids[begin : begin + VIEW_BATCH]))
    return [found[key] for key in document_ids if key in found]


def page(
    db: Database,
    collection: str,
    status: str | AnyCollection[str] | None,
    cursor: str | None,
    limit: int,
    *,
    newest_first: bool = False,
    wanted: Filter | None = None,
) -> Slice[DocumentView]:
    """A page of a collection's documents, oldest or newest first; in some states only, left by a filter.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: The cursor can't be read.
    """
    with db.read() as session:
        found = collections.require(session, collection)
        states = () if status is None else (status,) if isinstance(status, str) else status
        return documents.page(
            session, found.id, states, cursor, limit, newest_first=newest_first, wanted=wanted
        )


def in_collection(db: Database, collection: str, key: str) -> DocumentView:
    """The document of a collection that has this id, or this id of its sender.

    Raises:
        CollectionNotFoundError: There is no such collection.
        DocumentNotFoundError: It has no such document.
    """
    with db.read() as session:
        found = collections.require(session, collection)
        row = documents.by_external_id(session, found.id, key) or documents.find(session, key)
        view = documents.views(session, [row.id]).get(row.id) if row else None
    if view is None or view.document.collection_id != found.id:
        raise DocumentNotFoundError(key)
    return view


def content(db: Database, document_id: str) -> tuple[VersionView, CanonicalText]:
    """The serving version with its text and structure.

    Raises:
        DocumentNotFoundError: There is no such document.
        ConflictError: No version of it is ready.
    """
    with db.read() as session:
        found = documents.serving_content(session, document_id)
    if found is None:
        status = get(db, document_id).newest.status
        raise ConflictError(
            "document_not_ready",
            f"Document {document_id!r} has no text yet: it is {status}.",
            "Wait for its job, or see its `error`; `?format=original` gives the uploaded file.",
        )
    return found


def served_texts(db: Database, collection_id: str, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """By name, id and canonical text of those documents that have a serving version."""
    found: dict[str, tuple[str, str]] = {}
    with db.read() as session:
        for name in names:
            document = documents.by_name(session, collection_id, name)
            served = documents.serving_content(session, document.id) if document else None
            if document is not None and served is not None:
                found[name] = (document.id, served[1].text)
    return found


def original(db: Database, blobs: BlobStore, document_id: str) -> tuple[str, Path]:
    """Name and file of the serving version's bytes, of the newest where none serves.

    Raises:
        DocumentNotFoundError: There is no such document.
        NotFoundError: The stored file is missing.
    """
    view = get(db, document_id)
    version = view.serving or view.newest
    try:
        return view.document.name, blobs.path(version.sha256)
    except FileNotFoundError as error:
        raise NotFoundError(
            "file_missing",
            f"The stored file of document {document_id!r} is missing.",
            "Upload the document again, or restore the stored files from a backup.",
        ) from error


def chunk_page(db: Database, document_id: str, cursor: str | None, limit: int) -> Slice[ChunkView]:
    """Some searchable chunks of a document, in the order of the text.

    Raises:
        DocumentNotFoundError: There is no such document.
        InvalidInputError: The cursor can't be read.
    """
    start = -1 if cursor is None else decode_position(cursor)
    get(db, document_id)
    with db.read() as session:
        rows = chunks.of_document(session, document_id, start, limit + 1)
    more = len(rows) > limit
    return Slice(rows[:limit], str(rows[limit - 1].position) if more else None)


def update(
    db: Database,
    document_id: str,
    *,
    enabled: bool | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: AnyCollection[str] | None = None,
) -> DocumentView:
    """Show or hide a document with its members, replace the tags of all of them, or replace its own metadata.

    Raises:
        DocumentNotFoundError: There is no such document.
        InvalidInputError: A tag can't be one.
    """
    tagged = None if tags is None else tag_rows.checked(tags)
    with db.write() as session:
        row = locked(session, document_id)
        if metadata is not None:
            documents.change(session, row.id, meta=dict(metadata))
        if tagged is not None:
            for member in (row, *documents.members(session, [document_id])):
                tag_rows.replace(session, member.id, row.collection_id, tagged)
            # filters that processes remember are known by this number
            collections.record_index_change(session, row.collection_id)
        changed: list[int] = []
        for member in (row, *documents.members(session, [document_id])):
            if enabled is not None and enabled != member.enabled:
                documents.change(session, member.id, enabled=enabled)
                changed += chunks.document_ids(session, member.id)
        if changed:
            collections.record_index_change(
                session,
                row.collection_id,
                added=changed if enabled else (),
                removed=() if enabled else changed,
            )
        documents.change(session, row.id, updated_at=utc_now())
        fields = None if metadata is None else sorted(metadata)
        record_change(session, "document.changed", row.id, enabled=enabled, metadata=fields)
    return get(db, document_id)


def retag(
    db: Database, document_id: str, added: AnyCollection[str], removed: AnyCollection[str]
) -> DocumentView:
    """Add tags to a document and take others away.

    Raises:
        DocumentNotFoundError: There is no such document.
        InvalidInputError: A tag can't be one.
    """
    view = get(db, document_id)
    wanted = (set(view.tags) | {tag_rows.folded(tag) for tag in added}) - {
        tag_rows.folded(tag) for tag in removed
    }
    return view if wanted == set(view.tags) else update(db, document_id, tags=wanted)


def delete(parts: ErasureParts, document_id: str) -> None:
    """Delete a document with its members for good; from the return on no process finds a chunk of it.

    Its text is taken out of answers and kept replies in the same transaction; see `erasing` for what follows that.

    Raises:
        DocumentNotFoundError: There is no such document.
    """

    def remove(session: Session) -> str:
        row = locked(session, document_id)
        members = [member.id for member in documents.members(session, [document_id])]
        erase(session, row.collection_id, [*members, row.id], frozen_too=True)
        record_change(
            session, "document.erased", row.id, collection=row.collection_id, members=members or None
        )
        return row.collection_id

    parts.refresh_open_index(parts.db.transact(remove))
    erasing.try_to_finish(parts)


def erase(
    session: Session, collection_id: str, document_ids: Sequence[str], *, frozen_too: bool = False
) -> None:
    """Delete documents in the caller's transaction, which holds the collection.

    Args:
        session: A writing session.
        collection_id: The collection.
        document_ids: The documents.
        frozen_too: Whether frozen copies go too, wherever they are held.
    """
    gone = erasing.gone_texts(session, document_ids)
    removed: list[int] = []
    contents: set[int] = set()
    blobs: set[str] = set()
    for document_id in document_ids:
        removed += chunks.document_ids(session, document_id)
        own_contents, own_blobs = documents.leftovers(session, collection_id, document_id)
        contents |= own_contents
        blobs |= own_blobs
        documents.remove(session, document_id)
    if frozen_too:
        held_contents, held_blobs = frozen.remove(session, document_ids=document_ids)
        contents |= held_contents
        blobs |= held_blobs
        deletions.remove_empty(session)
    collections.record_index_change(session, collection_id, removed=removed)
    erasing.withdraw(session, gone)
    erasing.schedule(session, documents.collect_garbage(session, contents, blobs), [collection_id])


def delete_all(parts: ErasureParts, document_ids: Iterable[str]) -> int:
    """Delete documents, a transaction each; gives the number of documents deleted."""
    deleted = 0
    for document_id in document_ids:
        with contextlib.suppress(DocumentNotFoundError):
            delete(parts, document_id)
            deleted += 1
    return deleted


def retry(db: Database, document_id: str) -> JobView:
    """Queue a failed document again.

    Raises:
        DocumentNotFoundError: There is no such document.
        ConflictError: Its newest version has not failed.
    """
    with db.write() as session:
        row = locked(session, document_id)
        version = documents.newest_version(session, row)
        if version.status != "failed":
            raise ConflictError(
                "not_failed",
                f"Document {document_id!r} is {version.status}; only a failed one can be tried again.",
                "Wait for its job, or upload a new version.",
            )
        documents.requeue_version(session, version.id)
        documents.change(session, row.id, updated_at=utc_now())
        origin = request_id(), traceparent()
        return jobs.enqueue(session, row.collection_id, row.id, version.id, utc_now(), origin)


def check_name(name: str, limit: int) -> None:
    """Refuse names that can't be shown or stored; a name is never used as a path.

    Raises:
        InvalidInputError: The name is empty, too long or holds control characters.
    """
    if not name.strip() or len(name) > limit or any(ord(c) < 32 or c == "\x7f" for c in name):
        raise InvalidInputError(
            "bad_document_name",
            f"A document can't be named {name[:80]!r}.",
            f"Use 1 to {limit} characters without control characters.",
        )
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            "bad_document_name", "The document's name is not valid Unicode.", "Rename the file."
        ) from error


def locked(session: Session, document_id: str) -> DocumentRecord:
    """The document, its collection's row held: all writers take collections first, then documents.

    Raises:
        DocumentNotFoundError: There is none.
    """
    row = documents.find(session, document_id)
    if row is None or collections.lock(session, row.collection_id) is None:
        raise DocumentNotFoundError(document_id)
    again = documents.find(session, document_id)
    if again is None:
        raise DocumentNotFoundError(document_id)
    return again
