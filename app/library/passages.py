"""Use cases of single chunks of a document: switching them off and on."""

from sqlalchemy.orm import Session

from app.db import chunks, collections
from app.db.views import ChunkView
from app.errors import NotFoundError
from app.library import documents, staleness
from app.library.parts import ErasureParts


class ChunkNotFoundError(NotFoundError):
    """The serving version of a document has no such chunk."""

    def __init__(self, document_id: str, chunk_id: int) -> None:
        """Name the missing object."""
        super().__init__(
            "chunk_not_found",
            f"Document {document_id!r} has no chunk {chunk_id}.",
            "List them (GET /v1/documents/ID/chunks): a new version has new ones.",
        )


def set_enabled(parts: ErasureParts, document_id: str, chunk_id: int, *, enabled: bool) -> ChunkView:
    """Let searches and answers use a chunk, or not; counts in every process once this returns.

    A chunk that is switched off is not read as the surroundings of another one either, and stays switched off in new
    versions that have it word for word. Stored answers that stand on it are marked as outdated.

    Raises:
        DocumentNotFoundError: There is no such document.
        ChunkNotFoundError: It has no such chunk.
    """

    def change(session: Session) -> tuple[str, ChunkView]:
        row = documents.locked(session, document_id)
        found = chunks.find(session, document_id, chunk_id)
        if found is None:
            raise ChunkNotFoundError(document_id, chunk_id)
        if found.enabled != enabled:
            chunks.set_enabled(session, [chunk_id], enabled=enabled)
            live = [chunk_id] if row.enabled else []
            collections.record_index_change(
                session,
                row.collection_id,
                added=live if enabled else (),
                removed=() if enabled else live,
            )
            if not enabled:
                staleness.range_withdrawn(session, document_id, found.start, found.end)
        now = chunks.find(session, document_id, chunk_id)
        assert now is not None
        return row.collection_id, now

    collection_id, view = parts.db.transact(change)
    parts.refresh_open_index(collection_id)
    return view
