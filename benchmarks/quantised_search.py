"""Decision 0020: quantised first passes of a vector search and their rescoring, against a scan and the graph.

    python -m benchmarks.quantised_search VECTORS.npy [VECTORS.npy ...] [--queries QUERIES.npy] [--sizes 2048,20000]

Files hold float32 vectors [N, D]. Queries come from files of their own, as questions are not passages, or are taken out
of the vectors by chance. At each size the first vectors of a seeded shuffle are searched, query by query, by all sides
in turn:

- float32: numpy, the scan that `VectorTable` does;
- float16, bfloat16: the table in two bytes a value; numpy widens it for each query, torch multiplies as it is;
- int8: one scale for all values, integer products of torch; the best F · 10 rescored in float32;
- bits: signs, counted with numpy; likewise, with the mean of all vectors subtracted first or not;
- graph: `HnswIndex` without its scan.

Bytes a vector are of the first pass alone: whatever is rescored needs the float32 rows besides, though few at a time.
"""

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.measuring.speed.dense_index import held_out
from app.measuring.speed.nearest import K, Search, Vectors, built, compared, exact, kth_cosines
from app.measuring.speed.timing import machine, ratio
from retrieval.config import HnswConfig

FACTORS = (2, 4, 8, 16, 32)
BASELINE = "float32"


def best_of(scores: NDArray[Any], count: int) -> NDArray[np.int64]:
    """Places of the `count` highest scores, in no order."""
    count = min(count, len(scores))
    return np.argpartition(scores, len(scores) - count)[-count:]


def top(scores: Vectors) -> Vectors:
    """The ten highest cosines, best first."""
    return np.sort(scores[best_of(scores, K)])[::-1]


class Bits:
    """A bit a value: whether it is above the centre. Ranks by the number of equal bits."""

    def __init__(self, vectors: Vectors, centre: Vectors) -> None:
        """Pack `vectors` (float32 [N, D])."""
        self._centre = centre
        self._bits = self._packed(vectors)

    @property
    def bytes_per_vector(self) -> int:
        """Of the packed table."""
        return 8 * self._bits.shape[1]

    def scores(self, query: Vectors) -> NDArray[np.int32]:
        """Minus the number of bits that differ, int32 [N]."""
        differ = np.bitwise_count(self._bits ^ self._packed(query[None]))
        return -differ.sum(axis=1, dtype=np.int32)

    def _packed(self, vectors: Vectors) -> NDArray[np.uint64]:
        bits = np.packbits(vectors > self._centre, axis=1)
        return np.pad(bits, ((0, 0), (0, -bits.shape[1] % 8))).view(np.uint64)


class Int8:
    """Values as integers of one scale for all vectors, so that products compare without floats."""

    # torch multiplies matrices; a matrix of one column it refuses.
    _COLUMNS = 8

    def __init__(self, vectors: Vectors) -> None:
        """Quantise `vectors` (float32 [N, D])."""
        self._table = torch.from_numpy(self._quantised(vectors, float(np.abs(vectors).max())))

    @property
    def bytes_per_vector(self) -> int:
        """Of the integer table."""
        return self._table.shape[1]

    def scores(self, query: Vectors) -> NDArray[np.int32]:
        """Products as integers, int32 [N]."""
        column = torch.from_numpy(self._quantised(query, float(np.abs(query).max())))
        products = torch._int_mm(self._table, column[:, None].repeat(1, self._COLUMNS))
        scores: NDArray[np.int32] = products[:, 0].contiguous().numpy()
        return scores

    @staticmethod
    def _quantised(vectors: Vectors, largest: float) -> NDArray[np.int8]:
        return np.rint(vectors * (127 / largest)).astype(np.int8)


def rescored(vectors: Vectors, first_pass: Bits | Int8, factor: int, query: Vectors) -> Vectors:
    """The ten best cosines among the `factor` · 10 that the first pass puts first."""
    rows = best_of(first_pass.scores(query), factor * K)
    return top(vectors[rows] @ query)


def sides(vectors: Vectors, config: HnswConfig) -> tuple[dict[str, Search], dict[str, float]]:
    """All ways to search, and bytes a vector of each."""
    dim = vectors.shape[1]
    half, brain = vectors.astype(np.float16), torch.from_numpy(vectors).bfloat16()
    searches: dict[str, Search] = {
        BASELINE: lambda query: exact(vectors, query),
        "float16, numpy": lambda query: top(half.astype(np.float32) @ query),
        "float16, torch": lambda query: top(
            (torch.from_numpy(half) @ torch.from_numpy(query).half()).float().numpy()
        ),
        "bfloat16, torch": lambda query: top((brain @ torch.from_numpy(query).bfloat16()).float().numpy()),
        # The rank of a rounded product is not that of the cosine: the best are scored once more.
        "bfloat16, rescored x2": lambda query: top(
            vectors[best_of((brain @ torch.from_numpy(query).bfloat16()).float().numpy(), 2 * K)] @ query
        ),
    }
    sizes = dict.fromkeys(searches, 2.0 * dim) | {BASELINE: 4.0 * dim}
    zero = np.zeros(dim, dtype=np.float32)
    first_passes: dict[str, Bits | Int8] = {
        "int8": Int8(vectors),
        "bits": Bits(vectors, zero),
        "centred bits": Bits(vectors, vectors.mean(axis=0)),
    }
    for name, first_pass in first_passes.items():
        for factor in FACTORS[:2] if name == "int8" else FACTORS:
            side = f"{name}, rescored x{factor}"
            searches[side] = partial(rescored, vectors, first_pass, factor)
            sizes[side] = first_pass.bytes_per_vector
    index, _ = built(vectors, config)
    searches["graph"] = lambda query: index.search(query, K)[1]
    # Vectors of the table and of the graph, links, label.
    sizes["graph"] = 8.0 * dim + 8 * config.m + 12
    return searches, sizes


def measure(vectors: Vectors, queries: Vectors, config: HnswConfig) -> list[dict[str, Any]]:
    """Recall, latency and size by side; `ratio` is the float32 scan's median latency over the side's."""
    searches, sizes = sides(vectors, config)
    found = compared(searches, queries, kth_cosines(vectors, queries))
    base = found[BASELINE]
    return [
        {
            "name": name,
            **figures,
            "bytes_per_vector": sizes[name],
            "ratio": ratio(base["p50_ms"], figures["p50_ms"]),
            "cpu_ratio": ratio(base["p50_cpu_ms"], figures["p50_cpu_ms"]),
        }
        for name, figures in found.items()
    ]


def unit_vectors(files: Sequence[Path]) -> Vectors:
    """Vectors of all files, of unit length: float32 [N, D]."""
    vectors = np.concatenate([np.load(file) for file in files]).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--queries", nargs="+", type=Path)
    parser.add_argument("--sizes", default="2048,5000,20000", help="vectors searched, each of them a run")
    parser.add_argument("--n", type=int, default=300, help="queries")
    parser.add_argument("--ef", type=int, default=HnswConfig().ef_search, help="ef_search of the graph")
    parser.add_argument("--threads", type=int, default=1, help="of torch; numpy's are OPENBLAS_NUM_THREADS")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    vectors, queries = held_out(
        unit_vectors(options.files), 0 if options.queries else options.n, options.seed
    )
    if options.queries:
        queries = held_out(unit_vectors(options.queries), options.n, options.seed)[1]
    config = HnswConfig(exact_below=0, ef_search=options.ef)
    report: dict[str, Any] = {"machine": machine(), "queries": len(queries), "sizes": {}}
    for size in sorted({min(int(size), len(vectors)) for size in options.sizes.split(",")}):
        rows = measure(vectors[:size], queries, config)
        report["sizes"][size] = rows
        if not options.json:
            print(f"{size:,} vectors")
            for row in rows:
                print(
                    "  "
                    + "  ".join(
                        f"{value:<26}" if key == "name" else f"{key} {value}" for key, value in row.items()
                    )
                )
    if options.json:
        print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
