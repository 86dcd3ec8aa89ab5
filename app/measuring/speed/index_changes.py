"""Vector index under filters and changes: each plan of a filter beside ours, a fresh build beside the changed index."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from app.measuring.speed.nearest import K, Search, Vectors, built, compared, kth_cosines
from app.measuring.speed.timing import ratio
from retrieval.config import HnswConfig
from retrieval.index.hnsw import HnswIndex

SELECTIVITIES = (0.5, 0.1, 0.05, 0.01, 0.002)
ROUNDS = 5


def measure_changes(
    index: HnswIndex, saved: Path, vectors: Vectors, queries: Vectors, config: HnswConfig
) -> dict[str, Any]:
    """Filters of falling selectivity, then the same index after churn.

    Args:
        index: Holds `vectors` under their row numbers; it is changed.
        saved: The file it was loaded from.
        vectors: float32 [N, D].
        queries: float32 [Q, D].
        config: Of the index.

    Returns:
        `filtered`, an entry for each selectivity, and `after_churn`.
    """
    rng = np.random.default_rng(4)
    plans = _plans(index, saved, config)
    filtered = [_filtered(plans, vectors, queries, share, rng) for share in SELECTIVITIES]
    plans.clear()
    return {"filtered": filtered, "after_churn": _after_churn(index, vectors, queries, config, rng)}


def _plans(index: HnswIndex, saved: Path, config: HnswConfig) -> dict[str, HnswIndex]:
    """Ours, and the same graph with one plan for every filter."""
    settings = {
        "scan": replace(config, rows_per_candidate=math.inf),
        "graph": replace(config, rows_per_candidate=0.0, exact_below=0),
    }
    plans = {"ours": index}
    for name, one_plan in settings.items():
        plans[name] = HnswIndex(index.dim, one_plan)
        plans[name].load(saved)
    return plans


def _filtered(
    plans: dict[str, HnswIndex], vectors: Vectors, queries: Vectors, share: float, rng: np.random.Generator
) -> dict[str, Any]:
    """Ours beside both plans on ids chosen by chance; `ratio` is the better plan's median latency over ours."""
    allowed = rng.choice(len(vectors), max(1, int(share * len(vectors))), replace=False)
    allow = frozenset(allowed.tolist())

    def search(plan: HnswIndex) -> Search:
        return lambda query: plan.search(query, K, allow)[1]

    searches = {name: search(plan) for name, plan in plans.items()}
    found = compared(searches, queries, kth_cosines(vectors[allowed], queries))
    ours, scan, graph = found["ours"], found["scan"], found["graph"]
    return {
        "selectivity": share,
        **ours,
        "scan_p50_ms": scan["p50_ms"],
        "graph_p50_ms": graph["p50_ms"],
        "graph_recall@10": graph["recall@10"],
        "ratio": ratio(min(scan["p50_ms"], graph["p50_ms"]), ours["p50_ms"]),
        "cpu_ratio": ratio(min(scan["p50_cpu_ms"], graph["p50_cpu_ms"]), ours["p50_cpu_ms"]),
    }


def _after_churn(
    index: HnswIndex, vectors: Vectors, queries: Vectors, config: HnswConfig, rng: np.random.Generator
) -> dict[str, Any]:
    """The changed index beside a fresh one of the same points; `ratio` is the fresh one's median over ours."""
    current = _churned(index, vectors, rng)
    fresh, _ = built(current, config)
    searches: dict[str, Search] = {
        "ours": lambda query: index.search(query, K)[1],
        "fresh": lambda query: fresh.search(query, K)[1],
    }
    found = compared(searches, queries, kth_cosines(current, queries))
    ours, anew = found["ours"], found["fresh"]
    return {
        **ours,
        "dead_share": round(index.dead_share, 3),
        "fresh_recall@10": anew["recall@10"],
        "fresh_p50_ms": anew["p50_ms"],
        "ratio": ratio(anew["p50_ms"], ours["p50_ms"]),
        "cpu_ratio": ratio(anew["p50_cpu_ms"], ours["p50_cpu_ms"]),
    }


def _churned(index: HnswIndex, vectors: Vectors, rng: np.random.Generator) -> Vectors:
    """Replace half of the vectors five times, each by a similar one; returns the final vectors."""
    current = vectors.copy()
    for _ in range(ROUNDS):
        ids = rng.choice(len(vectors), len(vectors) // 2, replace=False)
        noise = 0.02 * rng.normal(size=(len(ids), vectors.shape[1])).astype(np.float32)
        fresh = vectors[rng.permutation(ids)] + noise
        fresh /= np.linalg.norm(fresh, axis=1, keepdims=True)
        current[ids] = fresh
        index.remove(ids.tolist())
        index.add(ids.tolist(), fresh)
    index.wait()
    return current
