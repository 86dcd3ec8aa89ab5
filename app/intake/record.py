"""Uploaded files recorded as versions of documents and queued for a worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.db import collections, documents, jobs
from app.db.documents import Document, DocumentVersion, DocumentView
from app.db.jobs import Job
from app.db.types import new_id, utc_now
from app.errors import CollectionNotFoundError, ConflictError, InvalidInputError
from app.library import erasing
from app.runtime import Runtime
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
class Recorded:
    """An upload that is a version of a document now; `job` is None where nothing changed."""

    view: DocumentView
    job: Job | None


def record_uploads(runtime: Runtime, collection: str, uploads: list[Upload]) -> list[Recorded]:
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
        ConflictError: A name and a sender's id belong to two documents.
        UnavailableError: A file was deleted at this moment with the last document of the same bytes.
    """
    for upload in uploads:
        check_name(upload.name, runtime.settings.limits.max_name_chars)
    with runtime.db.write() as session:
        found = collections.find(session, collection)
        row = collections.lock(session, found.id) if found else None
        if row is None:
            raise CollectionNotFoundError(collection)
        pairs = upsert_documents(session, row.id, uploads)
        erasing.check_stored(runtime, [upload.blob.sha256 for upload in uploads])
        views = documents.views(session, [document.id for document, _ in pairs])
    if any(job is not None and document.version > 1 for document, job in pairs):
        erasing.try_to_finish(runtime)  # a version that nobody read is gone with its file
    return [Recorded(view=views[document.id], job=job) for document, job in pairs]


def upsert_documents(
    session: Session, collection_id: str, uploads: Sequence[Upload]
) -> list[tuple[Document, Job | None]]:
    """Give each file its document, new or known, in the caller's transaction, which holds the collection.

    Args:
        session: A writing session.
        collection_id: The collection.
        uploads: Files in the store.

    Returns:
        For each file its document, and the job that ingests it; None where nothing changed.

    Raises:
        ConflictError: A name and a sender's id belong to two documents.
    """
    # Rows of blobs are locked in one order, so that two uploads can't wait for each other.
    for upload in sorted(uploads, key=lambda u: u.blob.sha256):
        documents.put_blob(session, upload.blob.sha256, upload.blob.size_bytes)
    dropped: set[str] = set()
    pairs = [_upsert(session, collection_id, upload, dropped) for upload in uploads]
    session.flush()
    unused = documents.collect_garbage(session, (), dropped)
    if unused:
        erasing.note(session, unused)
    return pairs


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


def _upsert(
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
