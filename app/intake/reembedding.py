"""Re-embedding of all documents by the encoder in use; text, chunks and their ids stay as they are.

A worker plans a job for each document whose serving version has no vectors by its encoder. Whoever does the work, a
worker or the command line, writes the vectors of a document beside those of other encoders, together with the index
changes that tell every process. Until a collection is complete it is searched by words (`app/indexes/shadow.py`).
"""

from collections.abc import Callable

from app.db import collections, documents, jobs, vectors
from app.db.engine import Database
from app.db.types import utc_now
from app.db.views import LeasedJob
from app.errors import CollectionNotFoundError
from app.intake import mapping
from app.intake.parts import EmbedParts
from ingestion.vectors import embed_again

OnProgress = Callable[[str, int, int], None]
OnDocument = Callable[[int, int], None]

STAGE = "embedding"


def plan(db: Database, encoder_id: str) -> int:
    """Queue a job for each document without vectors by the encoder in use; a second call adds nothing.

    A document whose job has failed is left alone: `embed_all` tries it again.

    Returns:
        Number of new jobs.

    Raises:
        UnavailableError: There is no encoder.
    """
    model = encoder_id
    with db.write() as session:
        jobs.drop_reembedding(session, model)
        waiting = vectors.without_job(session, model)
        jobs.enqueue_reembedding(session, waiting, model, utc_now())
    return len(waiting)


def run_job(parts: EmbedParts, job: LeasedJob, on_progress: OnProgress) -> None:
    """Re-embed the document of a leased job.

    Args:
        parts: Database and encoder.
        job: From `app.db.jobs.claim`.
        on_progress: Told `(stage, done, total)` as the work goes on; may raise to stop it.

    Raises:
        LeaseLostError: Another worker has the job, or the document is gone; nothing was written.
    """
    if not _embed(parts, job.document_id, on_progress, job):
        with parts.db.write() as session:
            jobs.finish(session, job, utc_now())


def embed_all(parts: EmbedParts, collection: str | None, on_document: OnDocument) -> int:
    """Re-embed all documents without vectors, in this process, except documents that a worker finishes meanwhile.

    Args:
        parts: Database and encoder.
        collection: Id or name; None for all.
        on_document: Told (documents done, documents in all).

    Returns:
        Number of documents.

    Raises:
        CollectionNotFoundError: There is no such collection.
        UnavailableError: There is no encoder.
    """
    with parts.db.read() as session:
        row = None if collection is None else collections.find(session, collection)
        if collection is not None and row is None:
            raise CollectionNotFoundError(collection)
        waiting = vectors.waiting_documents(session, parts.encoder_id, row.id if row else None)
    for number, document_id in enumerate(waiting):
        on_document(number, len(waiting))
        _embed(parts, document_id, lambda *_: None)
    on_document(len(waiting), len(waiting))
    return len(waiting)


def prune(db: Database, encoder_id: str) -> int:
    """Delete vectors by other encoders of all that has some by the encoder in use; gives their number.

    Raises:
        UnavailableError: There is no encoder.
    """
    model, dropped = encoder_id, 0
    with db.read() as session:
        batches = list(vectors.content_batches(session))
    for batch in batches:
        with db.write() as session:
            dropped += vectors.drop_others(session, batch, model)
    return dropped


def _embed(
    parts: EmbedParts, document_id: str, on_progress: OnProgress, job: LeasedJob | None = None
) -> bool:
    """Re-embed the serving version of a document.

    Returns:
        False if that version has vectors, or another version serves by now; the job is not finished then.
    """
    model = parts.embedder.model_id
    with parts.db.read() as session:
        found = documents.serving_content(session, document_id)
        if found is None or vectors.has(session, found[1].content_id, model):
            return False
        content = found[1]
        sentences = vectors.sentences_of(session, content.content_id)
    made = embed_again(
        content.text,
        [[(start, end) for start, end in spans] for spans in sentences.values()],
        encode=mapping.sentence_encoder(parts.embedder),
        count_tokens=parts.count_tokens,
        on_encoded=lambda done, total: on_progress(STAGE, done, total),
    )
    columns = [mapping.vector_values(item) for item in made]
    while True:
        stored = _store(parts.db, content.content_id, model, list(sentences), columns, job)
        if stored is not None:
            return stored


def _store(
    db: Database,
    content_id: int,
    model: str,
    body_ids: list[int],
    columns: list[dict[str, object]],
    job: LeasedJob | None,
) -> bool | None:
    """Write vectors, index changes and the end of the job in one transaction.

    Returns:
        None if another collection started to use this content meanwhile: the caller retries, so it is notified too.
        False where the content is gone or has vectors by now.
    """
    with db.write() as session:
        users = vectors.collections_of(session, content_id)
        for collection_id in users:  # in one order, so that two who do this can't wait for each other
            collections.lock(session, collection_id)
        if not vectors.hold(session, content_id) or vectors.has(session, content_id, model):
            return False
        if vectors.collections_of(session, content_id) != users:
            return None
        if job is not None:
            jobs.finish(session, job, utc_now())
        vectors.store(session, model, body_ids, columns)
        for collection_id, chunk_ids in vectors.live_ids(session, content_id).items():
            collections.record_index_change(session, collection_id, embedded=chunk_ids)
    return True
