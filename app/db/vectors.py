"""Queries over vectors per encoder: contents without vectors, index changes to record, vectors of other encoders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, select
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, aliased

from app.db.models import Chunk, ChunkVector, Content, ContentChunk, Document, DocumentVersion, Job

CONTENTS_AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Documents whose serving version has no vectors by an encoder, and their chunks."""

    documents: int = 0
    chunks: int = 0


def store(
    session: Session, vector_model: str, chunk_ids: Sequence[int], vectors: list[dict[str, Any]]
) -> None:
    """Write the vectors of some content's chunks (ids in `content_chunks`), one row of columns for each."""
    if vectors:
        rows = [
            {"content_chunk_id": chunk_id, "vector_model": vector_model, **columns}
            for chunk_id, columns in zip(chunk_ids, vectors, strict=True)
        ]
        session.execute(insert(ChunkVector), rows)


def has(session: Session, content_id: int, vector_model: str) -> bool:
    """Whether a content needs no vectors by this encoder: it has them, or it has no chunks."""
    return session.scalar(select(Content.id).where(Content.id == content_id, _lacks(vector_model))) is None


def sentences_of(session: Session, content_id: int) -> dict[int, list[list[int]]]:
    """Ranges of the sentences by chunk of a content (ids in `content_chunks`), in the order of the text."""
    rows = session.execute(
        select(ContentChunk.id, ContentChunk.sentences)
        .where(ContentChunk.content_id == content_id)
        .order_by(ContentChunk.position)
    )
    return {row[0]: row[1] for row in rows}


def hold(session: Session, content_id: int) -> bool:
    """Keep others from taking up or deleting a content until commit; False where it is gone."""
    return session.scalar(select(Content.id).where(Content.id == content_id).with_for_update()) is not None


def collections_of(session: Session, content_id: int) -> list[str]:
    """Ids of the collections in which a content serves, ascending."""
    statement = select(Chunk.collection_id).join(ContentChunk, ContentChunk.id == Chunk.content_chunk_id)
    return sorted(session.scalars(statement.where(ContentChunk.content_id == content_id).distinct()))


def live_ids(session: Session, content_id: int) -> dict[str, list[int]]:
    """By collection, ids of the chunks of a content that search may return."""
    found: dict[str, list[int]] = {}
    for collection_id, chunk_id in session.execute(
        select(Chunk.collection_id, Chunk.id)
        .join(ContentChunk, ContentChunk.id == Chunk.content_chunk_id)
        .join(Document, Document.id == Chunk.document_id)
        .where(ContentChunk.content_id == content_id, Chunk.enabled, Document.enabled)
        .order_by(Chunk.id)
    ):
        found.setdefault(collection_id, []).append(chunk_id)
    return found


def waiting_documents(session: Session, vector_model: str, collection_id: str | None = None) -> list[str]:
    """Ids of documents whose serving version lacks vectors by this encoder, oldest first."""
    statement = _waiting(vector_model, Document.id).order_by(Document.created_at, Document.id)
    if collection_id is not None:
        statement = statement.where(Document.collection_id == collection_id)
    return list(session.scalars(statement))


def without_job(session: Session, vector_model: str) -> list[tuple[str, str]]:
    """Waiting documents with their collections, without documents that have a job for this encoder, failed or not."""
    known = (
        select(Job.id)
        .where(
            Job.document_id == Document.id,
            Job.vector_model == vector_model,
            Job.state.in_(("queued", "running", "failed")),
        )
        .exists()
    )
    rows = session.execute(_waiting(vector_model, Document.id, Document.collection_id).where(~known))
    return [(row[0], row[1]) for row in rows]


def waiting(
    session: Session, vector_model: str, collection_ids: Sequence[str] | None = None
) -> dict[str, Waiting]:
    """Documents and chunks that wait for vectors of an encoder, by collection; others are left out.

    Args:
        session: Any open session.
        vector_model: Id of the encoder.
        collection_ids: Where to look; None for all collections.
    """
    statement = _waiting(vector_model, Document.collection_id, func.count(), func.sum(Content.chunk_count))
    if collection_ids is not None:
        statement = statement.where(Document.collection_id.in_(collection_ids))
    rows = session.execute(statement.group_by(Document.collection_id))
    return {row[0]: Waiting(documents=row[1], chunks=int(row[2])) for row in rows}


def content_batches(session: Session) -> Iterator[Sequence[int]]:
    """Ids of all contents, some at a time."""
    last = 0
    while ids := session.scalars(
        select(Content.id).where(Content.id > last).order_by(Content.id).limit(CONTENTS_AT_ONCE)
    ).all():
        yield ids
        last = ids[-1]


def drop_others(session: Session, content_ids: Sequence[int], vector_model: str) -> int:
    """Delete vectors of these contents by other encoders where they have some by this one; gives their number."""
    mine = aliased(ChunkVector)
    result = session.execute(
        delete(ChunkVector)
        .where(
            ChunkVector.content_chunk_id.in_(
                select(ContentChunk.id).where(ContentChunk.content_id.in_(content_ids))
            ),
            ChunkVector.vector_model != vector_model,
            select(mine.vector_model)
            .where(mine.content_chunk_id == ChunkVector.content_chunk_id, mine.vector_model == vector_model)
            .correlate(ChunkVector)
            .exists(),
        )
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount


def _waiting(vector_model: str, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Document)
        .join(DocumentVersion, and_(DocumentVersion.document_id == Document.id, DocumentVersion.serving))
        .join(Content, Content.id == DocumentVersion.content_id)
        .where(_lacks(vector_model))
    )


def _lacks(vector_model: str) -> ColumnElement[bool]:
    """Whether a content has chunks and no vectors of theirs: the first one stands for all."""
    there = (
        select(ChunkVector.content_chunk_id)
        .join(ContentChunk, ContentChunk.id == ChunkVector.content_chunk_id)
        .where(
            ContentChunk.content_id == Content.id,
            ContentChunk.position == 0,
            ChunkVector.vector_model == vector_model,
        )
        .correlate(Content)
        .exists()
    )
    return and_(Content.chunk_count > 0, ~there)
