"""Use cases of documents: take one in, change it, delete it, try it again."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.composition.runtime import Runtime
from app.db import chunks, collections, documents, jobs
from app.db.chunks import ContentChunk
from app.db.documents import Content, Document, DocumentVersion, DocumentView
from app.db.jobs import Job
from app.db.paging import Slice, decode_position
from app.db.types import new_id, utc_now
from app.errors import (
    CollectionNotFoundError,
    ConflictError,
    DocumentNotFoundError,
    InvalidInputError,
    NotFoundError,
)
from app.services import erasing
from app.storage import StoredBlob


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that lies in the store, and what its sender said of it.

    Attributes:
        media_type: As declared, or None; a hint for files whose name has no suffix.
        metadata: Replaces the document's metadata; None leaves it.
        parent_id: The archive or mail that the file came out of.
    """

    name: str
    blob: StoredBlob
    media_type: str | None = None
    external_id: str | None = None
    metadata: Mapping[str, Any] | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A document that was taken in; `job` is None where nothing changed."""

    view: DocumentView
    job: Job | None


def take_in(runtime: Runtime, collection: str, uploads: list[Upload]) -> list[Taken]:
    """Record uploaded files and queue what is new, all in one transaction.

    The same bytes under the same name change nothing. New bytes under a known name make a new version;
    the old one serves until that is searchable. The same bytes under another name make another document.

    Args:
        runtime: The runtime.
        collection: Id or name.
        uploads: Files in the store.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: A name can't be used.
    """
    for upload in uploads:
        check_name(upload.name, runtime.settings.limits.max_name_chars)
    with runtime.db.write() as session:
        found = collections.find(session, collection)
        row = collections.lock(session, found.id) if found else None
        if row is None:
            raise CollectionNotFoundError(collection)
        pairs = record(session, row.id, uploads)
        erasing.check_stored(runtime, [upload.blob.sha256 for upload in uploads])
        views = documents.views(session, [document.id for document, _ in pairs])
    if any(job is not None and document.version > 1 for document, job in pairs):
        erasing.try_to_finish(runtime)  # a version that nobody read is gone with its file
    return [Taken(view=views[document.id], job=job) for document, job in pairs]


def record(
    session: Session, collection_id: str, uploads: Sequence[Upload]
) -> list[tuple[Document, Job | None]]:
    """Record files in the caller's transaction, which holds the collection; see `take_in`."""
    # Rows of blobs are locked in one order, so that two uploads can't wait for each other.
    for upload in sorted(uploads, key=lambda u: u.blob.sha256):
        documents.put_blob(session, upload.blob.sha256, upload.blob.size_bytes)
    dropped: set[str] = set()
    pairs = [_record(session, collection_id, upload, dropped) for upload in uploads]
    session.flush()
    unused = documents.collect_garbage(session, (), dropped)
    if unused:
        erasing.note(session, unused)
    return pairs


def get(runtime: Runtime, document_id: str) -> DocumentView:
    """A document.

    Raises:
        DocumentNotFoundError: There is none.
    """
    with runtime.db.read() as session:
        view = documents.views(session, [document_id]).get(document_id)
    if view is None:
        raise DocumentNotFoundError(document_id)
    return view


def page(
    runtime: Runtime, collection: str, status: str | None, cursor: str | None, limit: int
) -> Slice[DocumentView]:
    """Some documents of a collection, oldest first, perhaps only those in one state.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    with runtime.db.read() as session:
        found = collections.find(session, collection)
        if found is None:
            raise CollectionNotFoundError(collection)
        return documents.page(session, found.id, status, cursor, limit)


def content(runtime: Runtime, document_id: str) -> tuple[DocumentVersion, Content]:
    """The serving version with its text and structure.

    Raises:
        DocumentNotFoundError: There is no such document.
        ConflictError: No version of it is ready.
    """
    with runtime.db.read() as session:
        found = documents.serving_content(session, document_id)
    if found is None:
        status = get(runtime, document_id).newest.status
        raise ConflictError(
            "document_not_ready",
            f"Document {document_id!r} has no text yet: it is {status}.",
            "Wait for its job, or see its `error`; `?format=original` gives the uploaded file.",
        )
    return found


def original(runtime: Runtime, document_id: str) -> tuple[str, Path]:
    """Name and file of the serving version's bytes, of the newest where none serves.

    Raises:
        DocumentNotFoundError: There is no such document.
        NotFoundError: The stored file is missing.
    """
    view = get(runtime, document_id)
    version = view.serving or view.newest
    try:
        return view.document.name, runtime.blobs.path(version.sha256)
    except FileNotFoundError as error:
        raise NotFoundError(
            "file_missing",
            f"The stored file of document {document_id!r} is missing.",
            "Upload the document again, or restore the stored files from a backup.",
        ) from error


def chunk_page(
    runtime: Runtime, document_id: str, cursor: str | None, limit: int
) -> Slice[tuple[int, ContentChunk]]:
    """Some searchable chunks of a document with their ids, in the order of the text.

    Raises:
        DocumentNotFoundError: There is no such document.
        InvalidInputError: The cursor can't be read.
    """
    start = -1 if cursor is None else decode_position(cursor)
    get(runtime, document_id)
    with runtime.db.read() as session:
        rows = chunks.of_document(session, document_id, start, limit + 1)
    more = len(rows) > limit
    return Slice(rows[:limit], str(rows[limit - 1][1].position) if more else None)


def change(
    runtime: Runtime,
    document_id: str,
    *,
    enabled: bool | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> DocumentView:
    """Show or hide a document with what came out of it, or replace its own metadata.

    Raises:
        DocumentNotFoundError: There is no such document.
    """
    with runtime.db.write() as session:
        row = _locked(session, document_id)
        if metadata is not None:
            row.meta = dict(metadata)
        changed: list[int] = []
        for member in (row, *documents.members(session, [document_id])):
            if enabled is not None and enabled != member.enabled:
                member.enabled = enabled
                changed += chunks.document_ids(session, member.id)
        if changed:
            collections.record_index_change(
                session,
                row.collection_id,
                added=changed if enabled else (),
                removed=() if enabled else changed,
            )
        row.updated_at = utc_now()
    return get(runtime, document_id)


def delete(runtime: Runtime, document_id: str) -> None:
    """Delete a document with what came out of it; no chunk of it is found from the return on, by any process.

    Its text is taken out of answers and kept replies in the same transaction; see `erasing` for what follows that.

    Raises:
        DocumentNotFoundError: There is no such document.
    """
    with runtime.db.write() as session:
        row = _locked(session, document_id)
        collection_id = row.collection_id
        erase(session, collection_id, [*documents.members(session, [document_id]), row])
    runtime.refresh_open_index(collection_id)
    erasing.try_to_finish(runtime)


def erase(session: Session, collection_id: str, rows: Sequence[Document]) -> None:
    """Delete documents in the caller's transaction, which holds the collection."""
    gone = erasing.gone_texts(session, [row.id for row in rows])
    removed: list[int] = []
    contents: set[int] = set()
    blobs: set[str] = set()
    for row in rows:
        removed += chunks.document_ids(session, row.id)
        own_contents, own_blobs = documents.leftovers(session, collection_id, row.id)
        contents |= own_contents
        blobs |= own_blobs
        documents.remove(session, row.id)
    collections.record_index_change(session, collection_id, removed=removed)
    erasing.withdraw(session, gone)
    erasing.note(session, documents.collect_garbage(session, contents, blobs), [collection_id])


def delete_all(runtime: Runtime, document_ids: Iterable[str]) -> int:
    """Delete documents one by one; gives the number of those that were still there."""
    deleted = 0
    for document_id in document_ids:
        with contextlib.suppress(DocumentNotFoundError):
            delete(runtime, document_id)
            deleted += 1
    return deleted


def retry(runtime: Runtime, document_id: str) -> Job:
    """Queue a failed document again.

    Raises:
        DocumentNotFoundError: There is no such document.
        ConflictError: Its newest version has not failed.
    """
    with runtime.db.write() as session:
        row = _locked(session, document_id)
        version = documents.newest_version(session, row)
        if version.status != "failed":
            raise ConflictError(
                "not_failed",
                f"Document {document_id!r} is {version.status}; only a failed one can be tried again.",
                "Wait for its job, or upload a new version.",
            )
        version.status, version.error = "queued", None
        row.updated_at = utc_now()
        return jobs.enqueue(session, version, row.collection_id, utc_now())


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


def _record(
    session: Session, collection_id: str, upload: Upload, dropped: set[str]
) -> tuple[Document, Job | None]:
    now = utc_now()
    row = _known(session, collection_id, upload)
    if row is None:
        outer = session.get(Document, upload.parent_id) if upload.parent_id else None
        row = Document(
            id=new_id("doc"),
            collection_id=collection_id,
            name=upload.name,
            external_id=upload.external_id,
            parent_id=upload.parent_id,
            enabled=outer is None or outer.enabled,
            meta=dict(upload.metadata or {}),
            created_at=now,
            updated_at=now,
        )
        session.add(row)
    else:
        if upload.metadata is not None:
            row.meta = dict(upload.metadata)
        if upload.external_id is not None:
            row.external_id = upload.external_id
        if upload.parent_id is None:  # sent by itself it goes with nothing; what was sent so stays so
            row.parent_id = None
        newest = documents.newest_version(session, row)
        if newest.sha256 == upload.blob.sha256:
            return row, None
        jobs.supersede(session, row.id, now)
        if not newest.serving:
            dropped.add(newest.sha256)
            session.delete(newest)
        row.version += 1
        row.updated_at = now
    session.flush()
    version = DocumentVersion(
        id=new_id("ver"),
        document_id=row.id,
        number=row.version,
        sha256=upload.blob.sha256,
        media_type=upload.media_type,
        created_at=now,
    )
    session.add(version)
    session.flush()
    return row, jobs.enqueue(session, version, collection_id, now)


def _known(session: Session, collection_id: str, upload: Upload) -> Document | None:
    """The document this upload is a version of: by the sender's id where given, else by name.

    Raises:
        ConflictError: Name and id belong to two documents.
    """
    named = documents.by_name(session, collection_id, upload.name)
    if upload.external_id is None:
        return named
    known = documents.by_external_id(session, collection_id, upload.external_id)
    # A document that has an id of its own is never taken over by a file that only has its name.
    if named is not None and named is not known and (known is not None or named.external_id is not None):
        raise ConflictError(
            "external_id_taken",
            f"The name {upload.name!r} and the id {upload.external_id!r} belong to two documents.",
            "Give the file a name of its own, such as its path, or use the id of the document of that name.",
        )
    if known is not None:
        known.name = upload.name
    return known or named


def _locked(session: Session, document_id: str) -> Document:
    """The document, its collection's row held: all writers take collections first, then documents.

    Raises:
        DocumentNotFoundError: There is none.
    """
    row = session.get(Document, document_id)
    if row is None or collections.lock(session, row.collection_id) is None:
        raise DocumentNotFoundError(document_id)
    again = session.get(Document, document_id, populate_existing=True)
    if again is None:
        raise DocumentNotFoundError(document_id)
    return again
