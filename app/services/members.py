"""Files inside archives and mails: documents of their own, named by their path below the one they came in.

They are recorded before the outer document is ready, in steps that may be repeated: a worker that dies in
between has lost nothing, and a worker whose lease is gone writes nothing.
"""

import hashlib

from app.composition.runtime import Runtime
from app.db import collections, jobs
from app.db import documents as document_rows
from app.db.documents import Document
from app.db.jobs import Job
from app.errors import LeaseLostError
from app.services import documents, erasing
from app.services.documents import Upload

BATCH = 64


class Members:
    """Files found inside one document, stored as they come and recorded at the end."""

    def __init__(self, runtime: Runtime, outer: Document) -> None:
        """Nothing was found yet."""
        self._runtime = runtime
        self._outer = outer
        self._uploads: list[Upload] = []

    def keep(self, name: str, data: bytes) -> None:
        """Store a file found at the path `name`; until it is recorded, a sweep may remove it again."""
        full = _full_name(self._outer.name, name, self._runtime.settings.limits.max_name_chars)
        blob = self._runtime.blobs.put(data)
        self._uploads.append(
            Upload(name=full, blob=blob, metadata=self._outer.meta, parent_id=self._outer.id)
        )

    def file(self, job: Job, *, complete: bool) -> None:
        """Record what was found, and queue what is new.

        Args:
            job: The leased job on the outer document.
            complete: Whether nothing is missing: then documents of files that are there no longer are deleted.

        Raises:
            LeaseLostError: Another worker has the job, or the document is gone.
        """
        for begin in range(0, len(self._uploads), BATCH):
            with self._runtime.db.write() as session:
                if collections.lock(session, job.collection_id) is None:
                    raise LeaseLostError(job.id)
                jobs.check_lease(session, job)
                part = self._uploads[begin : begin + BATCH]
                documents.record(session, job.collection_id, part)
                erasing.check_stored(self._runtime, [upload.blob.sha256 for upload in part])
        if complete:
            self._delete_others(job, {upload.name for upload in self._uploads})

    def _delete_others(self, job: Job, names: set[str]) -> None:
        with self._runtime.db.read() as session:
            known = document_rows.members(session, [self._outer.id])
        if all(row.name in names for row in known):
            return
        with self._runtime.db.write() as session:
            if collections.lock(session, job.collection_id) is None:
                raise LeaseLostError(job.id)
            jobs.check_lease(session, job)
            gone = [row for row in document_rows.members(session, [self._outer.id]) if row.name not in names]
            documents.erase(session, job.collection_id, gone)
        self._runtime.refresh_open_index(job.collection_id)
        erasing.try_to_finish(self._runtime)


def _full_name(outer: str, name: str, limit: int) -> str:
    """The member's name, cut in the middle where it would be too long, with a hash that keeps it apart."""
    full = f"{outer}/{name}"
    if len(full) <= limit:
        return full
    digest = hashlib.sha256(full.encode()).hexdigest()[:8]
    half = limit // 2 - len(digest)
    return f"{full[:half]}…{digest}…{full[-half:]}"
