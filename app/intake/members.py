"""Files inside archives and mails: documents of their own, named by their path below the one they came in.

They are recorded in the transaction that publishes the outer document, so that both are there or neither is. Of a large
archive all but the last batch are recorded before, in steps that may be repeated: a worker that dies in between has
lost nothing, and a worker whose lease is gone writes nothing.
"""

import hashlib
from collections.abc import Sequence
from functools import partial

from sqlalchemy.orm import Session

from app.db import collections, jobs
from app.db import documents as document_rows
from app.db.engine import Database
from app.db.views import DocumentRecord, LeasedJob
from app.errors import LeaseLostError
from app.intake.record import Upload, upsert_documents
from app.library import documents
from app.storage import BlobStore

BATCH = 128
"""Most files that one transaction records: the write lock is everybody's, and a file holds it for about 3 ms."""


class Members:
    """Files found inside one document, stored as they come."""

    def __init__(self, db: Database, blobs: BlobStore, max_name_chars: int, outer: DocumentRecord) -> None:
        """Nothing was found yet."""
        self._db = db
        self._blobs = blobs
        self._max_name_chars = max_name_chars
        self._outer = outer
        self._uploads: dict[str, Upload] = {}

    def store(self, name: str, data: bytes) -> None:
        """Store a file found at the path `name`; until it is recorded, a sweep may remove it again."""
        full = _full_name(self._outer.name, name, self._max_name_chars)
        blob = self._blobs.put(data)
        self._uploads[full] = Upload(
            name=full, blob=blob, metadata=self._outer.meta, parent_id=self._outer.id
        )

    def batches(self) -> list[list[Upload]]:
        """The files found, in batches; one empty batch where there are none."""
        found = list(self._uploads.values())
        return [found[begin : begin + BATCH] for begin in range(0, len(found), BATCH)] or [[]]

    def record_apart(self, job: LeasedJob, batches: Sequence[Sequence[Upload]]) -> None:
        """Record batches, each in a transaction of its own.

        Raises:
            LeaseLostError: Another worker has the job, or the document is gone.
            UnavailableError: A file was deleted at this moment with the last document of the same bytes.
        """

        def record(session: Session, batch: Sequence[Upload]) -> None:
            if collections.lock(session, job.collection_id) is None:
                raise LeaseLostError(job.id)
            jobs.check_lease(session, job)
            upsert_documents(session, self._blobs, job.collection_id, batch)

        for batch in batches:
            self._db.transact(partial(record, batch=batch))

    def record_last(self, session: Session, job: LeasedJob, batch: Sequence[Upload]) -> bool:
        """Record the last batch, and delete documents of files that the outer document no longer holds.

        Args:
            session: The transaction that publishes the outer document; it holds the collection and has ended the job.
            job: The job on the outer document.
            batch: From `batches`, the last; the others are recorded.

        Returns:
            Whether documents were deleted: index files and stored files are to be cleared after the commit.

        Raises:
            UnavailableError: A file was deleted at this moment with the last document of the same bytes.
        """
        upsert_documents(session, self._blobs, job.collection_id, batch)
        known = document_rows.members(session, [job.document_id])
        gone = [row.id for row in known if row.name not in self._uploads]
        if gone:
            documents.erase(session, job.collection_id, gone)
        return bool(gone)


def _full_name(outer: str, name: str, limit: int) -> str:
    """The member's name, cut in the middle where it would be too long, with a hash that keeps it apart."""
    full = f"{outer}/{name}"
    if len(full) <= limit:
        return full
    digest = hashlib.sha256(full.encode()).hexdigest()[:8]
    half = limit // 2 - len(digest)
    return f"{full[:half]}…{digest}…{full[-half:]}"
