"""Uploaded files recorded as versions of documents and queued for a worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.audit.changes import record_changes
from app.db import blobs as blob_rows
from app.db import collections, documents, jobs, observing
from app.db.observing import Used
from app.db.types import utc_now
from app.db.views import DocumentRecord, DocumentView, JobView
from app.errors import CollectionNotFoundError, ConflictError
from app.intake.parts import RecordParts
from app.library import erasing
from app.library.documents import check_name
from app.observability import asking_key, request_id
from app.storage import BlobStore, StoredBlob
from app.tracing import traceparent


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A stored file with the name, ids and metadata that its sender gave.

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
    job: JobView | None


def record_uploads(parts: RecordParts, collection: str, uploads: list[Upload]) -> list[Recorded]:
    """Record uploaded files and queue new versions for ingestion, in a single transaction.

    The same bytes under the same name change nothing. New bytes under a known name make a new version;
    the old one serves until that is searchable. The same bytes under another name make another document.

    Args:
        parts: Database, stored files, index files and settings.
        collection: Id or name.
        uploads: Files in the store.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: A name can't be used.
        ConflictError: A name and a sender's id belong to two documents.
        UnavailableError: A file was deleted at this moment with the last document of the same bytes.
    """
    for upload in uploads:
        check_name(upload.name, parts.settings.limits.max_name_chars)

    def record(session: Session) -> list[Recorded]:
        found = collections.find(session, collection)
        row = collections.lock(session, found.id) if found else None
        if row is None:
            raise CollectionNotFoundError(collection)
        pairs = upsert_documents(session, parts.blobs, row.id, uploads)
        _count(session, row.id, uploads, pairs)
        views = documents.views(session, [document_id for document_id, _ in pairs])
        recorded = [
            Recorded(view=views[document_id], job=jobs.find(session, job_id) if job_id else None)
            for document_id, job_id in pairs
        ]
        changed = [one.view.document for one in recorded if one.job is not None]
        record_changes(
            session,
            "document.uploaded",
            {one.id: {"collection": row.id, "version": one.version} for one in changed},
        )
        return recorded

    recorded = parts.db.transact(record)
    if any(item.job is not None and item.view.document.version > 1 for item in recorded):
        erasing.try_to_finish(parts)  # a version that nobody read is gone with its file
    return recorded


def _count(
    session: Session, collection_id: str, uploads: Sequence[Upload], pairs: Sequence[tuple[str, str | None]]
) -> None:
    """Count the uploads that changed something, for whoever sent them."""
    sizes = [upload.blob.size_bytes for upload, (_, job) in zip(uploads, pairs, strict=True) if job]
    if sizes:
        used = Used(documents=len(sizes), uploaded_bytes=sum(sizes))
        observing.add_usage(session, utc_now().date(), asking_key(), [collection_id], used)


def upsert_documents(
    session: Session, blobs: BlobStore, collection_id: str, uploads: Sequence[Upload]
) -> list[tuple[str, str | None]]:
    """Give each file its document, new or known, in the caller's transaction, which holds the collection.

    Args:
        session: A writing session.
        blobs: The store.
        collection_id: The collection.
        uploads: Files in the store.

    Returns:
        For each file the id of its document, and the id of the job that ingests it; None where nothing changed.

    Raises:
        ConflictError: A name and a sender's id belong to two documents.
        UnavailableError: A file was deleted at this moment with the last document of the same bytes.
    """
    # Rows of blobs are locked in one order, so that two uploads can't wait for each other.
    for upload in sorted(uploads, key=lambda u: u.blob.sha256):
        blob_rows.put(session, upload.blob.sha256, upload.blob.size_bytes)
    dropped: set[str] = set()
    pairs = [_upsert(session, collection_id, upload, dropped) for upload in uploads]
    unused = documents.collect_garbage(session, (), dropped)
    if unused:
        erasing.schedule(session, unused)
    erasing.check_stored(blobs, [upload.blob.sha256 for upload in uploads])
    return pairs


def _upsert(
    session: Session, collection_id: str, upload: Upload, dropped: set[str]
) -> tuple[str, str | None]:
    now = utc_now()
    known = _known(session, collection_id, upload)
    if known is None:
        document_id, number = _add(session, collection_id, upload, now).id, 1
    else:
        changed, newest = _told_of(known, upload), documents.newest_version(session, known)
        if newest.sha256 == upload.blob.sha256:
            if changed:
                documents.change(session, known.id, **changed)
            return known.id, None
        jobs.supersede(session, known.id, now)
        if not newest.serving:
            dropped.add(newest.sha256)
            documents.drop_version(session, newest.id)
        document_id, number = known.id, known.version + 1
        documents.change(session, document_id, version=number, updated_at=now, **changed)
    version_id = documents.add_version(
        session, document_id, number, upload.blob.sha256, upload.media_type, now
    )
    origin = request_id(), traceparent()
    return document_id, jobs.enqueue(session, collection_id, document_id, version_id, now, origin).id


def _add(session: Session, collection_id: str, upload: Upload, now: datetime) -> DocumentRecord:
    outer = documents.find(session, upload.parent_id) if upload.parent_id else None
    return documents.add(
        session,
        collection_id,
        upload.name,
        external_id=upload.external_id,
        parent_id=upload.parent_id,
        enabled=outer is None or outer.enabled,
        meta=upload.metadata or {},
        now=now,
    )


def _told_of(known: DocumentRecord, upload: Upload) -> dict[str, Any]:
    """Columns of a known document that an upload changes."""
    told: dict[str, Any] = {"name": upload.name}
    if upload.metadata is not None:
        told["meta"] = dict(upload.metadata)
    if upload.external_id is not None:
        told["external_id"] = upload.external_id
    if upload.parent_id is None:  # sent by itself it goes with nothing; sent so before, it stays so
        told["parent_id"] = None
    return {column: value for column, value in told.items() if value != getattr(known, column)}


def _known(session: Session, collection_id: str, upload: Upload) -> DocumentRecord | None:
    """The document this upload is a version of: by the sender's id where given, else by name.

    Raises:
        ConflictError: Name and id belong to two documents.
    """
    named = documents.by_name(session, collection_id, upload.name)
    if upload.external_id is None:
        return named
    known = documents.by_external_id(session, collection_id, upload.external_id)
    # A document that has an id of its own is never taken over by a file that only has its name.
    if named is not None and (named.external_id is not None if known is None else named.id != known.id):
        raise ConflictError(
            "external_id_taken",
            f"The name {upload.name!r} and the id {upload.external_id!r} belong to two documents.",
            "Give the file a name of its own, such as its path, or use the id of the document of that name.",
        )
    return known or named
