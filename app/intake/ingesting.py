"""The path of a document, from stored bytes to searchable chunks, for one leased job.

Work happens outside any transaction; what comes of it is published in one: content, chunks, vectors, the
index change, the version's state and the end of the job. A worker that lost its lease publishes nothing.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from app.db import collections, contents, documents, jobs
from app.db.contents import ContentKey
from app.db.engine import Database
from app.db.types import utc_now
from app.db.views import ContentView, DocumentRecord, LeasedJob, VersionView
from app.errors import FathomError, LeaseLostError, UnavailableError
from app.intake import mapping
from app.intake.members import Members
from app.intake.parts import IngestParts
from app.library import erasing
from app.storage import BlobStore
from ingestion.config import ChunkingConfig
from ingestion.errors import PartlyUnpackedError
from ingestion.pipeline import ingest, parse
from ingestion.sniff import CONTAINERS, SUFFIXES, WITH_ATTACHMENTS
from ingestion.types import Chunk, IngestEvent, KeepMember, Parser, Source
from ingestion.types import Document as ParsedDocument

RECIPE_VERSION = 6
"""Increase it when parsing, chunking or embedding changes its output, so that old content is not reused."""

# Types that servers declare for want of a better one.
_UNTOLD = frozenset({"", "text/plain", "application/octet-stream"})

OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Document, version and settings of a job, read once at its start."""

    job: LeasedJob
    document: DocumentRecord
    version: VersionView
    key: ContentKey
    chunking: ChunkingConfig


def run_job(
    parts: IngestParts, job: LeasedJob, on_progress: OnProgress, parser: Parser | None = None
) -> None:
    """Ingest the document version of a leased job and publish it.

    Args:
        parts: Encoder, vocabulary, database and stored files.
        job: From `app.db.jobs.claim`.
        on_progress: Told `(stage, done, total)` as the work goes on; may raise to stop it.
        parser: A warm parser process; without one another is started for this document.

    Raises:
        PartlyUnpackedError: Some files of an archive are missing; the others are documents now.
        IngestionError: The document can't be taken in, now or ever.
        LeaseLostError: Another worker has the job, or the document is gone; nothing was written.
    """
    task = _read_task(parts, job)
    # Only what was uploaded itself is opened: its members hold nothing that was not handed on with them.
    is_member = task.document.parent_id is not None
    name_limit = parts.settings.limits.max_name_chars
    members = None if is_member else Members(parts.db, parts.blobs, name_limit, task.document)
    keep = None if members is None else members.store
    reused = _reusable(parts.db, task)
    if reused is not None:
        on_progress("indexing", 0, 1)
        if keep is not None and reused.media_type in WITH_ATTACHMENTS:
            # The text is known; the files beside it are not kept with it.
            limits = mapping.parsing_limits(parts.settings.limits)
            parse(_source(parts.blobs, task), limits, parser=parser, keep=keep)
        if _publish(parts, task, None, members):
            return
    try:
        parsed = _ingest(parts, task, on_progress, parser, keep)
    except PartlyUnpackedError:
        if members is not None:
            members.record_apart(job, members.batches())
        raise
    on_progress("indexing", 0, 1)
    _publish(parts, task, parsed, members)


def record_failure(db: Database, job: LeasedJob, error: dict[str, str]) -> None:
    """Set the job and its document version to failed.

    Raises:
        LeaseLostError: Another worker has the job, or the document is gone.
    """
    with db.write() as session:
        jobs.fail(session, job, utc_now(), error)


def recipe(parts: IngestParts, chunking: ChunkingConfig) -> str:
    """Hash over everything but the bytes that decides text, chunks and vectors."""
    limits = parts.settings.limits
    ingredients = {
        "version": RECIPE_VERSION,
        "kept": {"hidden": limits.keep_hidden, "margins": limits.keep_margins},
        "chunking": {name: getattr(chunking, name) for name in sorted(chunking.__slots__)},
        "encoder": parts.embedder.model_id,
        "vocabulary": parts.vocabulary_id,
    }
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()


def _read_task(parts: IngestParts, job: LeasedJob) -> Task:
    with parts.db.read() as session:
        version = documents.version(session, job.version_id) if job.version_id else None
        document = documents.find(session, job.document_id)
        collection = collections.find(session, job.collection_id)
    if version is None or document is None or collection is None:
        raise LeaseLostError(job.id)
    chunking = mapping.chunking_config(parts.settings.chunking, collection.settings.get("max_tokens"))
    is_member = document.parent_id is not None
    hint = parser_hint(document.name, version.media_type, is_member=is_member)
    key = ContentKey(sha256=version.sha256, hint=hint, recipe=recipe(parts, chunking))
    return Task(job=job, document=document, version=version, key=key, chunking=chunking)


def parser_hint(name: str, media_type: str | None, *, is_member: bool) -> str:
    """Format hint for the parser: a known file suffix, otherwise the declared media type.

    Browsers declare types at random; web servers know them better than the end of an address does.

    Args:
        name: The document's name, a path or an address.
        media_type: As declared, or None.
        is_member: Whether the document came out of an archive or a mail, and is no address itself.
    """
    name, declared = name.replace("\\", "/"), media_type or ""
    if not is_member and name.startswith(("http://", "https://")):
        if declared not in _UNTOLD:
            return declared[:255]
        name = urlsplit(name).path
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if suffix in SUFFIXES else declared[:255]


def _reusable(db: Database, task: Task) -> ContentView | None:
    """Stored content for the task, if any; containers are read again, so that their members become documents."""
    with db.read() as session:
        content = documents.content_of(session, task.key.sha256, task.key.hint, task.key.recipe)
    return None if content is None or content.media_type in CONTAINERS else content


def _source(blobs: BlobStore, task: Task) -> Source:
    """The stored file with the parser's hints.

    Raises:
        UnavailableError: If it is missing.
    """
    try:
        data = blobs.read(task.key.sha256)
    except FileNotFoundError as error:
        raise UnavailableError(
            "file_missing",
            f"The stored file of document {task.document.id} is missing.",
            "Upload the document again, or restore the folder of stored files from a backup.",
        ) from error
    # The parser is told no more than the key holds: documents of other names may share what comes out.
    hint = task.key.hint
    is_suffix = hint.startswith(".")
    return Source(
        name=f"document{hint}" if is_suffix else "document", data=data, media_type=None if is_suffix else hint
    )


def _ingest(
    parts: IngestParts,
    task: Task,
    on_progress: OnProgress,
    parser: Parser | None,
    keep: KeepMember | None,
) -> tuple[ParsedDocument, tuple[Chunk, ...]]:
    def on_event(event: IngestEvent) -> None:
        # Chunking ends when embedding does; telling so would look like a step back.
        if event.stage != "chunking" or event.done < event.total:
            on_progress(event.stage, event.done, event.total)

    return ingest(
        _source(parts.blobs, task),
        encode=mapping.sentence_encoder(parts.embedder),
        count_tokens=parts.count_tokens,
        chunking=task.chunking,
        limits=mapping.parsing_limits(parts.settings.limits),
        on_event=on_event,
        parser=parser,
        keep=keep,
    )


def _publish(
    parts: IngestParts,
    task: Task,
    parsed: tuple[ParsedDocument, tuple[Chunk, ...]] | None,
    members: Members | None,
) -> bool:
    """Write everything in one transaction, but for the first members of a large archive.

    Returns:
        False where content was to be reused and is gone meanwhile.

    Raises:
        LeaseLostError: Another worker has the job, or the document is gone.
    """
    columns = None if parsed is None else _columns(task, parsed)
    *first, last = [[]] if members is None else members.batches()
    if members is not None:
        members.record_apart(task.job, first)

    def publish(session: Session) -> tuple[bool, bool] | None:
        # Collections are locked before jobs and documents by all who write.
        if collections.lock(session, task.job.collection_id) is None:
            raise LeaseLostError(task.job.id)
        if columns is None:
            content = documents.content_of(session, task.key.sha256, task.key.hint, task.key.recipe)
        else:
            content = contents.store(session, task.key, parts.embedder.model_id, *columns)
        if content is None:
            return None
        jobs.finish(session, task.job, utc_now())
        erased = members is not None and members.record_last(session, task.job, last)
        return erased, _serve(session, task, content)

    published = parts.db.transact(publish)
    if published is None:
        return False
    erased, replaced = published
    if erased:
        parts.refresh_open_index(task.job.collection_id)
    if erased or replaced:
        erasing.try_to_finish(parts)
    return True


def _columns(
    task: Task, parsed: tuple[ParsedDocument, tuple[Chunk, ...]]
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """Columns of the content, of its chunks, and of their vectors."""
    document, chunks = parsed
    return (
        mapping.content_values(document, len(chunks), task.document.name),
        [mapping.chunk_values(chunk) for chunk in chunks],
        [mapping.vector_values(chunk) for chunk in chunks],
    )


def _serve(session: Session, task: Task, content: ContentView) -> bool:
    """Let the version serve; gives whether it takes the place of another, whose text is blanked in answers.

    Raises:
        LeaseLostError: The document is gone.
    """
    document = documents.find(session, task.document.id)
    if document is None:
        raise LeaseLostError(task.job.id)
    title = content.title or mapping.stem(document.name)
    before = documents.serving_version(session, document.id)
    gone = erasing.gone_texts(session, [document.id]) if before is not None else {}
    blobs = contents.publish(session, document, task.version.id, content, title, utc_now())
    if before is not None:
        erasing.replace(session, gone, task.version.id, content.id, title)
        erasing.schedule(session, blobs, [document.collection_id])
    return before is not None


def is_transient(error: BaseException) -> bool:
    """Whether trying again later can help: the machine, not the document, is in the way."""
    if isinstance(error, FathomError):
        return isinstance(error, UnavailableError) and error.code != "file_missing"
    return isinstance(error, OSError | MemoryError)
