"""A vector table with the graph over it: the object that `HnswIndex` guards, rebuilds and swaps.

Takes no lock. The table is the truth; whatever the graph cannot answer, or answers slower, is scanned.
"""

import math
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.config import HnswConfig
from retrieval.index.graph import Graph
from retrieval.index.vectors import VectorTable

SLICE = 256
"""Vectors linked under one hold of a lock: searches wait for tens of milliseconds at most."""

# Candidates that the graph offers for each row wanted under a filter, times the filter's share, beside its own.
_OFFERED = 3

Found = tuple[NDArray[np.int64], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Allowed:
    """The rows that a filter leaves.

    Attributes:
        rows: Live rows, ascending, int64 [M].
        mask: Whether each row is one of them, bool [rows of the table].
    """

    rows: NDArray[np.int64]
    mask: NDArray[np.bool_]


class IndexedTable:
    """Vectors by chunk id, searchable by scan and, above `exact_below` of them, by graph."""

    def __init__(self, table: VectorTable, config: HnswConfig, graph: Graph | None = None) -> None:
        """Hold a table, and the graph over its rows where there is one; `build` makes one."""
        self.table = table
        self.graph = graph
        self._config = config

    def __len__(self) -> int:
        return len(self.table)

    @property
    def searches_graph(self) -> bool:
        """Whether a search without filter goes through the graph."""
        return self.graph is not None and len(self.table) > self._config.exact_below

    def build(self) -> bool:
        """Build the graph over a table without dead rows, where one serves.

        Returns:
            False where the program ended meanwhile; there is no graph then.
        """
        table, graph = self.table, None
        if len(table) > self._config.exact_below:
            rows = np.arange(table.rows, dtype=np.int64)
            graph = Graph.empty(table.dim, self._config, table.rows)
            for start in range(0, len(rows), SLICE):
                if not threading.main_thread().is_alive():
                    return False
                part = slice(start, start + SLICE)
                graph.add(table.ids[part], rows[part], table.vectors[part])
        self.graph = graph
        return True

    def insert(self, ids: NDArray[np.int64], unit: NDArray[np.float32]) -> None:
        """Add or replace; the graph appears when there are enough vectors for one.

        Raises:
            IndexCapacityError: More rows than a graph can hold.
            RuntimeError: hnswlib failed; searches scan until the next change builds a graph anew.
            MemoryError: Likewise.
        """
        fresh, dead = self.table.append(ids, unit)
        self._unlink(dead)
        if self.graph is None:
            if len(self.table) > self._config.exact_below:
                self.table = self.table.compacted()
                self.build()
            return
        try:
            self.graph.add(self.table.ids[fresh], fresh, self.table.vectors[fresh])
        except (RuntimeError, MemoryError):
            # A graph that lacks rows would hide them; without one, searches scan, and the next change builds anew.
            self.graph = None
            raise

    def remove(self, ids: list[int]) -> None:
        """Remove ids; unknown ones are ignored."""
        self._unlink(self.table.kill(ids))

    def allowed(self, allow: frozenset[int]) -> Allowed:
        """The rows of a filter; they hold until the next change."""
        rows = self.table.rows_of(allow)
        mask = np.zeros(self.table.rows, dtype=np.bool_)
        mask[rows] = True
        return Allowed(rows, mask)

    def nearest(self, unit: NDArray[np.float32], k: int) -> Found:
        """Best `min(k, live)` ids and cosines."""
        k = min(k, len(self.table))
        if self.graph is None or not self.searches_graph or k <= 0:
            return self.table.scan(unit, k)
        return self.table.scan(unit, k, self.graph.nearest(unit, k))

    def nearest_of(self, unit: NDArray[np.float32], k: int, allowed: Allowed) -> Found:
        """Best `k` of the allowed rows, by the cheaper plan: scan them, or filter enough candidates of the graph."""
        live, k = len(self.table), min(k, len(allowed.rows))
        if len(allowed.rows) == live:
            return self.nearest(unit, k)
        if self.graph is not None and k > 0:
            # The k-th of a share of the rows is as deep as the k/share-th of all.
            candidates = self._config.candidates(live) + math.ceil(_OFFERED * k * live / len(allowed.rows))
            if len(allowed.rows) > self._config.rows_per_candidate * candidates:
                return self._filtered(self.graph, unit, k, allowed, candidates)
        return self.table.scan(unit, k, allowed.rows)

    def _filtered(
        self, graph: Graph, unit: NDArray[np.float32], k: int, allowed: Allowed, candidates: int
    ) -> Found:
        for offered in (candidates, 4 * candidates):
            rows = graph.nearest(unit, min(offered, len(self.table)))
            if rows is None:
                break
            kept = rows[allowed.mask[rows]]
            if len(kept) >= k:
                return self.table.scan(unit, k, kept)
        return self.table.scan(unit, k, allowed.rows)

    def _unlink(self, dead: NDArray[np.int64]) -> None:
        if self.graph is not None:
            self.graph.kill(self.table.ids[dead], dead)


class Rebuild:
    """A copy of an `IndexedTable` without its dead rows, and the later changes that the copy still lacks.

    Whoever makes one or asks `missed` keeps writers of the original out meanwhile; nothing else touches the copy.
    """

    def __init__(self, source: IndexedTable, config: HnswConfig) -> None:
        self._source = source
        self._table = source.table
        # Rows of the original that the copy holds, and how far the original was read.
        self._held = np.flatnonzero(source.table.alive)
        self._seen = source.table.rows
        self.copy = IndexedTable(source.table.compacted(), config)

    def follows(self, content: IndexedTable) -> bool:
        """Whether `content` is still the copied table."""
        return content is self._source and content.table is self._table

    def missed(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Changes since the last call: ids removed or replaced, then ids and vectors added."""
        table = self._table
        alive = table.alive[self._held]
        gone = table.ids[self._held[~alive]]
        late = self._seen + np.flatnonzero(table.alive[self._seen :])
        self._held = np.concatenate([self._held[alive], late])
        self._seen = table.rows
        return gone, table.ids[late], table.vectors[late]

    def catch_up(self, gone: NDArray[np.int64], ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> bool:
        """Bring changes into the copy; False where the program ended meanwhile."""
        self.copy.remove(gone.tolist())
        for start in range(0, len(ids), SLICE):
            if not threading.main_thread().is_alive():
                return False
            self.copy.insert(ids[start : start + SLICE], vectors[start : start + SLICE])
        return True
