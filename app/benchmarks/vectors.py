"""Vector index against exact search in numpy and against hnswlib alone, on the same vectors and queries."""

import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hnswlib
import numpy as np

from app.benchmarks.index_changes import measure_changes
from app.benchmarks.nearest import K, Search, Vectors, built, compared, exact, kth_cosines
from app.benchmarks.timing import ratio
from retrieval.config import HnswConfig
from retrieval.index.hnsw import HnswIndex
from retrieval.index.vectors import VectorTable

HNSWLIB = "hnswlib alone, same parameters"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBench:
    """What to measure on.

    Attributes:
        vectors: Unit vectors to index, float32 [N, D].
        queries: Unit vectors to search with, float32 [Q, D], none of them in the index.
        config: Of our index; its graph parameters are hnswlib's too.
        same_graph: hnswlib searches the graph that we saved instead of building its own: for sizes where a second
            build takes too long.
        thorough: Measure filters, and the index after half of it was replaced five times, too.
    """

    vectors: Vectors
    queries: Vectors
    config: HnswConfig
    same_graph: bool = False
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
    vectors, config = bench.vectors, bench.config
    with tempfile.TemporaryDirectory(prefix="fathom-bench-") as folder:
        path = Path(folder) / "index"
        index, build_s = built(vectors, config)
        start = time.perf_counter()
        index.save(path)
        save_s = time.perf_counter() - start
        sides = _beside_peers(index, bench, path)
        peak = peak_rss_mib()
        del index  # two of a million vectors would take 7 GB
        start = time.perf_counter()
        index = HnswIndex(vectors.shape[1], config)
        index.load(path)
        load_s = time.perf_counter() - start
        size = path.stat().st_size
        changes = measure_changes(index, path, bench.vectors, bench.queries, config) if bench.thorough else {}
    ours = sides.pop("ours")
    peers = [
        {"name": name, **figures, "ratio": ratio(figures["p50_ms"], ours["p50_ms"])}
        for name, figures in sides.items()
    ]
    return {
        "bench": "index",
        "n": len(vectors),
        "dim": vectors.shape[1],
        "queries": len(bench.queries),
        "plan": "scan" if len(vectors) <= config.exact_below else "graph",
        **ours,
        "build_s": build_s,
        "save_s": round(save_s, 3),
        "load_s": round(load_s, 3),
        "bytes_per_vector": round(size / len(vectors), 1),
        "peak_rss_mib": peak,
        "peers": peers,
        "ratio": peers[0]["ratio"],
        **changes,
    }


def peak_rss_mib() -> int:
    """Most memory that this process held so far, in MiB; vectors and peers of the benchmark are in it."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak >> (20 if sys.platform == "darwin" else 10)


def _beside_peers(index: HnswIndex, bench: IndexBench, saved: Path) -> dict[str, dict[str, float]]:
    """Recall and latency of ours, of a scan and of hnswlib."""
    vectors = bench.vectors
    graph, figures = _hnswlib_alone(
        bench, saved if bench.same_graph and not VectorTable.is_table(saved) else None
    )
    k = min(K, len(vectors))
    searches: dict[str, Search] = {
        "ours": lambda query: index.search(query, K)[1],
        "exact search (numpy)": lambda query: exact(vectors, query),
        HNSWLIB: lambda query: 1 - graph.knn_query(query[None], k=k, num_threads=1)[1][0],
    }
    found = compared(searches, bench.queries, kth_cosines(vectors, bench.queries))
    found[HNSWLIB] |= figures
    return found


def _hnswlib_alone(bench: IndexBench, saved: Path | None) -> tuple[hnswlib.Index, dict[str, float]]:
    """A graph of hnswlib's own and its build time, or the one in our file."""
    vectors, config = bench.vectors, bench.config
    index = hnswlib.Index(space="ip", dim=vectors.shape[1])
    start = time.perf_counter()
    if saved is not None:
        index.load_index(str(saved), max_elements=len(vectors))
        figures = {"load_s": round(time.perf_counter() - start, 3)}
    else:
        index.init_index(
            len(vectors), M=config.m, ef_construction=config.ef_construction, random_seed=config.seed
        )
        index.add_items(vectors, np.arange(len(vectors)), num_threads=config.threads)
        figures = {"build_s": round(time.perf_counter() - start, 3)}
    index.set_ef(max(config.ef_search, K))
    return index, figures
