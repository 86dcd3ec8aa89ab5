"""Collections and documents as OpenAI's protocol has them: vector stores and their files."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.api.openai.times import unix_time
from app.db.views import DocumentView
from app.library.collections import CollectionView

FILE_ID = "file-"
"""How ids of uploaded files begin; a document that was made from one has it as its sender's id."""
STATES: Mapping[str, tuple[str, ...]] = {
    "in_progress": ("queued", "parsing", "chunking", "embedding", "indexing"),
    "completed": ("ready",),
    "failed": ("failed",),
    "cancelled": (),
}
"""States of documents by those of files."""
MAX_ATTRIBUTES = 16


def state_of(status: str) -> str:
    """State of a file whose document is in this state."""
    return next(name for name, states in STATES.items() if status in states)


def store_object(view: CollectionView, by_state: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """A collection as a vector store.

    Args:
        view: The collection.
        by_state: Number of documents and bytes, by state of documents.
    """
    counts = counted(state for status, (count, _) in by_state.items() for state in [state_of(status)] * count)
    return {
        "id": view.row.id,
        "object": "vector_store",
        "created_at": unix_time(view.row.created_at),
        "name": view.row.name,
        "description": view.row.description,
        "usage_bytes": sum(size for _, size in by_state.values()),
        "file_counts": counts,
        "status": "in_progress" if counts["in_progress"] else "completed",
        "expires_after": None,
        "expires_at": None,
        "last_active_at": unix_time(view.row.updated_at),
        "metadata": {},
    }


def counted(states: Iterable[str]) -> dict[str, int]:
    """Numbers of files by state, and in all."""
    counts = dict.fromkeys(STATES, 0)
    for state in states:
        counts[state] += 1
    return {**counts, "total": sum(counts.values())}


def file_key(view: DocumentView) -> str:
    """Id of a document as a file: of the uploaded file that it was made from, else its own."""
    sent = view.document.external_id
    return sent if sent is not None and sent.startswith(FILE_ID) else view.document.id


def store_file_object(view: DocumentView) -> dict[str, Any]:
    """A document as a file of a vector store."""
    failure = view.newest.error
    return {
        "id": file_key(view),
        "object": "vector_store.file",
        "created_at": unix_time(view.document.created_at),
        "vector_store_id": view.document.collection_id,
        "status": state_of(view.newest.status),
        "usage_bytes": view.size_bytes,
        "last_error": {"code": "invalid_file", "message": _said(failure)} if failure else None,
        "attributes": attributes_of(view),
        "chunking_strategy": {"type": "other"},
        "fathom": {"document_id": view.document.id, "name": view.document.name},
    }


def attributes_of(view: DocumentView) -> dict[str, str | float | bool]:
    """Metadata of a document, as far as attributes may hold it."""
    flat = {
        key: value for key, value in view.document.meta.items() if isinstance(value, str | float | int | bool)
    }
    return dict(list(flat.items())[:MAX_ATTRIBUTES])


def _said(failure: Any) -> str:
    return f"{failure['message']} {failure.get('hint', '')}".strip()
