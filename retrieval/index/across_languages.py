"""A dense index in whose cosines the language of a text counts less; see `retrieval.language_direction`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.language_direction import lessened
from retrieval.protocols import VectorIndex

AHEAD = 4
"""Vectors looked at for each one wanted, since their order changes with their lengths."""


class AcrossLanguages:
    """`VectorIndex` over another one, which keeps its vectors as they are.

    Args:
        index: What is searched.
        direction_D: Unit vector, float32 [D], that counts less.
    """

    def __init__(self, index: VectorIndex, direction_D: NDArray[np.float32]) -> None:
        self._index = index
        self._direction_D = direction_D

    def search(
        self, query: NDArray[np.float32], k: int, allow: frozenset[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Best ids and cosines for one query (float32 [D]), with less of the direction on both sides, best first."""
        asked_D = lessened(query, self._direction_D)
        # taken out twice, the question's product with a stored vector is that of both lessened, but for the length
        found, _ = self._index.search(lessened(asked_D, self._direction_D), AHEAD * k, allow)
        ids, stored_ND = self._index.vectors(found.tolist())
        read_ND = lessened(stored_ND, self._direction_D)
        lengths_N = np.linalg.norm(read_ND, axis=1) * np.linalg.norm(asked_D)
        cosines_N = (read_ND @ asked_D / np.maximum(lengths_N, 1e-12)).astype(np.float32)
        best = np.lexsort((ids, -cosines_N))[:k]
        return ids[best], cosines_N[best]

    def vectors(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The stored ids among `ids`, ascending, each once, with their unit vectors (float32 [N, D])."""
        return self._index.vectors(ids)

    def __len__(self) -> int:
        return len(self._index)

    def add(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Insert or replace vectors (float32 [N, D])."""
        self._index.add(ids, vectors)

    def remove(self, ids: Sequence[int]) -> None:
        """Remove ids; unknown ids are ignored."""
        self._index.remove(ids)

    def save(self, path: Path) -> None:
        """Write the vectors as they are to `path`, a file that does not exist yet."""
        self._index.save(path)

    def load(self, path: Path) -> None:
        """Replace the content by the file at `path`."""
        self._index.load(path)
