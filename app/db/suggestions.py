"""Queries over the questions that are suggested for a collection."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.db.models import Chunk, Collection, ContentChunk, Document, DocumentVersion, Job
from app.db.suggestion_models import SuggestedQuestion
from app.db.types import utc_now

LOOKED_AT = 400
"""Chunks of a collection that questions are made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A suggested question, and the document of its passage."""

    question: str
    language: str
    document_id: str
    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A chunk to make questions from; `sentences` are ranges in the text of its content."""

    chunk_id: int
    document_id: str
    text: str
    start: int
    sentences: list[list[int]]
    heading_path: list[str]


def listed(session: Session, collection_id: str) -> list[Suggestion]:
    """Suggested questions of a collection whose documents are searched, in the order in which they were made."""
    rows = session.execute(
        select(
            SuggestedQuestion.question, SuggestedQuestion.language, Document.id, Document.name, DocumentVersion.title,
        )
        .join(Chunk, Chunk.id == SuggestedQuestion.chunk_id)
        .join(Document, Document.id == Chunk.document_id)
        .join(DocumentVersion, DocumentVersion.id == Chunk.version_id)
        .where(SuggestedQuestion.collection_id == collection_id, Document.enabled)
        .order_by(SuggestedQuestion.id)
    )  # fmt: skip
    return [Suggestion(question=r[0], language=r[1], document_id=r[2], name=r[3], title=r[4]) for r in rows]


def due(session: Session, wanted: int) -> tuple[str, int] | None:
    """A collection with too few questions for its present documents, and the number of its last change.

    A collection whose documents are still being taken in, or whose last attempt saw the same documents, is not due.
    """
    made = (
        select(func.count(SuggestedQuestion.id))
        .where(SuggestedQuestion.collection_id == Collection.id)
        .correlate(Collection)
        .scalar_subquery()
    )
    busy = (
        select(Job.id)
        .where(Job.collection_id == Collection.id, Job.state.in_(("queued", "running")))
        .exists()
    )
    filled = select(Chunk.id).where(Chunk.collection_id == Collection.id).exists()
    row = session.execute(
        select(Collection.id, Collection.index_seq)
        .where(made < wanted, filled, ~busy, Collection.suggested_seq.is_distinct_from(Collection.index_seq))
        .order_by(Collection.created_at)
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


def material(session: Session, collection_id: str) -> list[Material]:
    """Chunks from all over a collection, `LOOKED_AT` at most."""
    ids = session.scalars(
        select(Chunk.id)
        .join(Document, Document.id == Chunk.document_id)
        .where(Chunk.collection_id == collection_id, Document.enabled)
        .order_by(Chunk.id)
    ).all()
    step = max(1, len(ids) // LOOKED_AT)
    rows = session.execute(
        select(
            Chunk.id, Chunk.document_id, ContentChunk.text, ContentChunk.start, ContentChunk.sentences,
            ContentChunk.heading_path,
        )
        .join(ContentChunk, ContentChunk.id == Chunk.content_chunk_id)
        .where(Chunk.id.in_(ids[::step][:LOOKED_AT]))
        .order_by(Chunk.id)
    )  # fmt: skip
    return [
        Material(chunk_id=r[0], document_id=r[1], text=r[2], start=r[3], sentences=r[4], heading_path=r[5])
        for r in rows
    ]


def add(session: Session, collection_id: str, chunk_id: int, question: str, language: str) -> bool:
    """Add a question; False where its chunk has gone meanwhile."""
    if (
        session.scalar(
            select(Chunk.id).where(Chunk.id == chunk_id).with_for_update(key_share=True, read=True)
        )
        is None
    ):
        return False
    row = SuggestedQuestion(
        collection_id=collection_id,
        chunk_id=chunk_id,
        question=question,
        language=language,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return True


def mark(session: Session, collection_id: str, seq: int) -> None:
    """Record the change of a collection that was seen by the last attempt."""
    session.execute(update(Collection).where(Collection.id == collection_id).values(suggested_seq=seq))


def questions(suggestions: Sequence[Suggestion]) -> set[str]:
    """Texts of suggestions, to compare with."""
    return {one.question.casefold() for one in suggestions}
