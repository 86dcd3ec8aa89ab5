"""Search by meaning: a question vector to ranked hits."""

import numpy as np
from numpy.typing import NDArray

from retrieval.language_direction import lessened
from retrieval.protocols import VectorIndex
from retrieval.types import Hit

STAGE = "dense"


AHEAD = 4
"""Chunks looked at for each one wanted, where their order changes afterwards."""


def search_dense(
    index: VectorIndex,
    vector: NDArray[np.float32],
    k: int,
    allow: frozenset[int] | None = None,
    language_direction: NDArray[np.float32] | None = None,
) -> list[Hit]:
    """Nearest chunks of a question.

    Args:
        index: Where to search.
        vector: Question vector, float32 [D].
        k: How many at most.
        allow: Chunk ids to choose from, or None for all.
        language_direction: Unit vector, float32 [D], that counts less in the cosines (`retrieval.language_direction`),
            or None for plain ones.

    Returns:
        Hits with cosine and rank under "dense", best first.
    """
    if language_direction is None:
        ids, cosines = index.search(vector, k, allow)
    else:
        ids, cosines = _across_languages(index, vector, k, allow, language_direction)
    return [
        Hit(chunk_id=int(chunk_id), score=float(cosine), scores={STAGE: float(cosine)}, ranks={STAGE: rank})
        for rank, (chunk_id, cosine) in enumerate(zip(ids, cosines, strict=True), start=1)
    ]


def _across_languages(
    index: VectorIndex,
    vector: NDArray[np.float32],
    k: int,
    allow: frozenset[int] | None,
    direction_D: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The best `k` ids and cosines, with less of the direction on both sides."""
    asked_D = lessened(vector, direction_D)
    # taken out twice, the question's product with a stored vector is that of both lessened, but for the length
    found, _ = index.search(lessened(asked_D, direction_D), AHEAD * k, allow)
    ids, stored_ND = index.vectors(found.tolist())
    read_ND = lessened(stored_ND, direction_D)
    lengths_N = np.linalg.norm(read_ND, axis=1) * np.linalg.norm(asked_D)
    cosines_N = (read_ND @ asked_D / np.maximum(lengths_N, 1e-12)).astype(np.float32)
    best = np.lexsort((ids, -cosines_N))[:k]
    return ids[best], cosines_N[best]
