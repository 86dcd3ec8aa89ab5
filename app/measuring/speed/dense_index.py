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

from app.measuring.speed.index_changes import measure_changes
from app.measuring.speed.nearest import K, Search, Vectors, built, compared, exact, kth_cosines
from app.measuring.speed.timing import ratio
from retrieval.config import HnswConfig
from retrieval.errors import SnapshotError
from retrieval.index.graph import SEED
from retrieval.index.hnsw import HnswIndex
from retrieval.index.vectors import VectorTable

HNSWLIB = "hnswlib alone, same parameters"
_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBench:
    """Vectors and settings of a measurement.

    Attributes:
        vectors: Unit vectors to index, float32 [N, D].
        queries: Unit vectors to search with, float32 [Q, D], none of them in the index.
        config: Of our index; its graph parameters are hnswlib's too.
        saved: A file of the index, for sizes where a build takes long: written where it is missing, loaded
            instead of a build where it is there. hnswlib searches the same graph then, instead of its own.
        thorough: Measure filters, and the index after half of it was replaced five times, too.
    """

    vectors: Vectors
    queries: Vectors
    config: HnswConfig
    saved: Path | None = None
    thorough: bool = False


def clustered(count: int, dim: int, seed: int) -> Vectors:
    """Unit vectors in Zipf-sized groups of five on average, each spread like all, as passages of documents are.

    Of 18,348 passages that our encoder embedded, the distances to the 20 nearest have a local intrinsic dimension of
    25.7 (maximum likelihood, median of 300), and the variances a participation ratio of 56; of as many of these, 26.5
    and 64. Questions are further from passages (33.8).
    Rows are drawn independently: the last of them serve as queries of the rest.
    """
    rng = np.random.default_rng(seed)
    scale = (np.arange(1, dim + 1) ** -0.4).astype(np.float32)
    groups = max(1, count // 5)
    centres = scale * rng.standard_normal((groups, dim), dtype=np.float32)
    sizes = 1 / np.arange(1, groups + 1) ** 0.8
    chosen = rng.choice(groups, count, p=sizes / sizes.sum())
    points = np.empty((count, dim), dtype=np.float32)
    for start in range(0, count, _AT_ONCE):
        part = centres[chosen[start : start + _AT_ONCE]]
        part += scale * rng.standard_normal(part.shape, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
        points[start : start + _AT_ONCE] = part
    return points


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
        path = bench.saved or Path(folder) / "index"
        index, made = _built_or_loaded(vectors, config, path)
        sides = _beside_peers(index, bench)
        peak = peak_rss_mib()
        del index  # two of a million vectors would take 7 GB
        index, load_s = _loaded(path, vectors.shape[1], config)
        size = path.stat().st_size
        changes = measure_changes(index, path, vectors, bench.queries, config) if bench.thorough else {}
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
        **made,
        "load_s": load_s,
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


def _built_or_loaded(vectors: Vectors, config: HnswConfig, path: Path) -> tuple[HnswIndex, dict[str, float]]:
    """The index loaded from `path`, or built and saved there, with the seconds of each step.

    Raises:
        SnapshotError: The index there is of other vectors: recall would be measured against what it does not hold.
    """
    if path.exists():
        index = _loaded(path, vectors.shape[1], config)[0]
        some = np.linspace(0, len(vectors) - 1, min(len(vectors), 100), dtype=np.int64)
        ids, held = index.vectors(some.tolist())
        same = (
            len(ids) == len(some)
            and len(index) == len(vectors)
            and np.allclose(held, vectors[ids], atol=1e-5)
        )
        if not same:
            raise SnapshotError(
                f"{path} holds an index of other vectors (another --n, --dim, --seed or --queries); "
                "delete it, or name another file"
            )
        return index, {}
    index, build_s = built(vectors, config)
    start = time.perf_counter()
    index.save(path)
    return index, {"build_s": build_s, "save_s": round(time.perf_counter() - start, 3)}


def _loaded(path: Path, dim: int, config: HnswConfig) -> tuple[HnswIndex, float]:
    start = time.perf_counter()
    index = HnswIndex(dim, config)
    index.load(path)
    return index, round(time.perf_counter() - start, 3)


def _beside_peers(index: HnswIndex, bench: IndexBench) -> dict[str, dict[str, float]]:
    """Recall and latency of ours, of a scan and of hnswlib."""
    vectors = bench.vectors
    graph, figures = _hnswlib_alone(bench)
    k = min(K, len(vectors))
    searches: dict[str, Search] = {
        "ours": lambda query: index.search(query, K)[1],
        "exact search (numpy)": lambda query: exact(vectors, query),
        HNSWLIB: lambda query: 1 - graph.knn_query(query[None], k=k, num_threads=1)[1][0],
    }
    found = compared(searches, bench.queries, kth_cosines(vectors, bench.queries))
    found[HNSWLIB] |= figures
    return found


def _hnswlib_alone(bench: IndexBench) -> tuple[hnswlib.Index, dict[str, float]]:
    """A graph built by hnswlib, or loaded from our saved one, with the seconds."""
    vectors, config = bench.vectors, bench.config
    index = hnswlib.Index(space="ip", dim=vectors.shape[1])
    start = time.perf_counter()
    if bench.saved and not VectorTable.is_table(bench.saved):
        index.load_index(str(bench.saved))
        figures = {}
    else:
        index.init_index(len(vectors), M=config.m, ef_construction=config.ef_construction, random_seed=SEED)
        index.add_items(vectors, np.arange(len(vectors)), num_threads=config.threads)
        figures = {"build_s": round(time.perf_counter() - start, 3)}
    index.set_ef(max(config.candidates(len(vectors)), K))
    return index, figures
