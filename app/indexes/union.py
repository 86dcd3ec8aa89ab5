"""Several collections searched as one: their indexes behind the protocols of a single one.

Chunk ids are unique in the database, so labels never clash. Cosines of one encoder are comparable as they
are; scores by words are shares of the question, counted with the rarity that its words have in each collection.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from retrieval.protocols import LexicalIndex, VectorIndex


class ReadOnlyError(TypeError):
    """Raised for a change to a union; change its members instead."""


class UnionVectors:
    """Dense indexes read as one; `search` gives the best of all."""

    def __init__(self, members: Sequence[VectorIndex]) -> None:
        """Read `members`, which stay owned by their collections."""
        self._members = members

    def search(
        self, query: NDArray[np.float32], k: int, allow: frozenset[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Best `k` ids and cosines over all members, best first."""
        found = [member.search(query, k, allow) for member in self._members]
        ids = np.concatenate([ids for ids, _ in found])
        scores = np.concatenate([scores for _, scores in found])
        best = np.argsort(-scores, kind="stable")[:k]
        return ids[best], scores[best]

    def vectors(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The stored ids among `ids`, ascending, with their unit vectors (float32 [N, D])."""
        found = [member.vectors(ids) for member in self._members]
        labels = np.concatenate([labels for labels, _ in found])
        order = np.argsort(labels)
        return labels[order], np.concatenate([vectors for _, vectors in found])[order]

    def __len__(self) -> int:
        return sum(len(member) for member in self._members)

    def add(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> NoReturn:
        """Refused.

        Raises:
            ReadOnlyError: Always.
        """
        raise ReadOnlyError(f"{len(ids)} vectors of width {vectors.shape[1]} belong into one collection")

    def remove(self, ids: Sequence[int]) -> NoReturn:
        """Refused.

        Raises:
            ReadOnlyError: Always.
        """
        raise ReadOnlyError(f"{len(ids)} ids are removed from their collection, not from a union")

    def save(self, path: Path) -> NoReturn:
        """Refused.

        Raises:
            ReadOnlyError: Always.
        """
        raise ReadOnlyError(f"a union is not written to {path}; its members are")

    def load(self, path: Path) -> NoReturn:
        """Refused.

        Raises:
            ReadOnlyError: Always.
        """
        raise ReadOnlyError(f"a union is not loaded from {path}; its members are")


class UnionWords:
    """Lexical indexes read as one; `search` gives the best of all."""

    def __init__(self, members: Sequence[LexicalIndex]) -> None:
        """Read `members`, which stay owned by their collections."""
        self._members = members

    def search(self, query: str, k: int, allow: frozenset[int] | None = None) -> list[tuple[int, float]]:
        """Best `k` ids and scores over all members, best first."""
        found = [pair for member in self._members for pair in member.search(query, k, allow)]
        return sorted(found, key=lambda pair: -pair[1])[:k]

    def __len__(self) -> int:
        return sum(len(member) for member in self._members)

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> NoReturn:
        """Refused.

        Raises:
            ReadOnlyError: Always.
        """
        raise ReadOnlyError(f"{len(ids)} ids and {len(texts)} texts belong into one collection")

    def remove(self, ids: Sequence[int]) -> NoReturn:
        """Refused.

        Raises:
            ReadOnlyError: Always.
        """
        raise ReadOnlyError(f"{len(ids)} ids are removed from their collection, not from a union")

    def commit(self) -> NoReturn:
        """Refused.

        Raises:
            ReadOnlyError: Always.
        """
        raise ReadOnlyError("a union has nothing to commit; its members do")
