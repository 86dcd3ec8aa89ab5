"""Writing text, chunks and vectors of a version, and publishing it to search."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import collections, documents, vectors
from app.db.models import Chunk, Content, ContentChunk, Document, DocumentVersion
from app.db.views import ContentView, DocumentRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentKey:
    """Key of text, chunks and vectors: hash of the bytes, format hint of the parser, recipe."""

    sha256: str
    hint: str
    recipe: str


def store(
    session: Session,
    key: ContentKey,
    vector_model: str,
    values: dict[str, Any],
    chunks: list[dict[str, Any]],
    chunk_vectors: list[dict[str, Any]],
) -> ContentView:
    """Write content with its chunks, or give that which another worker wrote meanwhile.

    Args:
        session: A writing session.
        key: Identity of the content.
        vector_model: Encoder of the chunks' vectors.
        values: The other columns of the content.
        chunks: Columns of each chunk.
        chunk_vectors: Columns of each chunk's vectors.

    Raises:
        IntegrityError: The blob is gone: its last document was deleted meanwhile.
    """
    known = documents.content_of(session, key.sha256, key.hint, key.recipe)
    if known is not None:
        return known
    content = Content(sha256=key.sha256, hint=key.hint, recipe=key.recipe, **values)
    try:
        with session.begin_nested():
            session.add(content)
            session.flush()
    except IntegrityError:
        known = documents.content_of(session, key.sha256, key.hint, key.recipe)
        if known is None:
            raise
        return known
    if chunks:
        statement = insert(ContentChunk).returning(ContentChunk.id, sort_by_parameter_order=True)
        rows = [{"content_id": content.id, **chunk} for chunk in chunks]
        vectors.store(session, vector_model, session.scalars(statement, rows).all(), chunk_vectors)
    return documents.content_view(content)


def publish(
    session: Session,
    document: DocumentRecord,
    version_id: str,
    content: ContentView,
    title: str,
    now: datetime,
) -> Sequence[str]:
    """Let a version serve instead of the one before: rows, index change and state in this transaction.

    Returns:
        Hashes of the blobs that nobody has any more.
    """
    before = documents.serving_version(session, document.id)
    removed: Sequence[int] = ()
    if before is not None:
        removed = session.scalars(select(Chunk.id).where(Chunk.document_id == document.id)).all()
        session.execute(delete(Chunk).where(Chunk.document_id == document.id))
        session.execute(delete(DocumentVersion).where(DocumentVersion.id == before.id))
    session.execute(
        update(DocumentVersion)
        .where(DocumentVersion.id == version_id)
        .values(
            status="ready",
            serving=True,
            content_id=content.id,
            title=title,
            media_type=content.media_type,
            error=None,
            ready_at=now,
        )
    )
    added = add_chunks(session, document.collection_id, document.id, version_id, content.id)
    session.execute(update(Document).where(Document.id == document.id).values(updated_at=now))
    collections.record_index_change(
        session, document.collection_id, added=added if document.enabled else (), removed=removed
    )
    if before is not None:
        session.flush()
        old = {before.content_id} if before.content_id is not None else set()
        return documents.collect_garbage(session, old, {before.sha256})
    return ()


def add_chunks(
    session: Session, collection_id: str, document_id: str, version_id: str, content_id: int
) -> Sequence[int]:
    """Make the chunks of a content searchable as those of a version; gives their ids, in the order of the text."""
    bodies = session.scalars(
        select(ContentChunk.id).where(ContentChunk.content_id == content_id).order_by(ContentChunk.position)
    ).all()
    if not bodies:
        return ()
    rows = [
        {
            "collection_id": collection_id,
            "document_id": document_id,
            "version_id": version_id,
            "content_chunk_id": body,
        }
        for body in bodies
    ]
    statement = insert(Chunk).returning(Chunk.id, sort_by_parameter_order=True)
    return session.scalars(statement, rows).all()
