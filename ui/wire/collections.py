"""Types of replies about deletions that can be undone."""

from typing import TypedDict


class BinItem(TypedDict):
    """A deleted document or collection that can be restored."""

    id: str
    kind: str
    collection_id: str
    name: str
    documents: int
    document_ids: list[str]
    deleted_at: str
    expires_at: str
