"""Calls that change collections afterwards: the bin and tags. A part of the client."""

from collections.abc import Sequence
from typing import cast

from ui.client.connection import Connection, segment
from ui.wire import ChunkItem, Document
from ui.wire.collections import BinItem


class CollectionCalls(Connection):
    """Calls of the client that delete, restore and tag."""

    def delete_collection(self, collection_id: str, *, erase: bool = False) -> None:
        """Delete a collection with its documents; `erase` takes their text away at once."""
        self._json("DELETE", f"/v1/collections/{segment(collection_id)}", params={"erase": erase})

    def delete_document(self, document_id: str, *, erase: bool = False) -> None:
        """Delete a document; nothing of it is found once this returns. `erase` takes its text away at once."""
        self._json("DELETE", f"/v1/documents/{segment(document_id)}", params={"erase": erase})

    def set_tags(self, document_id: str, tags: Sequence[str]) -> Document:
        """Replace the tags of a document."""
        path = f"/v1/documents/{segment(document_id)}"
        return cast("Document", self._json("PATCH", path, json={"tags": list(tags)}))

    def enable_chunk(self, document_id: str, chunk_id: int, *, enabled: bool) -> ChunkItem:
        """Let searches and answers use a chunk, or not."""
        path = f"/v1/documents/{segment(document_id)}/chunks/{chunk_id}"
        return cast("ChunkItem", self._json("PATCH", path, json={"enabled": enabled}))

    def bin_items(self, collection_id: str | None, *, limit: int = 100) -> Sequence[BinItem]:
        """The newest deletions that can be undone: documents of a collection, or collections where None is given."""
        return cast("Sequence[BinItem]", self._page(_bin(collection_id), None, limit).items)

    def restore(self, collection_id: str | None, item_id: str) -> None:
        """Undo a deletion."""
        self._json("POST", f"{_bin(collection_id)}/{segment(item_id)}/restore", json={})

    def erase(self, collection_id: str | None, item_id: str) -> None:
        """Erase a deletion before its time is over."""
        self._json("DELETE", f"{_bin(collection_id)}/{segment(item_id)}")


def _bin(collection_id: str | None) -> str:
    return "/v1/bin" if collection_id is None else f"/v1/collections/{segment(collection_id)}/bin"
