"""The stored text behind a citation: read again from SQL before anybody sees the citation.

A chunk that was deleted, disabled or replaced since it was found has no row any more and gives nothing, so
what is gone is never cited.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.models import Chunk, Content, Document, DocumentVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentName:
    """The names of a document that a citation shows."""

    id: str
    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A range of a document's canonical text, as it is stored now.

    Attributes:
        page: Page that the range begins on, from 1, or None for formats without.
        quote: The canonical text at `[start, end)`.
    """

    document: DocumentName
    chunk: int
    page: int | None
    start: int
    end: int
    quote: str


def document_names(session: Session, chunk_ids: Iterable[int]) -> dict[int, DocumentName]:
    """Documents of live chunks, by chunk id."""
    rows = session.execute(
        select(Chunk.id, Document.id, Document.name, DocumentVersion.title)
        .join(Document, Document.id == Chunk.document_id)
        .join(DocumentVersion, DocumentVersion.id == Chunk.version_id)
        .where(Chunk.id.in_(set(chunk_ids)), Chunk.enabled, Document.enabled)
    )
    return {
        chunk: DocumentName(id=document, name=name, title=title or name)
        for chunk, document, name, title in rows
    }


def read_sources(session: Session, ranges: Sequence[tuple[int, int, int]]) -> list[Source | None]:
    """Read ranges of the documents of chunks.

    Args:
        session: Any open session.
        ranges: `(chunk id, start, end)` in the canonical text of the chunk's document.

    Returns:
        One source a range, in order; None where the chunk is gone or its document is disabled.
    """
    names = document_names(session, (chunk for chunk, _, _ in ranges))
    return [
        _read(session, names[chunk], chunk, start, end) if chunk in names else None
        for chunk, start, end in ranges
    ]


def _read(session: Session, document: DocumentName, chunk: int, start: int, end: int) -> Source | None:
    # `substr` counts code points, from 1, on SQLite and PostgreSQL: a long text is not loaded for a phrase
    row = session.execute(
        select(func.substr(Content.text, start + 1, end - start), Content.pages)
        .join(DocumentVersion, DocumentVersion.content_id == Content.id)
        .join(Chunk, Chunk.version_id == DocumentVersion.id)
        .where(Chunk.id == chunk)
    ).one_or_none()
    if row is None:
        return None
    return Source(
        document=document, chunk=chunk, page=page_at(row[1], start), start=start, end=end, quote=row[0]
    )


def page_at(pages: Sequence[dict[str, Any]] | None, start: int) -> int | None:
    """Number of the page that holds character `start`, or None where there are no pages."""
    number: int | None = None
    for page in pages or ():
        if page["start"] <= start:
            number = page["number"]
    return number
