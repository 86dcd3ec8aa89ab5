"""Queries for certificates: the documents behind chunks, with their whole text, and the collections that were asked."""

from collections.abc import Collection as AnyCollection
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from app.db.models import Chunk, Collection, Content, Document, DocumentVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDocument:
    """A serving version of a document with its canonical text; see `Content` for hint and recipe."""

    id: str
    name: str
    title: str
    version: int
    text: str
    original_sha256: str
    media_type: str
    hint: str
    recipe: str


def documents_of(session: Session, chunk_ids: AnyCollection[int]) -> dict[int, SourceDocument]:
    """Documents of the chunks that are there, enabled, and visible, by chunk."""
    versions = session.execute(
        select(Chunk.id, Chunk.version_id)
        .join(Document, Document.id == Chunk.document_id)
        .where(Chunk.id.in_(chunk_ids), Document.enabled)
    )
    version_of = {row[0]: row[1] for row in versions}
    rows = session.execute(
        select(Document, DocumentVersion, Content)
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .join(Content, Content.id == DocumentVersion.content_id)
        .where(DocumentVersion.id.in_(set(version_of.values())))
        .options(undefer(Content.text))
    )
    found = {version.id: _document(document, version, content) for document, version, content in rows}
    return {chunk: found[version] for chunk, version in version_of.items() if version in found}


def collections_of(session: Session, collection_ids: Sequence[str]) -> list[tuple[str, str, int]]:
    """Id, name and number of the last index change of the collections that are there, in order."""
    rows = session.execute(
        select(Collection.id, Collection.name, Collection.index_seq).where(Collection.id.in_(collection_ids))
    )
    found = {row[0]: (row[0], row[1], row[2]) for row in rows}
    return [found[key] for key in collection_ids if key in found]


def _document(document: Document, version: DocumentVersion, content: Content) -> SourceDocument:
    return SourceDocument(
        id=document.id,
        name=document.name,
        title=version.title or document.name,
        version=version.number,
        text=content.text,
        original_sha256=content.sha256,
        media_type=content.media_type,
        hint=content.hint,
        recipe=content.recipe,
    )
