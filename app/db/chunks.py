"""Queries over searchable chunks, their text and their vectors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session, contains_eager

from app.db.models import Chunk, ChunkVector, ContentChunk, Document
from app.db.views import ChunkView, LiveChunk

# SQLite takes at most 32,766 parameters in one statement.
BATCH = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """Columns of a chunk for the indexes; `vector` holds little-endian float16 values, None without a vector."""

    chunk_id: int
    text: str
    vector: bytes | None


def live_ids(session: Session, collection_id: str) -> list[int]:
    """Ids of all chunks that search may return, ascending."""
    return list(
        session.scalars(
            select(Chunk.id)
            .join(Document, Document.id == Chunk.document_id)
            .where(Chunk.collection_id == collection_id, Chunk.enabled, Document.enabled)
            .order_by(Chunk.id)
        )
    )


def document_ids(session: Session, document_id: str) -> list[int]:
    """Ids of a document's chunks, in the order of the text."""
    return list(session.scalars(select(Chunk.id).where(Chunk.document_id == document_id).order_by(Chunk.id)))


def entries(session: Session, chunk_ids: Sequence[int], vector_model: str) -> Iterator[list[IndexEntry]]:
    """Text and vector, by one encoder, of those chunks that are live, in batches, ascending by id."""
    wanted = sorted(chunk_ids)
    for begin in range(0, len(wanted), BATCH):
        rows = session.execute(
            select(Chunk.id, ContentChunk.text, ChunkVector.vector)
            .join(ContentChunk, ContentChunk.id == Chunk.content_chunk_id)
            .outerjoin(
                ChunkVector,
                and_(
                    ChunkVector.content_chunk_id == Chunk.content_chunk_id,
                    ChunkVector.vector_model == vector_model,
                ),
            )
            .join(Document, Document.id == Chunk.document_id)
            .where(Chunk.id.in_(wanted[begin : begin + BATCH]), Chunk.enabled, Document.enabled)
            .order_by(Chunk.id)
        )
        yield [IndexEntry(chunk_id=row[0], text=row[1], vector=row[2]) for row in rows]


def live(session: Session, chunk_ids: Sequence[int]) -> list[LiveChunk]:
    """Live chunks with text, document and version, in no order; others are left out."""
    found: list[LiveChunk] = []
    for begin in range(0, len(chunk_ids), BATCH):
        rows = session.scalars(_whole().where(Chunk.id.in_(chunk_ids[begin : begin + BATCH])))
        found.extend(_live(row) for row in rows)
    return found


def sentence_vectors(
    session: Session, chunk_ids: Sequence[int], vector_model: str
) -> dict[int, tuple[bytes, int]]:
    """By chunk id, the sentence vectors made by an encoder and their number; chunks without any are left out.

    Args:
        session: Any open session.
        chunk_ids: As many as an answer reads.
        vector_model: Id of the encoder.
    """
    rows = session.execute(
        select(Chunk.id, ChunkVector.sentence_vectors, ContentChunk.sentences)
        .join(ContentChunk, ContentChunk.id == Chunk.content_chunk_id)
        .join(ChunkVector, ChunkVector.content_chunk_id == Chunk.content_chunk_id)
        .where(
            Chunk.id.in_(chunk_ids),
            ChunkVector.vector_model == vector_model,
            ChunkVector.sentence_vectors.is_not(None),
        )
    )
    return {chunk_id: (stored, len(spans)) for chunk_id, stored, spans in rows if stored and spans}


def beside(session: Session, chunk_ids: Sequence[int], reach: int) -> dict[int, list[LiveChunk]]:
    """By live chunk, the other live chunks of its document at most `reach` places before or after it.

    Args:
        session: Any open session.
        chunk_ids: At most some hundred: each is a condition of the query.
        reach: In chunks.
    """
    places = {
        row.id: (row.version_id, row.position)
        for row in session.execute(
            select(Chunk.id, Chunk.version_id, ContentChunk.position)
            .join(Chunk.body)
            .where(Chunk.id.in_(chunk_ids))
        )
    }
    if not places:
        return {}
    near = [
        and_(Chunk.version_id == version, ContentChunk.position.between(position - reach, position + reach))
        for version, position in places.values()
    ]
    around = session.scalars(
        _whole().where(or_(*near)).order_by(Chunk.version_id, ContentChunk.position)
    ).all()
    return {
        chunk_id: [
            _live(chunk)
            for chunk in around
            if chunk.version_id == version and 0 < abs(chunk.body.position - position) <= reach
        ]
        for chunk_id, (version, position) in places.items()
    }


def _live(row: Chunk) -> LiveChunk:
    return LiveChunk(
        id=row.id,
        document_id=row.document_id,
        name=row.document.name,
        title=row.version.title,
        text=row.body.text,
        start=row.body.start,
        end=row.body.end,
        heading_path=row.body.heading_path,
        page=row.body.page,
        sentences=row.body.sentences,
    )


def _whole() -> Select[Chunk]:
    """Live chunks with all that belongs to them."""
    return (
        select(Chunk)
        .join(Chunk.body)
        .join(Chunk.document)
        .join(Chunk.version)
        .options(contains_eager(Chunk.body), contains_eager(Chunk.document), contains_eager(Chunk.version))
        .where(Chunk.enabled, Document.enabled)
    )


def of_document(session: Session, document_id: str, after_position: int, limit: int) -> list[ChunkView]:
    """A document's chunks behind a position, in the order of the text."""
    rows = session.execute(
        select(Chunk.id, Chunk.enabled, ContentChunk)
        .join(ContentChunk, ContentChunk.id == Chunk.content_chunk_id)
        .where(Chunk.document_id == document_id, ContentChunk.position > after_position)
        .order_by(ContentChunk.position)
        .limit(limit)
    ).all()
    return [
        ChunkView(
            id=chunk_id,
            document_id=document_id,
            position=body.position,
            start=body.start,
            end=body.end,
            text=body.text,
            token_count=body.token_count,
            language=body.language,
            heading_path=body.heading_path,
            page=body.page,
            page_end=body.page_end,
            sentences=body.sentences,
            enabled=enabled,
        )
        for chunk_id, enabled, body in rows
    ]


def find(session: Session, document_id: str, chunk_id: int) -> ChunkView | None:
    """The chunk of a document with this id, switched off or not."""
    position = session.scalar(
        select(ContentChunk.position)
        .join(Chunk, Chunk.content_chunk_id == ContentChunk.id)
        .where(Chunk.id == chunk_id, Chunk.document_id == document_id)
    )
    return None if position is None else of_document(session, document_id, position - 1, 1)[0]


def set_enabled(session: Session, chunk_ids: Sequence[int], *, enabled: bool) -> None:
    """Let searches return chunks, or not; the index change is recorded by the caller."""
    for begin in range(0, len(chunk_ids), BATCH):
        part = chunk_ids[begin : begin + BATCH]
        session.execute(update(Chunk).where(Chunk.id.in_(part)).values(enabled=enabled))


def disabled_texts(session: Session, document_id: str) -> set[str]:
    """Texts of the chunks of a document that are switched off."""
    return set(
        session.scalars(
            select(ContentChunk.text)
            .join(Chunk, Chunk.content_chunk_id == ContentChunk.id)
            .where(Chunk.document_id == document_id, ~Chunk.enabled)
        )
    )


def disabled_places(session: Session, document_ids: Sequence[str]) -> dict[str, list[int]]:
    """Places of the chunks that are switched off, by document; documents without any are left out."""
    found: dict[str, list[int]] = {}
    for begin in range(0, len(document_ids), BATCH):
        rows = session.execute(
            select(Chunk.document_id, ContentChunk.position)
            .join(ContentChunk, ContentChunk.id == Chunk.content_chunk_id)
            .where(Chunk.document_id.in_(document_ids[begin : begin + BATCH]), ~Chunk.enabled)
            .order_by(Chunk.document_id, ContentChunk.position)
        )
        for document_id, position in rows:
            found.setdefault(document_id, []).append(position)
    return found
