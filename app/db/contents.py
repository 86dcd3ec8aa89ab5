"""Writing text, chunks and vectors of a version, and publishing it to search."""

from collections.abc import Collection as AnyCollection
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import chunks as chunk_rows
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
    switched_off = chunk_rows.disabled_texts(session, document.id) if before is not None else set()
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
    added = add_chunks(
        session, document.collection_id, document.id, version_id, content.id, switched_off=switched_off
    )
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
    session: Session,
    collection_id: str,
    document_id: str,
    version_id: str,
    content_id: int,
    *,
    switched_off: AnyCollection[str] = (),
    places_off: AnyCollection[int] = (),
) -> Sequence[int]:
    """Make the chunks of a content searchable as those of a version.

    Args:
        session: A writing session.
        collection_id: The collection.
        document_id: The document.
        version_id: The version that serves.
        content_id: Its content.
        switched_off: Texts of chunks that stay switched off.
        places_off: Places of chunks that stay switched off.

    Returns:
        Ids of the chunks that search may return, in the order of the text.
    """
    statement = select(ContentChunk.id, ContentChunk.position).where(ContentChunk.content_id == content_id)
    bodies = session.execute(statement.order_by(ContentChunk.position)).all()
    off = {body for body, position in bodies if position in places_off}
    if switched_off:
        texts = select(ContentChunk.id, ContentChunk.text).where(ContentChunk.content_id == content_id)
        off |= {body for body, text in session.execute(texts) if text in switched_off}
    if not bodies:
        return ()
    rows = [
        {
            "collection_id": collection_id,
            "document_id": document_id,
            "version_id": version_id,
            "content_chunk_id": body,
            "enabled": body not in off,
        }
        for body, _ in bodies
    ]
    made = session.scalars(insert(Chunk).returning(Chunk.id, sort_by_parameter_order=True), rows).all()
    return [key for key, row in zip(made, rows, strict=True) if row["enabled"]]
