"""How searches for nearest vectors are compared: the true cosines, recall and latency, all sides query by query."""

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from app.measuring.speed.timing import percentiles_ms
from retrieval.config import HnswConfig
from retrieval.index.hnsw import HnswIndex

K = 10
SAME = 1e-5
"""Cosines that differ by less are the same rank: equal texts have equal vectors."""
_AT_ONCE = 50_000

Vectors = NDArray[np.float32]
Search = Callable[[Vectors], Vectors]
"""Function from a query (float32 [D]) to the cosines of its neighbours (float32 [<= 10])."""


def exact(vectors: Vectors, query: Vectors) -> Vectors:
    """Cosines of the nearest vectors by a scan of all, best first."""
    scores: Vectors = vectors @ query
    k = min(K, len(scores))
    best = scores[np.argpartition(-scores, k - 1)[:k]]
    return np.sort(best)[::-1]


def kth_cosines(vectors: Vectors, queries: Vectors) -> Vectors:
    """True cosine of the last of the nearest `min(10, N)`, for each query: float32 [Q]."""
    k = min(K, len(vectors))
    best = np.empty((len(queries), 0), dtype=np.float32)
    for start in range(0, len(vectors), _AT_ONCE):
        scores = np.concatenate([best, queries @ vectors[start : start + _AT_ONCE].T], axis=1)
        kept = min(k, scores.shape[1])
        best = np.partition(scores, scores.shape[1] - kept, axis=1)[:, -kept:]
    return np.asarray(best.min(axis=1))


def compared(searches: Mapping[str, Search], queries: Vectors, kth: Vectors) -> dict[str, dict[str, float]]:
    """Recall and latency by side.

    Each query goes to all sides, in an order by chance, so that none always finds its rows cached.

    Args:
        searches: By name.
        queries: float32 [Q, D].
        kth: What `kth_cosines` gives for them: whatever is as near counts as found.

    Returns:
        `recall@10`, `p50_ms` and `p99_ms` by the clock, and `p50_cpu_ms`, the processor time of this process,
        which other work on the machine does not lengthen.
    """
    wall: dict[str, list[float]] = {name: [] for name in searches}
    cpu: dict[str, list[float]] = {name: [] for name in searches}
    right, wanted = dict.fromkeys(searches, 0), 0
    names, rng = list(searches), np.random.default_rng(0)
    for name in names:  # caches, and threads that start with the first call
        wanted = max(wanted, len(searches[name](queries[0])))
    for number, query in enumerate(queries):
        for name in rng.permutation(names):
            start, started = time.perf_counter(), time.process_time()
            cosines = searches[name](query)
            cpu[name].append(time.process_time() - started)
            wall[name].append(time.perf_counter() - start)
            right[name] += int((cosines[:K] >= kth[number] - SAME).sum())
    return {
        name: {
            "recall@10": round(right[name] / (wanted * len(queries)), 4),
            **percentiles_ms(wall[name]),
            "p50_cpu_ms": percentiles_ms(cpu[name])["p50_ms"],
        }
        for name in names
    }


def built(vectors: Vectors, config: HnswConfig) -> tuple[HnswIndex, float]:
    """An index of the vectors under their row numbers, and the seconds it took."""
    index = HnswIndex(vectors.shape[1], config)
    start = time.perf_counter()
    index.add(range(len(vectors)), vectors)
    return index, round(time.perf_counter() - start, 3)
