"""The open indexes of a process, one for each collection that was searched."""

import shutil
import threading
from pathlib import Path

from app.db import collections
from app.db.engine import Database
from app.errors import CollectionNotFoundError
from app.indexes.collection import CollectionIndex, IndexConfig
from retrieval.errors import IndexLockedError
from retrieval.index.lexical_folder import empty_folder, own_folder
from retrieval.index.snapshot import SnapshotStore


class IndexRegistry:
    """Opens indexes on first use and keeps them until the collection or the process goes."""

    def __init__(self, database: Database, folder: Path, config: IndexConfig) -> None:
        """Keep index files under `folder`, a subfolder for each collection."""
        self._database = database
        self._folder = folder
        self._config = config
        self._open: dict[str, CollectionIndex] = {}
        self._lock = threading.Lock()

    def get(self, collection_id: str) -> CollectionIndex:
        """The indexes of a collection, up to date with the last commit of any process.

        Raises:
            CollectionNotFoundError: There is no such collection.
        """
        with self._lock:
            index = self._open.get(collection_id)
            if index is None and self._exists(collection_id):
                index = CollectionIndex(
                    collection_id, self._database, self._folder / collection_id, self._config
                )
                self._open[collection_id] = index
        if index is None:
            self.drop(collection_id)
            raise CollectionNotFoundError(collection_id)
        try:
            index.refresh()
        except CollectionNotFoundError:
            self.drop(collection_id)
            raise
        return index

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Number of open collections, their chunks with vectors, and all; as far as they have caught up."""
        opened = list(self._open.values())  # without the lock, which is held while one is opened
        return len(opened), sum(len(i.dense) for i in opened), sum(len(i.lexical) for i in opened)

    def drop(self, collection_id: str) -> None:
        """Forget a collection that was deleted, and remove its index files."""
        with self._lock:
            index = self._open.pop(collection_id, None)
        if index is not None:
            index.close()
        remove_index_files(self._folder, collection_id)

    def purge(self, collection_id: str, at_most: int | None) -> bool:
        """Take words and vectors of removed chunks out of the index files of a collection that exists.

        Args:
            collection_id: The collection.
            at_most: Chunks up to which an open index is rewritten now; None for any number.

        Returns:
            False where it is to be asked for again: now it is too much, or another process owns the files.
        """
        with self._lock:
            index = self._open.get(collection_id)
            if index is None:  # and is not opened meanwhile
                return purge_files(self._folder, collection_id)
        try:
            return index.purge(at_most)
        except CollectionNotFoundError:
            return True

    def refresh_if_open(self, collection_id: str) -> None:
        """Catch up with the database where the collection is open here."""
        with self._lock:
            index = self._open.get(collection_id)
        if index is not None:
            index.refresh()

    def close(self) -> None:
        """Write the snapshots that are due, and close all indexes."""
        with self._lock:
            opened, self._open = list(self._open.values()), {}
        for index in opened:
            index.close()

    def _exists(self, collection_id: str) -> bool:
        with self._database.read() as session:
            return collections.index_seq(session, collection_id) is not None


def purge_files(folder: Path, collection_id: str) -> bool:
    """Empty the index files of a collection that this process has not open; they are made again when it is searched.

    Returns:
        False where another process owns them.
    """
    try:
        if (folder / collection_id / "dense").exists():
            SnapshotStore(folder / collection_id / "dense").forget()
        lexical = folder / collection_id / "lexical"
        if lexical.exists():
            with own_folder(lexical):
                empty_folder(lexical)
    except IndexLockedError:
        return False
    return True


def remove_index_files(folder: Path, collection_id: str) -> None:
    """Remove the index files of a collection that is gone; another process may still have them open."""
    if collection_id.startswith("col_") and collection_id.isidentifier():
        shutil.rmtree(folder / collection_id, ignore_errors=True)
