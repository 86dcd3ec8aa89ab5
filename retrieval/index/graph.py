"""hnswlib behind a narrow door: rows in, rows out.

Takes no lock itself: `HnswIndex` keeps readers and writers apart.

A label carries the chunk id and the row, `id << 24 | row`, so that a saved graph describes itself and a
replaced vector gets a label of its own. (hnswlib updates a vector in place by relinking its neighbours, which
is slow and costs recall; a new node beside a dead one does not.)
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hnswlib
import numpy as np
from numpy.typing import NDArray

from retrieval.config import HnswConfig
from retrieval.errors import CorruptIndexError, IndexCapacityError, SnapshotError
from retrieval.index.vectors import VectorTable

_ROW_BITS = 24
MAX_ROWS = 2**_ROW_BITS
SEED = 7
"""Seed of the level generator."""

# hnswlib 0.8, `saveIndex`: offset of level 0, capacity, count, bytes per element, offsets of label and
# vector, top level, entry point, three link limits, level factor, construction breadth.
_HEADER = struct.Struct("<6QiI3QdQ")
_DEAD_MARK = 1
_DEAD_BYTE = 2
_LINKS = 4
# Rows copied out of a file at once, so that no second copy of all vectors is in memory meanwhile.
_READ_AT_ONCE = 65_536


class Graph:
    """A navigable graph over rows of a `VectorTable`; made by `empty` or `read`."""

    def __init__(self, index: Any, config: HnswConfig) -> None:
        self._index = index
        self._config = config
        self._set_candidates()

    @classmethod
    def empty(cls, dim: int, config: HnswConfig, capacity: int) -> "Graph":
        """A graph without rows, with room for `capacity` of them at first."""
        index = hnswlib.Index(space="ip", dim=dim)
        index.init_index(
            max_elements=max(capacity, 1),
            M=config.m,
            ef_construction=config.ef_construction,
            random_seed=SEED,
        )
        return cls(index, config)

    def add(self, ids: NDArray[np.int64], rows: NDArray[np.int64], unit: NDArray[np.float32]) -> None:
        """Link new rows; the caller excludes every search meanwhile.

        Raises:
            IndexCapacityError: A row number that a label cannot carry.
        """
        if not len(rows):
            return
        if int(rows.max()) >= MAX_ROWS:
            raise IndexCapacityError(
                f"an embedded index holds at most {MAX_ROWS} vectors; split the collection"
            )
        needed = self._index.get_current_count() + len(rows)
        if needed > self._index.get_max_elements():
            self._index.resize_index(max(needed, 2 * self._index.get_max_elements()))
        # hnswlib spreads a call over threads only where it is worth it, and one thread keeps small builds
        # repeatable.
        self._index.add_items(
            unit, _labels(ids, rows), num_threads=1 if len(rows) < 64 else self._config.threads
        )
        self._set_candidates()

    def _set_candidates(self) -> None:
        self._index.set_ef(self._config.candidates(self._index.get_current_count()))

    def kill(self, ids: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """Keep rows out of results; they still lead to others."""
        for label in _labels(ids, rows).tolist():
            self._index.mark_deleted(label)

    def nearest(self, unit: NDArray[np.float32], k: int) -> NDArray[np.int64] | None:
        """Rows of about the best `k`, or None where the graph reaches fewer than `k` live ones."""
        try:
            labels, _ = self._index.knn_query(unit[None], k=k, num_threads=1)
        except RuntimeError:
            # "Cannot return the results in a contiguous 2D array": the caller scans instead.
            return None
        return np.asarray(labels[0] & np.uint64(MAX_ROWS - 1), dtype=np.int64)

    def write(self, path: Path) -> None:
        """Save to `path`, and check that the whole file arrived, which hnswlib does not do.

        In the file, a row that was removed has the vector of a live neighbour in place of its own: it still leads to
        others, and a text can be guessed from its vector.

        Raises:
            SnapshotError: The file is shorter than the graph.
        """
        self._index.save_index(str(path))
        expected = self._index.index_file_size()
        if not path.exists() or path.stat().st_size != expected:
            raise SnapshotError(
                f"{path} does not have the {expected} bytes of the index; check the free space"
            )
        _empty_dead(path, self._index.dim)

    @classmethod
    def read(cls, path: Path, dim: int, config: HnswConfig) -> tuple["Graph", VectorTable]:
        """Open a saved graph, and the table of its vectors.

        Only for files whose checksum was verified: hnswlib itself can crash the process on a damaged one.

        Raises:
            CorruptIndexError: The file is not such a graph.
        """
        table = _read_table(path, dim)
        index = hnswlib.Index(space="ip", dim=dim)
        try:
            index.load_index(str(path), max_elements=max(table.rows, 1))
        except RuntimeError as error:
            raise CorruptIndexError(f"hnswlib refuses {path}: {error}; rebuild the index") from error
        return cls(index, config), table


@dataclass(frozen=True, slots=True)
class _Layout:
    count: int
    element: int
    label: int
    vector: int


def _labels(ids: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    return np.asarray(ids, dtype=np.uint64) << np.uint64(_ROW_BITS) | np.asarray(rows, dtype=np.uint64)


def _read_layout(path: Path, dim: int) -> _Layout:
    """Find the parts of hnswlib's file.

    Raises:
        CorruptIndexError: It is too short, or not of this width.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        raise CorruptIndexError(f"{path} is too short for an index; rebuild it from the database")
    offset, capacity, count, element, label, vector, *_ = _HEADER.unpack(head)
    fits = (
        offset == 0
        and count <= min(capacity, MAX_ROWS)
        and label - vector == 4 * dim
        and element == label + 8
        and _HEADER.size + count * element <= size
    )
    if not fits:
        raise CorruptIndexError(f"{path} is not a graph of vectors of width {dim}; rebuild the index")
    return _Layout(count, element, label, vector)


def read_table(path: Path) -> VectorTable:
    """The vectors of a saved graph, whatever their width.

    Raises:
        CorruptIndexError: The file is not such a graph.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        raise CorruptIndexError(f"{path} is too short for an index; rebuild it from the database")
    _, _, _, _, label, vector, *_ = _HEADER.unpack(head)
    return _read_table(path, (label - vector) // 4)


def _empty_dead(path: Path, dim: int) -> None:
    """Give each dead row of a saved graph the vector of a live neighbour, or of any live row where it has none."""
    layout = _read_layout(path, dim)
    if layout.count == 0:
        return
    shape = (layout.count, layout.element)
    elements = np.memmap(path, dtype=np.uint8, mode="r+", offset=_HEADER.size, shape=shape)
    dead = (elements[:, _DEAD_BYTE] & _DEAD_MARK) != 0
    alive = np.flatnonzero(~dead)
    unit = np.zeros(dim, dtype="<f4")
    unit[0] = 1.0
    for row in np.flatnonzero(dead).tolist():
        links = np.ascontiguousarray(elements[row, _LINKS : layout.vector]).view("<u4")
        near = links[: int(elements[row, 0]) | int(elements[row, 1]) << 8]
        living = near[~dead[near]]
        source = int(living[0]) if len(living) else int(alive[0]) if len(alive) else None
        elements[row, layout.vector : layout.label] = (
            unit.view(np.uint8) if source is None else elements[source, layout.vector : layout.label]
        )
    elements.flush()


def _read_table(path: Path, dim: int) -> VectorTable:
    """Take ids, vectors and dead marks out of the saved graph, instead of storing them a second time.

    Raises:
        CorruptIndexError: The file is not such a graph.
    """
    layout = _read_layout(path, dim)
    if layout.count == 0:
        return VectorTable(dim)
    shape = (layout.count, layout.element)
    elements = np.memmap(path, dtype=np.uint8, mode="r", offset=_HEADER.size, shape=shape)
    labels = np.ascontiguousarray(elements[:, layout.label : layout.label + 8]).view("<u8")[:, 0]
    rows = (labels & np.uint64(MAX_ROWS - 1)).astype(np.int64)
    if not np.array_equal(np.sort(rows), np.arange(layout.count)):
        raise CorruptIndexError(f"the rows of {path} are not numbered through; rebuild the index")
    ids = np.empty(layout.count, dtype=np.int64)
    ids[rows] = (labels >> np.uint64(_ROW_BITS)).astype(np.int64)
    alive = np.empty(layout.count, dtype=np.bool_)
    alive[rows] = (elements[:, _DEAD_BYTE] & _DEAD_MARK) == 0
    vectors = np.empty((layout.count, dim), dtype=np.float32)
    for start in range(0, layout.count, _READ_AT_ONCE):
        part = slice(start, start + _READ_AT_ONCE)
        vectors[rows[part]] = np.ascontiguousarray(elements[part, layout.vector : layout.label]).view("<f4")
    return VectorTable.of_rows(ids, vectors, alive, str(path))
