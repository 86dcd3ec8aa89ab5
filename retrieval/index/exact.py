"""Exact nearest neighbours by a scan: for small collections, and the oracle of other indexes' tests."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import SnapshotError
from retrieval.index.locks import ReadWriteLock
from retrieval.index.vectors import VectorTable, as_ids, as_unit


class ExactIndex:
    """Brute-force twin of `HnswIndex`; safe to use from many threads.

    Args:
        dim: Width D of the vectors.
        compact_above: Share of dead rows above which they are dropped.
    """

    def __init__(self, dim: int, compact_above: float = 0.25) -> None:
        self.dim = dim
        self._compact_above = compact_above
        self._table = VectorTable(dim)
        self._lock = ReadWriteLock()

    def __len__(self) -> int:
        return len(self._table)

    def ids(self) -> NDArray[np.int64]:
        """Ids of all live vectors, in no order: int64 [N]."""
        with self._lock.read():
            return np.asarray(self._table.ids[self._table.alive])

    def add(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Insert or replace vectors (float32 [N, D]); they are scaled to unit length."""
        unit = as_unit(vectors, self.dim)
        labels = as_ids(ids, len(unit))
        with self._lock.write():
            self._table.append(labels, unit)
            self._compact()

    def remove(self, ids: Sequence[int]) -> None:
        """Remove ids; unknown ids are ignored."""
        with self._lock.write():
            self._table.kill(ids)
            self._compact()

    def search(
        self, query: NDArray[np.float32], k: int, allow: frozenset[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Best `min(k, live)` ids and cosines for one query (float32 [D]), best first."""
        unit = as_unit(np.asarray(query)[None], self.dim)[0]
        with self._lock.read():
            return self._table.scan(unit, k, None if allow is None else self._table.rows_of(allow))

    def vectors(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The stored ids among `ids`, ascending, each once, with their unit vectors (float32 [N, D])."""
        with self._lock.read():
            return self._table.stored(ids)

    def save(self, path: Path) -> None:
        """Write the live vectors to `path`.

        Raises:
            SnapshotError: `path` exists already, or could not be written.
        """
        with self._lock.read():
            try:
                self._table.write(path)
            except OSError as error:
                raise SnapshotError(
                    f"cannot write the index to {path}: {error}; check space and rights"
                ) from error

    def load(self, path: Path) -> None:
        """Replace the content by the file at `path`; an error leaves the content unchanged."""
        table = VectorTable.read(path, self.dim)
        with self._lock.write():
            self._table = table

    def _compact(self) -> None:
        table = self._table
        if table.rows - len(table) > max(64, self._compact_above * table.rows):
            self._table = table.compacted()
