"""Deletions that can be undone, on the wire."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

BIN_ITEM_EXAMPLE: dict[str, Any] = {
    "id": "bin_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "kind": "document",
    "collection_id": "col_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "name": "guide/start.md",
    "documents": 1,
    "document_ids": ["doc_zk7tq2hn3vcv5w6d7g2m5a3x2e"],
    "deleted_at": "2025-01-01T12:00:00Z",
    "expires_at": "2025-01-08T12:00:00Z",
}


class BinItemOut(BaseModel):
    """A deleted document or collection that can be restored."""

    model_config = ConfigDict(json_schema_extra={"example": BIN_ITEM_EXAMPLE})

    id: str
    kind: Literal["document", "collection"]
    collection_id: str = Field(description="Collection of the document, or the collection itself.")
    name: str
    documents: int = Field(description="Number of documents in it, members of archives and mails included.")
    document_ids: list[str] = Field(
        description="Ids of the document and its members, which they have again once they are restored; empty for a "
        "collection, whose documents keep theirs, too."
    )
    deleted_at: datetime
    expires_at: datetime = Field(description="From then on its text is erased and nothing restores it.")


class RestoreIn(BaseModel):
    """Options of a restoration."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "guide/start, restored.md"}}
    )

    name: str | None = Field(
        default=None, min_length=1, max_length=255, description="Another name, where its own is taken by now."
    )
