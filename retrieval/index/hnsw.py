"""Approximate nearest neighbours by hnswlib, made safe.

No search runs beside a change, and none fails for want of neighbours. The table of vectors is the truth and
the graph a cache over it. Small collections, narrow filters and whatever the graph cannot answer are scanned.
What a chunk is, or where vectors come from, is not known here.
"""

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.config import HnswConfig
from retrieval.errors import SnapshotError
from retrieval.index.graph import Graph
from retrieval.index.locks import ReadWriteLock
from retrieval.index.vectors import VectorTable, as_ids, as_unit

_log = logging.getLogger(__name__)

# Vectors added under one hold of the lock: searches wait for tens of milliseconds at most.
_SLICE = 256
_FILTERS_KEPT = 16
_MIN_DEAD = 64

Found = tuple[NDArray[np.int64], NDArray[np.float32]]


class HnswIndex:
    """Vector index over a collection; safe to use from many threads of one process.

    Args:
        dim: Width D of the vectors.
        config: Build, search and maintenance settings.
    """

    def __init__(self, dim: int, config: HnswConfig | None = None) -> None:
        self.dim = dim
        self._config = config or HnswConfig()
        self._lock = ReadWriteLock()
        self._table = VectorTable(dim)
        self._graph: Graph | None = None
        self._filters: OrderedDict[frozenset[int], NDArray[np.int64]] = OrderedDict()
        self._filters_lock = threading.Lock()
        self._compacting = threading.Lock()
        self._compactor: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._table)

    @property
    def dead_share(self) -> float:
        """Share of stored rows that were removed or replaced and await compaction."""
        table = self._table
        return 1 - len(table) / table.rows if table.rows else 0.0

    def ids(self) -> NDArray[np.int64]:
        """Ids of all live vectors, in no order: int64 [N]."""
        with self._lock.read():
            return np.asarray(self._table.ids[self._table.alive])

    def add(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Insert or replace vectors (float32 [N, D]); they are scaled to unit length."""
        unit = as_unit(vectors, self.dim)
        labels = as_ids(ids, len(unit))
        for start in range(0, len(unit), _SLICE):
            with self._lock.write():
                self._insert(labels[start : start + _SLICE], unit[start : start + _SLICE])
        self._maintain()

    def remove(self, ids: Sequence[int]) -> None:
        """Remove ids at once; unknown ids are ignored."""
        with self._lock.write():
            rows = self._table.kill(ids)
            self._changed(dead=rows)
        self._maintain()

    def search(self, query: NDArray[np.float32], k: int, allow: frozenset[int] | None = None) -> Found:
        """Best `min(k, live)` ids and cosines for one query (float32 [D]), best first.

        Args:
            query: Question vector.
            k: How many; more than there are is fine.
            allow: Ids to choose from, or None for all; unknown ids among them are ignored.

        Returns:
            Ids and cosines, never fewer than exist.
        """
        unit = as_unit(np.asarray(query)[None], self.dim)[0]
        with self._lock.read():
            if allow is None:
                return self._nearest(unit, k)
            return self._nearest_of(unit, k, self._allowed_rows(allow))

    def vectors(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Those of `ids` that it holds, ascending, each once, with their unit vectors (float32 [N, D])."""
        with self._lock.read():
            return self._table.stored(ids)

    def save(self, path: Path) -> None:
        """Write to `path`, a file that does not exist yet; changes wait, searches do not.

        Raises:
            SnapshotError: `path` exists already, or could not be written whole.
        """
        if path.exists():
            raise SnapshotError(f"{path} exists already; a snapshot is never written over another")
        with self._lock.read():
            try:
                if self._graph is None or len(self._table) <= self._config.exact_below:
                    self._table.write(path)
                else:
                    self._graph.write(path)
            except (OSError, RuntimeError) as error:
                raise SnapshotError(
                    f"cannot write the index to {path}: {error}; check space and rights"
                ) from error

    def load(self, path: Path) -> None:
        """Replace the content by what `path` holds; on an error the content stays as it was.

        Give it only files whose checksum was verified (see `retrieval.index.snapshot`): hnswlib can crash the
        process on a damaged file.
        """
        graph: Graph | None = None
        if VectorTable.is_table(path):
            table = VectorTable.read(path, self.dim)
            graph = self._graph_over(table)
        else:
            graph, table = Graph.read(path, self.dim, self._config)
        with self._lock.write():
            self._table, self._graph = table, graph
            self._filters.clear()

    def compact(self) -> bool:
        """Rebuild without dead rows beside running searches, then swap.

        Returns:
            False where another compaction is under way or the content was replaced meanwhile.
        """
        if not self._compacting.acquire(blocking=False):
            return False
        try:
            with self._lock.read():
                old, seen = self._table, self._table.rows
                rows = np.flatnonzero(old.alive)
                fresh = old.compacted()
            graph = self._graph_over(fresh)
            with self._lock.write():
                if self._table is not old or not threading.main_thread().is_alive():
                    return False
                self._table, self._graph = fresh, graph
                self._changed(dead=fresh.kill(old.ids[rows[~old.alive[rows]]].tolist()))
                late = seen + np.flatnonzero(old.alive[seen:])
                self._insert(old.ids[late], old.vectors[late])
            return True
        finally:
            self._compacting.release()

    def wait(self) -> None:
        """Wait until a compaction that runs in the background has ended."""
        thread = self._compactor
        if thread is not None:
            thread.join()

    def _nearest(self, unit: NDArray[np.float32], k: int) -> Found:
        table, k = self._table, min(k, len(self._table))
        if self._graph is None or len(table) <= self._config.exact_below or k <= 0:
            return table.scan(unit, k)
        rows = self._graph.nearest(unit, k)
        return table.scan(unit, k, rows)

    def _nearest_of(self, unit: NDArray[np.float32], k: int, allowed: NDArray[np.int64]) -> Found:
        """Search among some rows: scan them when few, or let the graph offer more when many."""
        table, live = self._table, len(self._table)
        k = min(k, len(allowed))
        if len(allowed) == live:
            return self._nearest(unit, k)
        narrow = len(allowed) <= max(self._config.exact_below, self._config.exact_share * live)
        if self._graph is None or narrow or k <= 0:
            return table.scan(unit, k, allowed)
        mask = np.zeros(table.rows, dtype=np.bool_)
        mask[allowed] = True
        wanted = math.ceil(1.5 * k * live / len(allowed)) + 16
        for candidates in (wanted, 4 * wanted):
            rows = self._graph.nearest(unit, min(candidates, live))
            if rows is None:
                break
            kept = rows[mask[rows]]
            if len(kept) >= k:
                return table.scan(unit, k, kept)
        return table.scan(unit, k, allowed)

    def _allowed_rows(self, allow: frozenset[int]) -> NDArray[np.int64]:
        """Rows of a filter, remembered until the next change: callers ask with the same set again."""
        with self._filters_lock:
            rows = self._filters.pop(allow, None)
        if rows is None:
            rows = self._table.rows_of(allow)
        with self._filters_lock:
            self._filters[allow] = rows
            while len(self._filters) > _FILTERS_KEPT:
                self._filters.popitem(last=False)
        return rows

    def _insert(self, ids: NDArray[np.int64], unit: NDArray[np.float32]) -> None:
        table = self._table
        fresh, dead = table.append(ids, unit)
        self._changed(dead=dead)
        if self._graph is None:
            if len(table) > self._config.exact_below:
                self._table = table.compacted()
                self._graph = self._graph_over(self._table)
            return
        try:
            self._graph.add(table.ids[fresh], fresh, table.vectors[fresh])
        except (RuntimeError, MemoryError):
            # A graph that lacks rows would hide them; without one, searches scan, and the next change builds
            # anew.
            self._graph = None
            raise

    def _changed(self, dead: NDArray[np.int64]) -> None:
        self._filters.clear()
        if self._graph is not None:
            self._graph.kill(self._table.ids[dead], dead)

    def _graph_over(self, table: VectorTable) -> Graph | None:
        """Build a graph over a table without dead rows, or none where a scan serves."""
        if len(table) <= self._config.exact_below:
            return None
        rows = np.arange(table.rows, dtype=np.int64)
        graph = Graph.empty(self.dim, self._config, table.rows)
        for start in range(0, len(rows), _SLICE):
            if not threading.main_thread().is_alive():
                return None
            part = slice(start, start + _SLICE)
            graph.add(table.ids[part], rows[part], table.vectors[part])
        return graph

    def _maintain(self) -> None:
        table = self._table
        dead = table.rows - len(table)
        if dead < _MIN_DEAD or dead <= self._config.compact_above * table.rows:
            return
        if len(table) <= self._config.background_above:
            self.compact()
        elif self._compactor is None or not self._compactor.is_alive():
            # Not a daemon: it stops by itself once the main thread has ended, instead of being cut off inside
            # hnswlib.
            self._compactor = threading.Thread(target=self._compact_quietly, name="index-compaction")
            self._compactor.start()

    def _compact_quietly(self) -> None:
        try:
            self.compact()
        except (RuntimeError, MemoryError):
            _log.exception("compaction failed; the index goes on with its dead rows")
