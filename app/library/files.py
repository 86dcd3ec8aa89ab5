"""Use cases of uploaded files that stand by themselves: documents are made from them later, in any collection.

A file owns its bytes as a version of a document does: they stay in the store as long as one of both refers to them.
"""

from collections.abc import Sequence
from pathlib import Path

from app.audit.changes import record_change
from app.db import blobs as blob_rows
from app.db import collections, documents, files
from app.db.engine import Database
from app.db.files import BatchView, FileView
from app.db.paging import Slice
from app.errors import NotFoundError
from app.library import erasing
from app.library.parts import ErasureParts
from app.storage import BlobStore, StoredBlob

__all__ = ["BatchView", "FileView"]


class FileNotFoundHereError(NotFoundError):
    """There is no uploaded file of that id."""

    def __init__(self, key: str) -> None:
        """Name the file."""
        super().__init__(
            "file_not_found", f"There is no file {key[:80]!r}.", "GET /openai/v1/files lists the files."
        )


def record(
    parts: ErasureParts, name: str, purpose: str, media_type: str | None, blob: StoredBlob
) -> FileView:
    """Record a file that lies in the store.

    Raises:
        UnavailableError: Its bytes were deleted at this moment with the last document of them.
    """
    with parts.db.write() as session:
        blob_rows.put(session, blob.sha256, blob.size_bytes)
        erasing.check_stored(parts.blobs, [blob.sha256])
        added = files.add(session, name, purpose, media_type, blob.sha256, blob.size_bytes)
        record_change(session, "file.uploaded", added.id, bytes=blob.size_bytes)
        return added


def get(db: Database, file_id: str) -> FileView:
    """An uploaded file.

    Raises:
        FileNotFoundHereError: There is none.
    """
    with db.read() as session:
        found = files.find(session, file_id)
    if found is None:
        raise FileNotFoundHereError(file_id)
    return found


def page(
    db: Database, purpose: str | None, cursor: str | None, limit: int, *, newest_first: bool
) -> Slice[FileView]:
    """A page of uploaded files, of one purpose where one is given."""
    with db.read() as session:
        return files.page(session, purpose, cursor, limit, newest_first=newest_first)


def stored_path(blobs: BlobStore, file: FileView) -> Path:
    """Where the bytes of a file lie.

    Raises:
        NotFoundError: They are missing.
    """
    try:
        return blobs.path(file.sha256)
    except FileNotFoundError as error:
        raise NotFoundError(
            "file_missing",
            f"The stored bytes of file {file.id!r} are missing.",
            "Upload it again, or restore the stored files from a backup.",
        ) from error


def delete(parts: ErasureParts, file_id: str) -> None:
    """Delete an uploaded file; its bytes go unless a document has them.

    Raises:
        FileNotFoundHereError: There is no such file.
    """
    with parts.db.write() as session:
        sha256 = files.remove(session, file_id)
        if sha256 is None:
            raise FileNotFoundHereError(file_id)
        erasing.schedule(session, documents.collect_garbage(session, (), [sha256]))
        record_change(session, "file.deleted", file_id)
    erasing.try_to_finish(parts)


def documents_of(db: Database, file_id: str) -> list[str]:
    """Ids of the documents that were made from a file, in all collections."""
    with db.read() as session:
        return documents.with_external_id(session, file_id)


def add_batch(db: Database, collection_id: str, document_ids: Sequence[str]) -> BatchView:
    """Record which documents were made in one request."""
    with db.write() as session:
        return files.add_batch(session, collection_id, document_ids)


def batch(db: Database, collection: str, batch_id: str) -> BatchView:
    """A batch of a collection.

    Raises:
        CollectionNotFoundError: There is no such collection.
        NotFoundError: It has no such batch.
    """
    with db.read() as session:
        row = collections.require(session, collection)
        found = files.find_batch(session, row.id, batch_id)
    if found is None:
        raise NotFoundError(
            "batch_not_found", f"There is no batch {batch_id[:80]!r}.", "Look at the files of the collection."
        )
    return found
