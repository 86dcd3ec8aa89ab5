"""Our vector index against plain hnswlib and against exact search, on clustered vectors, in one run.

    OMP_NUM_THREADS=1 python benchmarks/vector_index.py [--n 50000] [--dim 384] [--queries 300] [--json]

Prints recall@10, p50 and p99 by plan (no filter; filters of falling selectivity), build, save and load seconds,
bytes a vector, and recall and p50 after half of the points were replaced five times.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import hnswlib
import numpy as np
from numpy.typing import NDArray

from retrieval.config import HnswConfig
from retrieval.index.exact import ExactIndex
from retrieval.index.hnsw import HnswIndex

K = 10
Search = Callable[[NDArray[np.float32]], Sequence[int]]


def clustered(count: int, dim: int, seed: int) -> NDArray[np.float32]:
    """Unit vectors round Zipf-sized clusters, with low-rank noise, as embeddings of texts have it."""
    rng = np.random.default_rng(seed)
    shape = np.random.default_rng(1)
    centres = shape.normal(size=(1000, dim)).astype(np.float32)
    basis = shape.normal(size=(48, dim)).astype(np.float32)
    sizes = 1 / np.arange(1, 1001) ** 0.8
    chosen = rng.choice(1000, count, p=sizes / sizes.sum())
    points = centres[chosen] + 0.35 * rng.normal(size=(count, 48)).astype(np.float32) @ basis
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), dtype=np.float32)


def timed(search: Search, queries: NDArray[np.float32], truth: list[set[int]]) -> dict[str, float]:
    """Recall and latency of single queries."""
    spent, hits = [], 0
    for query, right in zip(queries, truth, strict=True):
        start = time.perf_counter()
        found = search(query)
        spent.append(1e6 * (time.perf_counter() - start))
        hits += len(right & {int(i) for i in found})
    return {
        "recall@10": round(hits / sum(map(len, truth)), 4),
        "p50_us": round(float(np.percentile(spent, 50))),
        "p99_us": round(float(np.percentile(spent, 99))),
    }


def truths(
    exact: ExactIndex, queries: NDArray[np.float32], allow: frozenset[int] | None = None
) -> list[set[int]]:
    """Exact neighbours."""
    return [set(exact.search(query, K, allow)[0].tolist()) for query in queries]


def plain(vectors: NDArray[np.float32], config: HnswConfig) -> tuple[hnswlib.Index, float]:
    """The peer: hnswlib alone with the same parameters."""
    start = time.perf_counter()
    index = hnswlib.Index(space="ip", dim=vectors.shape[1])
    index.init_index(
        len(vectors), M=config.m, ef_construction=config.ef_construction, random_seed=config.seed
    )
    index.set_ef(config.ef_search)
    index.add_items(vectors, np.arange(len(vectors)), num_threads=config.threads)
    return index, time.perf_counter() - start


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=50_000)
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    config = HnswConfig(threads=options.threads)
    vectors, queries = clustered(options.n, options.dim, 2), clustered(options.queries, options.dim, 3)
    report: dict[str, dict[str, float]] = {}
    exact, index = ExactIndex(options.dim), HnswIndex(options.dim, config)
    exact.add(range(options.n), vectors)
    start = time.perf_counter()
    index.add(range(options.n), vectors)
    build_s = time.perf_counter() - start
    peer, peer_s = plain(vectors, config)
    truth = truths(exact, queries)
    report["exact scan"] = timed(lambda q: exact.search(q, K)[0], queries, truth)
    report["hnswlib alone"] = timed(
        lambda q: peer.knn_query(q[None], k=K, num_threads=1)[0][0], queries, truth
    )
    report["hnswlib alone"]["build_s"] = round(peer_s, 2)
    report["ours"] = timed(lambda q: index.search(q, K)[0], queries, truth) | {"build_s": round(build_s, 2)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        start = time.perf_counter()
        index.save(path)
        report["ours"]["save_s"] = round(time.perf_counter() - start, 2)
        report["ours"]["bytes_per_vector"] = round(path.stat().st_size / options.n)
        start = time.perf_counter()
        HnswIndex(options.dim, config).load(path)
        report["ours"]["load_s"] = round(time.perf_counter() - start, 2)
    rng = np.random.default_rng(4)
    for share in (0.5, 0.1, 0.05, 0.01, 0.002):
        allow = frozenset(rng.choice(options.n, int(share * options.n), replace=False).tolist())
        right = truths(exact, queries, allow)
        search = _filtered(index, allow)
        search(queries[0])
        report[f"ours, filter {share:.1%}"] = timed(search, queries, right)
    _churn(index, exact, vectors, rng)
    truth = truths(exact, queries)
    report["ours after churn"] = timed(lambda q: index.search(q, K)[0], queries, truth)
    report["ours after churn"]["dead_share"] = round(index.dead_share, 3)
    if options.json:
        print(json.dumps(report))
        return
    for name, values in report.items():
        print(f"{name:22}" + "  ".join(f"{key} {value}" for key, value in values.items()))


def _filtered(index: HnswIndex, allow: frozenset[int]) -> Search:
    return lambda query: index.search(query, K, allow)[0].tolist()


def _churn(
    index: HnswIndex, exact: ExactIndex, vectors: NDArray[np.float32], rng: np.random.Generator
) -> None:
    for turn in range(5):
        ids = rng.choice(len(vectors), len(vectors) // 2, replace=False)
        fresh = clustered(len(ids), vectors.shape[1], 10 + turn)
        for target in (index, exact):
            target.remove(ids.tolist())
            target.add(ids.tolist(), fresh)
    index.wait()


if __name__ == "__main__":
    main()
