"""Contents of index files, read without their owner: evidence for a proof of deletion."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from retrieval.errors import CorruptIndexError
from retrieval.index.graph import read_table
from retrieval.index.lexical_folder import removed_count
from retrieval.index.vectors import VectorTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One file or folder.

    Attributes:
        path: Where it is.
        ids: Chunks that it would find.
        removed: Chunks that it would not find and whose words or vectors it still has.
        readable: False where it is damaged, so that nobody can tell.
    """

    path: Path
    ids: frozenset[int] = frozenset()
    removed: int = 0
    readable: bool = True


def dense_holdings(folder: Path) -> Iterator[Holding]:
    """Contents of each snapshot of a dense index, snapshots without a manifest and half-written ones included."""
    for path in sorted(folder.glob("gen-*.index*")):
        try:
            table = _table(path)
        except (CorruptIndexError, OSError, ValueError):
            yield Holding(path=path, readable=False)
            continue
        yield Holding(
            path=path,
            ids=frozenset(table.ids[table.alive].tolist()),
            removed=_dead_with_vector(table.vectors, table.alive),
        )


def lexical_holding(folder: Path) -> Holding | None:
    """Contents of a lexical index; None if there is none."""
    if not (folder / "meta.json").exists():
        return None
    try:
        searcher = tantivy.Index.open(str(folder)).searcher()
        everything = tantivy.Query.all_query()
        found = searcher.search(everything, max(1, int(searcher.num_docs)), count=False).hits
        ids = searcher.fast_field_values("id", [address for _, address in found])
        return Holding(path=folder, ids=frozenset(map(int, ids)), removed=removed_count(folder))  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError):
        return Holding(path=folder, readable=False)


def _table(path: Path) -> VectorTable:
    with path.open("rb") as file:
        head = file.read(16)
    if VectorTable.is_table(path):
        return VectorTable.read(path, int.from_bytes(head[12:16], "little"))
    return read_table(path)


def _dead_with_vector(vectors: NDArray[np.float32], alive: NDArray[np.bool_]) -> int:
    """Count removed rows that still have their own vector: neither empty nor equal to a live row."""
    living = {row.tobytes() for row in vectors[alive]}
    unit = np.zeros(vectors.shape[1], dtype=np.float32)
    unit[:1] = 1.0
    return sum(
        row.tobytes() not in living and row.any() and not np.array_equal(row, unit) for row in vectors[~alive]
    )
