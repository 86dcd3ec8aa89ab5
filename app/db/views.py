"""Rows as the rest of the program sees them: frozen, complete, and without a session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRecord:
    """A collection's own row.

    Attributes:
        language: Language of its documents; None where nobody said.
        settings: Its own values of settings that the server has too.
    """

    id: str
    name: str
    description: str
    language: str | None
    settings: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexChangeView:
    """Ids of chunks that entered the indexes of a collection, left them, or got vectors of another encoder."""

    added: Sequence[int]
    removed: Sequence[int]
    embedded: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureView:
    """Work that a deletion has left outside of the database.

    Attributes:
        blobs: Hashes of files without an owner.
        collection_ids: Collections whose index files still hold words or vectors.
    """

    id: str
    blobs: Sequence[str]
    collection_ids: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """A worker that was seen lately.

    Attributes:
        seen_at: Its last sign of life.
        failure: Code and message of its last fault.
        failed_at: The moment of that fault.
    """

    owner: str
    seen_at: datetime
    failure: Mapping[str, Any] | None
    failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """A job as it stands.

    Attributes:
        kind: ingest or reembed.
        state: queued, running, done or failed.
        done: Finished units of the stage.
        total: Units of the stage; 0 where not known yet.
    """

    id: str
    kind: str
    collection_id: str
    document_id: str
    state: str
    stage: str
    done: int
    total: int
    attempts: int
    error: Mapping[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in {"queued", "running"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedJob:
    """A job as it was leased to a worker; all writes for it name its fence.

    Attributes:
        kind: ingest or reembed.
        version_id: The version that is ingested; None where a document is embedded anew.
        stage: The first stage.
        attempts: Number of this attempt, from 1.
        fence: Number of this lease; a later one makes every write for this one fail.
        queued_at: When it was queued.
        request_id: The request that it was queued by; empty where that is not known.
        traceparent: Trace of that request; empty where nothing was traced.
    """

    id: str
    kind: str
    collection_id: str
    document_id: str
    version_id: str | None
    stage: str
    attempts: int
    fence: int
    queued_at: datetime | None = None
    request_id: str = ""
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRecord:
    """A document's own row.

    Attributes:
        parent_id: The archive or mail that the document came out of.
        version: Number of its newest version, serving or not.
        meta: Metadata as its sender gave it.
    """

    id: str
    collection_id: str
    name: str
    external_id: str | None
    parent_id: str | None
    enabled: bool
    version: int
    meta: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """Some bytes under a document's name.

    Attributes:
        number: Counts the versions of the document, from 1.
        media_type: As declared, and as found once the version is ready.
        serving: Whether search uses it.
        content_id: What was made of the bytes; None before the version is ready.
    """

    id: str
    document_id: str
    number: int
    sha256: str
    media_type: str | None
    status: str
    serving: bool
    content_id: int | None
    title: str
    error: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentView:
    """Everything derived from a blob, except the text.

    Attributes:
        title: Title found in the text; empty where there was none.
        dropped: Left-out parts, each with `what` and `count`.
        coverage: `visible`, `kept` and `lost` characters; None where it was not measured.
    """

    id: int
    title: str
    media_type: str
    language: str
    page_count: int
    dropped: Sequence[Mapping[str, Any]]
    coverage: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CanonicalText:
    """The text that citations point into, with its structure.

    Attributes:
        content_id: The content whose text it is.
        blocks: `kind`, `start`, `end`, `level` and `page` of each block, ascending.
        pages: `number`, `start` and `end` of each page, ascending.
    """

    content_id: int
    text: str
    blocks: Sequence[Mapping[str, Any]]
    pages: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document with all that is shown of it.

    Attributes:
        newest: Its newest version, whose state is the document's state.
        serving: The version that search uses, None before the first is ready.
        newest_content: What was made of the newest version, None before it is ready.
        chunks: Searchable chunks, those of the serving version.
        job: The newest job that ingests the document.
    """

    document: DocumentRecord
    newest: VersionView
    serving: VersionView | None
    newest_content: ContentView | None
    size_bytes: int
    chunks: int
    job: JobView | None
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkView:
    """A chunk of a document.

    Attributes:
        position: Its place in the order of the text, from 0.
        start: First character in the canonical text.
        end: Behind the last character.
        sentences: `(start, end)` of its sentences in the canonical text.
        enabled: Whether searches and answers may use it.
    """

    id: int
    document_id: str
    position: int
    start: int
    end: int
    text: str
    token_count: int
    language: str
    heading_path: Sequence[str]
    page: int | None
    page_end: int | None
    sentences: Sequence[Sequence[int]]
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChunk:
    """A chunk that search may return, with the facts of its document.

    Attributes:
        name: Name of the document.
        title: Title of the version that serves.
        start: First character in the canonical text.
        end: Behind the last character.
        sentences: `(start, end)` of its sentences in the canonical text.
    """

    id: int
    document_id: str
    name: str
    title: str
    text: str
    start: int
    end: int
    heading_path: Sequence[str]
    page: int | None
    sentences: Sequence[Sequence[int]]
