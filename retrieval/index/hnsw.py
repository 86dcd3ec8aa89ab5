"""Approximate nearest neighbours by hnswlib, made safe.

No search runs beside a change, and none fails for want of neighbours; a rebuild runs beside searches and is
swapped in. What a chunk is, or where vectors come from, is not known here.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.config import HnswConfig
from retrieval.errors import SnapshotError
from retrieval.index.graph import Graph
from retrieval.index.indexed import SLICE, Allowed, Found, IndexedTable, Rebuild
from retrieval.index.locks import ReadWriteLock
from retrieval.index.vectors import VectorTable, as_ids, as_unit

_log = logging.getLogger(__name__)

_FILTERS_KEPT = 16
_MIN_DEAD = 64
# Each round takes in what came during the one before; whoever adds without a pause waits after the last.
_CATCH_UP_ROUNDS = 8


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
        self._content = IndexedTable(VectorTable(dim), self._config)
        self._filters: OrderedDict[frozenset[int], Allowed] = OrderedDict()
        self._filters_lock = threading.Lock()
        self._compacting = threading.Lock()
        self._compactor: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._content)

    @property
    def dead_share(self) -> float:
        """Share of stored rows that were removed or replaced and await compaction."""
        table = self._content.table
        return 1 - len(table) / table.rows if table.rows else 0.0

    def ids(self) -> NDArray[np.int64]:
        """Ids of all live vectors, in no order: int64 [N]."""
        with self._lock.read():
            table = self._content.table
            return np.asarray(table.ids[table.alive])

    def add(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Insert or replace vectors (float32 [N, D]); they are scaled to unit length."""
        unit = as_unit(vectors, self.dim)
        labels = as_ids(ids, len(unit))
        for start in range(0, len(unit), SLICE):
            with self._lock.write():
                self._filters.clear()
                self._content.insert(labels[start : start + SLICE], unit[start : start + SLICE])
        self._maintain()

    def remove(self, ids: Sequence[int]) -> None:
        """Remove ids at once; unknown ids are ignored."""
        with self._lock.write():
            self._filters.clear()
            self._content.remove(list(ids))
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
                return self._content.nearest(unit, k)
            return self._content.nearest_of(unit, k, self._allowed(allow))

    def vectors(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The stored ids among `ids`, ascending, each once, with their unit vectors (float32 [N, D])."""
        with self._lock.read():
            return self._content.table.stored(ids)

    def save(self, path: Path) -> None:
        """Write to `path`, a file that does not exist yet; changes wait, searches do not.

        Raises:
            SnapshotError: `path` exists already, or could not be written whole.
        """
        if path.exists():
            raise SnapshotError(f"{path} exists already; a snapshot is never written over another")
        with self._lock.read():
            content = self._content
            try:
                if content.graph is not None and content.searches_graph:
                    content.graph.write(path)
                else:
                    content.table.write(path)
            except (OSError, RuntimeError) as error:
                raise SnapshotError(
                    f"cannot write the index to {path}: {error}; check space and rights"
                ) from error

    def load(self, path: Path) -> None:
        """Replace the content by the file at `path`; an error leaves the content unchanged.

        Give it only files whose checksum was verified (see `retrieval.index.snapshot`): hnswlib can crash the
        process on a damaged file.
        """
        if VectorTable.is_table(path):
            content = IndexedTable(VectorTable.read(path, self.dim), self._config)
            content.build()
        else:
            graph, table = Graph.read(path, self.dim, self._config)
            content = IndexedTable(table, self._config, graph)
        with self._lock.write():
            self._swap(content)

    def compact(self) -> bool:
        """Rebuild without dead rows beside running searches and changes, then swap.

        Returns:
            False where another compaction is under way, or the content was replaced or the program ended meanwhile.
        """
        if not self._compacting.acquire(blocking=False):
            return False
        try:
            with self._lock.read():
                rebuild = Rebuild(self._content, self._config)
            if not rebuild.copy.build():
                return False
            for _ in range(_CATCH_UP_ROUNDS):
                with self._lock.read():
                    gone, ids, vectors = rebuild.missed()
                if not rebuild.catch_up(gone, ids, vectors):
                    return False
                if len(ids) <= SLICE:
                    break
            with self._lock.write():
                if not rebuild.follows(self._content) or not rebuild.catch_up(*rebuild.missed()):
                    return False
                self._swap(rebuild.copy)
            return True
        finally:
            self._compacting.release()

    def wait(self) -> None:
        """Wait until a compaction that runs in the background has ended."""
        thread = self._compactor
        if thread is not None:
            thread.join()

    def _swap(self, content: IndexedTable) -> None:
        self._content = content
        self._filters.clear()

    def _allowed(self, allow: frozenset[int]) -> Allowed:
        """Rows of a filter, remembered until the next change: callers ask with the same set again."""
        with self._filters_lock:
            allowed = self._filters.pop(allow, None)
        if allowed is None:
            allowed = self._content.allowed(allow)
        with self._filters_lock:
            self._filters[allow] = allowed
            while len(self._filters) > _FILTERS_KEPT:
                self._filters.popitem(last=False)
        return allowed

    def _overgrown(self) -> bool:
        table = self._content.table
        dead = table.rows - len(table)
        return dead >= _MIN_DEAD and dead > self._config.compact_above * table.rows

    def _maintain(self) -> None:
        if not self._overgrown():
            return
        if len(self) <= self._config.background_above:
            self.compact()
        elif self._compactor is None or not self._compactor.is_alive():
            # Not a daemon: it stops by itself once the main thread has ended, instead of being cut off inside
            # hnswlib.
            self._compactor = threading.Thread(target=self._compact_quietly, name="index-compaction")
            self._compactor.start()

    def _compact_quietly(self) -> None:
        try:
            # What was removed meanwhile may call for another one.
            while self._overgrown() and self.compact():
                pass
        except (RuntimeError, MemoryError):
            _log.exception("compaction failed; the index goes on with its dead rows")
