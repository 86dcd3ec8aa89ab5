"""Vector index against exact search in numpy and against hnswlib alone, on the same vectors and queries."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hnswlib
import numpy as np
from numpy.typing import NDArray

from app.benchmarks.timing import percentiles_ms, ratio
from retrieval.config import HnswConfig
from retrieval.index.hnsw import HnswIndex

K = 10
HNSWLIB = "hnswlib alone, same parameters"
SELECTIVITIES = (0.5, 0.1, 0.05, 0.01, 0.002)
SAME = 1e-5
"""Cosines that differ by less are the same rank: equal texts have equal vectors."""

Vectors = NDArray[np.float32]
Search = Callable[[Vectors], Vectors]
"""A query (float32 [D]) to the cosines of what was found (float32 [<= 10])."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBench:
    """What to measure on.

    Attributes:
        vectors: Unit vectors to index, float32 [N, D].
        queries: Unit vectors to search with, float32 [Q, D], none of them in the index.
        config: Of our index; its graph parameters are hnswlib's too.
        thorough: Measure filters, and the index after half of it was replaced five times, too.
    """

    vectors: Vectors
    queries: Vectors
    config: HnswConfig
    thorough: bool = False


def clustered(count: int, dim: int, seed: int) -> Vectors:
    """Unit vectors round Zipf-sized clusters with low-rank noise, as embeddings of texts have it."""
    rng, shape = np.random.default_rng(seed), np.random.default_rng(1)
    centres = shape.normal(size=(1000, dim)).astype(np.float32)
    basis = shape.normal(size=(48, dim)).astype(np.float32)
    sizes = 1 / np.arange(1, 1001) ** 0.8
    chosen = rng.choice(1000, count, p=sizes / sizes.sum())
    points = centres[chosen] + 0.35 * rng.normal(size=(count, 48)).astype(np.float32) @ basis
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), dtype=np.float32)


def held_out(vectors: Vectors, queries: int, seed: int) -> tuple[Vectors, Vectors]:
    """Take queries out of real vectors by chance; gives the rest and the queries."""
    order = np.random.default_rng(seed).permutation(len(vectors))
    return vectors[order[queries:]], vectors[order[:queries]]


def measure_index(bench: IndexBench) -> dict[str, Any]:
    """Recall, latency, build and load time, and size of our index; the peers beside it.

    Returns:
        Our figures at the top; under `peers` those of exact search and of hnswlib, whose `ratio` is their median
        latency over ours.
    """
    vectors = bench.vectors
    index, build_s = _built(bench)
    graph, graph_s = _hnswlib_alone(bench)
    k = min(K, len(vectors))
    searches: dict[str, Search] = {
        "ours": lambda query: index.search(query, K)[1],
        "exact search (numpy)": lambda query: exact(vectors, query),
        HNSWLIB: lambda query: 1 - graph.knn_query(query[None], k=k, num_threads=1)[1][0],
    }
    found = _latencies(searches, bench.queries, lambda query: exact(vectors, query))
    ours = found.pop("ours")
    found[HNSWLIB]["build_s"] = graph_s
    peers = [
        {"name": name, **figures, "ratio": ratio(figures["p50_ms"], ours["p50_ms"])}
        for name, figures in found.items()
    ]
    return {
        "bench": "index",
        "n": len(vectors),
        "dim": vectors.shape[1],
        "queries": len(bench.queries),
        "plan": "scan" if len(vectors) <= bench.config.exact_below else "graph",
        **ours,
        "build_s": build_s,
        **_on_disk(index, bench),
        "peers": peers,
        "ratio": peers[0]["ratio"],
        **(_thorough(index, bench) if bench.thorough else {}),
    }


def exact(vectors: Vectors, query: Vectors) -> Vectors:
    """Cosines of the nearest vectors by a scan of all, best first."""
    scores: Vectors = vectors @ query
    k = min(K, len(scores))
    best = scores[np.argpartition(-scores, k - 1)[:k]]
    return np.sort(best)[::-1]


def _latencies(
    searches: Mapping[str, Search], queries: Vectors, truth: Search
) -> dict[str, dict[str, float]]:
    """Recall and latency by side; each query goes to all sides, in changing order."""
    seconds: dict[str, list[float]] = {name: [] for name in searches}
    right = dict.fromkeys(searches, 0)
    wanted = 0
    names = list(searches)
    for name in names:  # caches, and threads that start with the first call
        searches[name](queries[0])
    for number, query in enumerate(queries):
        best = truth(query)
        wanted += len(best)
        for name in names if number % 2 == 0 else reversed(names):
            start = time.perf_counter()
            cosines = searches[name](query)
            seconds[name].append(time.perf_counter() - start)
            right[name] += int((cosines[: len(best)] >= best[-1] - SAME).sum())
    return {
        name: {"recall@10": round(right[name] / wanted, 4), **percentiles_ms(seconds[name])} for name in names
    }


def _built(bench: IndexBench) -> tuple[HnswIndex, float]:
    index = HnswIndex(bench.vectors.shape[1], bench.config)
    start = time.perf_counter()
    index.add(range(len(bench.vectors)), bench.vectors)
    return index, round(time.perf_counter() - start, 3)


def _hnswlib_alone(bench: IndexBench) -> tuple[hnswlib.Index, float]:
    vectors, config = bench.vectors, bench.config
    start = time.perf_counter()
    index = hnswlib.Index(space="ip", dim=vectors.shape[1])
    index.init_index(
        len(vectors), M=config.m, ef_construction=config.ef_construction, random_seed=config.seed
    )
    index.set_ef(max(config.ef_search, K))
    index.add_items(vectors, np.arange(len(vectors)), num_threads=config.threads)
    return index, round(time.perf_counter() - start, 3)


def _on_disk(index: HnswIndex, bench: IndexBench) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="fathom-bench-") as folder:
        path = Path(folder) / "index"
        start = time.perf_counter()
        index.save(path)
        save_s = time.perf_counter() - start
        start = time.perf_counter()
        HnswIndex(bench.vectors.shape[1], bench.config).load(path)
        load_s = time.perf_counter() - start
        size = path.stat().st_size
    return {
        "save_s": round(save_s, 3),
        "load_s": round(load_s, 3),
        "bytes_per_vector": round(size / len(bench.vectors), 1),
    }


def _thorough(index: HnswIndex, bench: IndexBench) -> dict[str, Any]:
    """Filters of falling selectivity, then the same index after churn."""
    vectors, rng = bench.vectors, np.random.default_rng(4)
    filtered = []
    for share in SELECTIVITIES:
        allowed = rng.choice(len(vectors), max(1, int(share * len(vectors))), replace=False)
        allow, subset = frozenset(allowed.tolist()), vectors[allowed]
        searches: dict[str, Search] = {
            "ours": lambda query, allow=allow: index.search(query, K, allow)[1],  # type: ignore[misc]
            "exact": lambda query, subset=subset: exact(subset, query),  # type: ignore[misc]
        }
        found = _latencies(searches, bench.queries, searches["exact"])
        filtered.append(
            {
                "selectivity": share,
                **found["ours"],
                "exact_p50_ms": found["exact"]["p50_ms"],
                "ratio": ratio(found["exact"]["p50_ms"], found["ours"]["p50_ms"]),
            }
        )
    current = _churned(index, vectors, rng)
    after = _latencies(
        {"ours": lambda query: index.search(query, K)[1]}, bench.queries, lambda query: exact(current, query)
    )
    return {"filtered": filtered, "after_churn": after["ours"] | {"dead_share": round(index.dead_share, 3)}}


def _churned(index: HnswIndex, vectors: Vectors, rng: np.random.Generator) -> Vectors:
    """Replace half of the vectors five times, each by one like another; gives what is in the index then."""
    current = vectors.copy()
    for _ in range(5):
        ids = rng.choice(len(vectors), len(vectors) // 2, replace=False)
        noise = 0.02 * rng.normal(size=(len(ids), vectors.shape[1])).astype(np.float32)
        fresh = vectors[rng.permutation(ids)] + noise
        fresh /= np.linalg.norm(fresh, axis=1, keepdims=True)
        current[ids] = fresh
        index.remove(ids.tolist())
        index.add(ids.tolist(), fresh)
    index.wait()
    return current
