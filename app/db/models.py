"""Tables, from user data over derived content to the jobs between them.

A document has versions. Each version points to content (what one recipe makes of some bytes), which versions of equal
bytes share. Only the serving version has rows in `chunks`: search may return these, and indexes go by their ids.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.table_base import Base as Base
from app.db.table_base import BigId as BigId
from app.db.types import JsonColumn, UtcDateTime, utc_now

DOCUMENT_STATES = ("queued", "parsing", "chunking", "embedding", "indexing", "ready", "failed")
JOB_STATES = ("queued", "running", "done", "failed")


class Installation(Base):
    """The one row that says which database this is; see `app.home`."""

    __tablename__ = "installation"

    key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    database_id: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class WorkerState(Base):
    """A worker process: its last heartbeat, and its last fault outside of any document.

    Attributes:
        owner: Machine and process, as its leases name it.
        failure: Code and message of the last fault.
    """

    __tablename__ = "workers"

    owner: Mapped[str] = mapped_column(String(255), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    failure: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Collection(Base):
    """A set of documents that is searched together.

    `index_seq` is the number of the last index change. It is raised by an UPDATE inside the transaction that makes the
    change, which holds the row's lock until commit: changes of one collection therefore become visible in the order of
    their numbers, and without gaps.
    `owner_id` is a user, None where the machine made it. `suggested_seq` is the change at which questions were last
    made for it.
    """

    __tablename__ = "collections"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    description: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str | None] = mapped_column(String(8))
    settings: Mapped[dict[str, Any]] = mapped_column(JsonColumn, default=dict)
    owner_id: Mapped[str | None] = mapped_column(String(40), index=True)
    index_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    suggested_seq: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Blob(Base):
    """Uploaded bytes, stored once per content in a file named by `sha256`."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Document(Base):
    """A named document; `version` is the number of its newest version, serving or not.

    A document with `parent_id` came out of that one, an archive or a mail, and goes with it.
    """

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("collection_id", "name"),
        UniqueConstraint("collection_id", "external_id"),
        Index("ix_documents_collection_id_created_at_id", "collection_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    external_id: Mapped[str | None] = mapped_column(String(255))
    # No foreign key: SQLite adds one to a full table only by emptying those that refer to it.
    parent_id: Mapped[str | None] = mapped_column(String(40), index=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(Integer, default=1)
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", JsonColumn, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Content(Base):
    """The result of one recipe (parser, chunking, encoder, vocabulary) on one blob.

    Attributes:
        hint: File suffix or declared media type that the parser was told, part of the identity.
        recipe: Hash over everything else that can change text, chunks or vectors.
        title: Title found in the text; empty where there was none and the name stands in.
    """

    __tablename__ = "contents"
    __table_args__ = (UniqueConstraint("sha256", "hint", "recipe"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    hint: Mapped[str] = mapped_column(String(255))
    recipe: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text, deferred=True)
    blocks: Mapped[list[dict[str, Any]]] = mapped_column(JsonColumn, deferred=True)
    pages: Mapped[list[dict[str, Any]]] = mapped_column(JsonColumn, deferred=True)
    dropped: Mapped[list[dict[str, Any]]] = mapped_column(JsonColumn)
    coverage: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    title: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(255))
    encoding: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    chunk_count: Mapped[int] = mapped_column(Integer)
    page_count: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class DocumentVersion(Base):
    """Some bytes under a document's name; at most one version of a document serves at a time."""

    __tablename__ = "document_versions"
    __table_args__ = (
        UniqueConstraint("document_id", "number"),
        Index(
            "uq_document_versions_serving",
            "document_id",
            unique=True,
            sqlite_where=text("serving"),
            postgresql_where=text("serving"),
        ),
        CheckConstraint(f"status IN {DOCUMENT_STATES}", name="status"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    media_type: Mapped[str | None] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16), default="queued")
    serving: Mapped[bool] = mapped_column(default=False)
    content_id: Mapped[int | None] = mapped_column(ForeignKey("contents.id"), index=True)
    title: Mapped[str] = mapped_column(Text, default="")
    error: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    ready_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    blob: Mapped[Blob] = relationship(lazy="raise")
    content: Mapped[Content | None] = relationship(lazy="raise")


class ContentChunk(Base):
    """A chunk of content; shared by all versions of that content.

    Attributes:
        position: 0-based order in the text.
        start: First character in the content's text; `text == content.text[start:end]`.
        sentences: Ranges in the content's text.
    """

    __tablename__ = "content_chunks"
    __table_args__ = (UniqueConstraint("content_id", "position"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column("end_", Integer)
    text: Mapped[str] = mapped_column(Text)
    token_count: Mapped[int] = mapped_column(Integer)
    language: Mapped[str] = mapped_column(String(8))
    heading_path: Mapped[list[str]] = mapped_column(JsonColumn)
    page: Mapped[int | None] = mapped_column(Integer)
    page_end: Mapped[int | None] = mapped_column(Integer)
    sentences: Mapped[list[list[int]]] = mapped_column(JsonColumn)


class ChunkVector(Base):
    """Vectors of a chunk by one encoder; either all chunks of a content have them or none.

    Attributes:
        vector_model: Id of the encoder; only vectors of the same one are ever compared.
        vector: float16 values, little-endian, unit length before rounding.
        sentence_vectors: int8 values, those of each sentence in turn; None in content of before they were kept.
    """

    __tablename__ = "chunk_vectors"

    content_chunk_id: Mapped[int] = mapped_column(
        ForeignKey("content_chunks.id", ondelete="CASCADE"), primary_key=True
    )
    vector_model: Mapped[str] = mapped_column(String(255), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    sentence_vectors: Mapped[bytes | None] = mapped_column(LargeBinary)


class Chunk(Base):
    """A chunk of a serving version, which search may return while it is enabled. `id` labels it in indexes."""

    __tablename__ = "chunks"
    __table_args__ = (
        UniqueConstraint("version_id", "content_chunk_id"),
        Index("ix_chunks_collection_id_id", "collection_id", "id"),
        Index(
            "ix_chunks_switched_off",
            "version_id",
            sqlite_where=text("enabled = 0"),
            postgresql_where=text("NOT enabled"),
        ),
        {"sqlite_autoincrement": True},  # no id twice: a stale index must not name another document's chunk
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("document_versions.id", ondelete="CASCADE"))
    content_chunk_id: Mapped[int] = mapped_column(ForeignKey("content_chunks.id"), index=True)
    enabled: Mapped[bool] = mapped_column(default=True, server_default=true())

    body: Mapped[ContentChunk] = relationship(lazy="raise")
    document: Mapped[Document] = relationship(lazy="raise")
    version: Mapped[DocumentVersion] = relationship(lazy="raise")


class IndexChange(Base):
    """Chunk ids that entered or left a collection's indexes, in the order of `seq`.

    Attributes:
        embedded: Chunks that were there already and got vectors of another encoder.
    """

    __tablename__ = "index_changes"

    collection_id: Mapped[str] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    added: Mapped[list[int]] = mapped_column(JsonColumn)
    removed: Mapped[list[int]] = mapped_column(JsonColumn)
    embedded: Mapped[list[int]] = mapped_column(JsonColumn, server_default="[]")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Job(Base):
    """A job on a document, leased to one worker at a time: ingest a version, or re-embed the serving one.

    `fence` grows with every lease. All writes of a worker are conditional on the fence it was given,
    so a worker that lost its lease, but does not know yet, changes nothing.

    Attributes:
        kind: ingest or reembed.
        version_id: What is ingested; None where a document is embedded anew.
        vector_model: Encoder that a document is embedded anew by; None for ingestion, which takes the worker's.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_run_after", "state", "run_after"),
        CheckConstraint(f"state IN {JOB_STATES}", name="state"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), default="ingest")
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    # The job outlives a version that was replaced, so that who waits for it gets an answer.
    version_id: Mapped[str | None] = mapped_column(
        ForeignKey("document_versions.id", ondelete="SET NULL"), index=True
    )
    vector_model: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), default="queued")
    stage: Mapped[str] = mapped_column(String(16), default="queued")
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    run_after: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    fence: Mapped[int] = mapped_column(BigInteger, default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(255))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Answer(Base):
    """A question and its answer, refusal or failure.

    Attributes:
        status: running, done, failed or cancelled.
        request: The request as it was understood, defaults filled in.
        answer: The answer object of the REST interface once there is one.
        events: The finished stream, `[{id, event, data}]`, for clients that resume late.
        provenance: Where each token comes from; `conversation`: the caller's id of what the answer belongs to.
        owner_id: The user who asked; None where the machine did.
        outdated: source_changed or source_gone, where a source is not any more as it was answered from.
    """

    __tablename__ = "answers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    question: Mapped[str] = mapped_column(Text)
    collection_ids: Mapped[list[str]] = mapped_column(JsonColumn)
    request: Mapped[dict[str, Any]] = mapped_column(JsonColumn, default=dict)
    status: Mapped[str] = mapped_column(String(16), default="running")
    answer: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    error: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    events: Mapped[list[dict[str, Any]] | None] = mapped_column(JsonColumn, deferred=True)
    provenance: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn, deferred=True)
    model: Mapped[str] = mapped_column(String(255), default="")
    rating: Mapped[int | None] = mapped_column(Integer)
    comment: Mapped[str | None] = mapped_column(Text)
    conversation: Mapped[str | None] = mapped_column(String(64), index=True)
    owner_id: Mapped[str | None] = mapped_column(String(40), index=True)
    outdated: Mapped[str | None] = mapped_column(String(16), index=True)
    outdated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class AnswerSource(Base):
    """A document whose text an answer holds or was made from; used to find the answers of a deleted document."""

    __tablename__ = "answer_sources"

    answer_id: Mapped[str] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True)
    # No foreign key: the row goes when the answer was blanked, which is after the document went.
    document_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)


class Erasure(Base):
    """An erasure to do outside of the database after text was deleted in it; deleted when it is done.

    Files that no document has any more go, and words and vectors of what was deleted go from index files.
    """

    __tablename__ = "erasures"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    blobs: Mapped[list[str]] = mapped_column(JsonColumn)
    collection_ids: Mapped[list[str]] = mapped_column(JsonColumn)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
