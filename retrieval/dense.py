"""Search by meaning: a question vector to ranked hits."""

import numpy as np
from numpy.typing import NDArray

from retrieval.protocols import VectorIndex
from retrieval.types import Hit

STAGE = "dense"


def search_dense(
    index: VectorIndex, vector: NDArray[np.float32], k: int, allow: frozenset[int] | None = None
) -> list[Hit]:
    """Nearest chunks of a question.

    Args:
        index: Where to search.
        vector: Question vector, float32 [D].
        k: How many at most.
        allow: Chunk ids to choose from, or None for all.

    Returns:
        Hits with cosine and rank under "dense", best first.
    """
    ids, cosines = index.search(vector, k, allow)
    return [
        Hit(chunk_id=int(chunk_id), score=float(cosine), scores={STAGE: float(cosine)}, ranks={STAGE: rank})
        for rank, (chunk_id, cosine) in enumerate(zip(ids, cosines, strict=True), start=1)
    ]
