"""Rows of unit vectors under chunk ids: the storage of every vector index of this package.

Knows no graph and takes no lock. Rows are only ever appended. A removed or replaced row stays as a dead one
until the table is compacted, so that a row number means one vector for as long as the table lives.
"""

import struct
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import CorruptIndexError, InvalidIdError, InvalidVectorError

MAX_ID = 2**39 - 1
_MAGIC = b"FATHOMVT"
_HEADER = struct.Struct("<8sIIQ")
_FORMAT = 1
# Rows gathered at once: a block that stays in the processor's second cache is scanned 1.5 times as fast.
_BLOCK = 256


def as_unit(vectors: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """Check vectors and scale them to unit length.

    Args:
        vectors: Any float type, [N, D].
        dim: The width D that is expected.

    Returns:
        float32 [N, D], a fresh contiguous array.

    Raises:
        InvalidVectorError: A wrong width, a value that is not finite, or a vector of length zero.
    """
    given = np.ascontiguousarray(vectors, dtype=np.float32)
    if given.ndim != 2 or given.shape[1] != dim:
        raise InvalidVectorError(
            f"got vectors of shape {given.shape}; this index holds vectors of width {dim}"
        )
    lengths = np.sqrt(np.einsum("nd,nd->n", given, given, dtype=np.float64))
    if not np.isfinite(lengths).all() or (lengths < 1e-12).any():
        raise InvalidVectorError("a vector is not finite or has length zero; embed the text again")
    # In float32, so that a million vectors are not in memory as float64 meanwhile.
    return np.asarray(given / lengths.astype(np.float32)[:, None])


def as_ids(ids: Sequence[int], count: int) -> NDArray[np.int64]:
    """Check chunk ids.

    Args:
        ids: Chunk ids.
        count: How many are expected.

    Returns:
        int64 [N].

    Raises:
        InvalidIdError: Another number of ids than of items, or an id that cannot be a label.
    """
    if len(ids) != count:
        raise InvalidIdError(f"got {len(ids)} ids for {count} items; give one id for each")
    array = np.asarray(ids, dtype=np.int64).reshape(-1)
    if array.size and (array.min() < 0 or array.max() > MAX_ID):
        raise InvalidIdError(f"chunk ids lie between 0 and {MAX_ID}; got {array.min()} to {array.max()}")
    return array


class VectorTable:
    """Unit vectors by row, with the chunk id of each and which of them are alive.

    Attributes:
        dim: Width D.
        rows: Rows used, dead ones included.
    """

    def __init__(self, dim: int, capacity: int = 0) -> None:
        self.dim = dim
        self.rows = 0
        self._ids = np.empty(capacity, dtype=np.int64)
        self._vectors = np.empty((capacity, dim), dtype=np.float32)
        self._alive = np.zeros(capacity, dtype=np.bool_)
        self._row_of: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._row_of)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Chunk id of each row, int64 [rows]."""
        return self._ids[: self.rows]

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Vector of each row, float32 [rows, D]."""
        return self._vectors[: self.rows]

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Whether each row is alive, bool [rows]."""
        return self._alive[: self.rows]

    def append(
        self, ids: NDArray[np.int64], unit: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Insert or replace; of an id that is given twice, the last vector counts.

        Returns:
            The new rows, and the rows that died because their id was replaced.
        """
        last = {int(chunk_id): place for place, chunk_id in enumerate(ids)}
        dead = self.kill(list(last))
        places = np.fromiter(last.values(), dtype=np.int64, count=len(last))
        fresh = np.arange(self.rows, self.rows + len(places), dtype=np.int64)
        self._reserve(self.rows + len(places))
        self._ids[fresh] = ids[places]
        self._vectors[fresh] = unit[places]
        self._alive[fresh] = True
        self._row_of.update(zip(last, fresh.tolist(), strict=True))
        self.rows += len(places)
        return fresh, dead

    def kill(self, ids: Collection[int]) -> NDArray[np.int64]:
        """Mark the rows of `ids` dead and empty them; unknown ids are ignored. Returns the rows."""
        found = [self._row_of.pop(chunk_id) for chunk_id in ids if chunk_id in self._row_of]
        rows = np.asarray(found, dtype=np.int64)
        self._alive[rows] = False
        # a text can be guessed from its vector: what is removed is not kept
        self._vectors[rows] = 0.0
        return rows

    def rows_of(self, ids: Collection[int]) -> NDArray[np.int64]:
        """Live rows of those `ids` that are known, ascending."""
        if len(ids) > len(self._row_of):
            rows = [row for chunk_id, row in self._row_of.items() if chunk_id in ids]
        else:
            rows = [self._row_of[chunk_id] for chunk_id in ids if chunk_id in self._row_of]
        return np.sort(np.asarray(rows, dtype=np.int64))

    def stored(self, ids: Collection[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Those `ids` that are known, ascending, each once, with their vectors (float32 [N, D], a copy)."""
        rows = self.rows_of(set(ids))
        rows = rows[np.argsort(self._ids[rows])]
        return self._ids[rows], self._vectors[rows]

    def scan(
        self, query: NDArray[np.float32], k: int, rows: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Exact best `k` by cosine.

        Args:
            query: Unit vector, float32 [D].
            k: How many.
            rows: The live rows to look at, or None for all.

        Returns:
            Ids and cosines, best first, the smaller id first where cosines are equal.
        """
        if rows is None:
            scores = self.vectors @ query
            scores[~self.alive] = -np.inf
            k = min(k, len(self))
        else:
            scores = self._cosines(query, rows)
            k = min(k, len(rows))
        if k <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        best = np.argpartition(-scores, k - 1)[:k]
        ids = self._ids[best if rows is None else rows[best]]
        order = np.lexsort((ids, -scores[best]))
        return ids[order], scores[best][order]

    def compacted(self) -> "VectorTable":
        """A table of the live rows only, in the same order; row numbers change."""
        rows = np.flatnonzero(self.alive)
        table = VectorTable(self.dim, len(rows))
        table.append(self._ids[rows], self._vectors[rows])
        return table

    def write(self, path: Path) -> None:
        """Write the live rows to a file that does not exist yet."""
        rows = np.flatnonzero(self.alive)
        ids, vectors = self._ids[rows], self._vectors[rows]
        with path.open("xb") as file:
            file.write(_HEADER.pack(_MAGIC, _FORMAT, self.dim, len(ids)))
            file.write(ids.astype("<i8").tobytes())
            file.write(vectors.astype("<f4").tobytes())

    @classmethod
    def is_table(cls, path: Path) -> bool:
        """Whether the file was written by `write`."""
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC

    @classmethod
    def read(cls, path: Path, dim: int) -> "VectorTable":
        """Read a file that `write` wrote.

        Raises:
            CorruptIndexError: The file is damaged, or holds vectors of another width.
        """
        data = path.read_bytes()
        if len(data) < _HEADER.size or not data.startswith(_MAGIC):
            raise CorruptIndexError(f"{path} is not a vector table; rebuild the index from the database")
        _, version, width, count = _HEADER.unpack_from(data)
        if version != _FORMAT or width != dim or len(data) != _HEADER.size + count * (8 + 4 * dim):
            raise CorruptIndexError(f"{path} does not hold {count} vectors of width {dim}; rebuild the index")
        ids = np.frombuffer(data, dtype="<i8", count=count, offset=_HEADER.size)
        flat = np.frombuffer(data, dtype="<f4", offset=_HEADER.size + 8 * count)
        return cls.of_rows(
            ids.astype(np.int64),
            flat.astype(np.float32).reshape(count, dim),
            np.ones(count, dtype=np.bool_),
            str(path),
        )

    @classmethod
    def of_rows(
        cls, ids: NDArray[np.int64], unit: NDArray[np.float32], alive: NDArray[np.bool_], origin: str
    ) -> "VectorTable":
        """Make a table of given rows, dead ones included; the arrays become its own.

        Raises:
            CorruptIndexError: Two live rows have one id, or a vector does not have unit length.
        """
        table = cls(unit.shape[1])
        table._ids, table._vectors, table._alive = ids, unit, alive
        table.rows = len(ids)
        rows = np.flatnonzero(alive)
        table._row_of = dict(zip(ids[rows].tolist(), rows.tolist(), strict=True))
        lengths = np.einsum("nd,nd->n", table._vectors, table._vectors)
        if len(table._row_of) != len(rows) or not (np.abs(lengths - 1) < 1e-3).all():
            raise CorruptIndexError(
                f"{origin} holds impossible vectors or ids; rebuild the index from the database"
            )
        return table

    def _cosines(self, query: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Cosines of some rows: gathered block by block, or all of them where gathering would cost more."""
        if 3 * len(rows) > self.rows:
            return np.asarray((self.vectors @ query)[rows])
        scores = np.empty(len(rows), dtype=np.float32)
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            np.dot(self._vectors[rows[part]], query, out=scores[part])
        return scores

    def _reserve(self, rows: int) -> None:
        if rows <= len(self._ids):
            return
        capacity = max(rows, 2 * len(self._ids), 64)
        for name in ("_ids", "_vectors", "_alive"):
            old = getattr(self, name)
            new = np.zeros((capacity, *old.shape[1:]), dtype=old.dtype)
            new[: self.rows] = old[: self.rows]
            setattr(self, name, new)
