"""Decision 0035: search while a collection is embedded anew: words alone, or fused with a part of the vectors.

    python -m benchmarks.partly_embedded FILE ... [--paragraphs N] [--questions N] [--json]

FILE is a question file as `benchmarks/retrieval_quality.py` reads it. Articles enter the dense index in a random order,
as documents do that are embedded anew one by one; the lexical index holds all of them. A question is answered right by
its own paragraph.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.retrieval_quality import DEPTH, Collection, figures, load
from retrieval.config import FusionConfig
from retrieval.dense import search_dense
from retrieval.embedder import SentenceTransformerEmbedder
from retrieval.fusion import fuse
from retrieval.index.exact import ExactIndex
from retrieval.index.lexical import TantivyIndex
from retrieval.lexical import search_lexical
from retrieval.types import Hit

SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
ORDERS = 5


def rankings(index: ExactIndex, asked: NDArray[np.float32], lexical: Sequence[list[Hit]]) -> list[list[int]]:
    """Chunk ids of each question by the fusion that ships; a list that found nothing adds nothing."""
    fused = []
    for vector, words in zip(asked, lexical, strict=True):
        dense = search_dense(index, vector, DEPTH) if len(index) else []
        fused.append([hit.chunk_id for hit in fuse({"dense": dense, "lexical": words}, FusionConfig())])
    return fused


def measure(collection: Collection, embedder: SentenceTransformerEmbedder) -> dict[str, dict[str, float]]:
    """Figures by the share of articles in the dense index, the mean over several orders."""
    vectors = embedder.embed_passages(collection.paragraphs)
    asked = embedder.embed_queries([question for question, _ in collection.questions])
    words = TantivyIndex(None)
    words.add(range(len(collection.paragraphs)), collection.paragraphs)
    words.commit()
    lexical = [search_lexical(words, question, DEPTH) for question, _ in collection.questions]
    result: dict[str, dict[str, float]] = {}
    for share in SHARES:
        runs = []
        for seed in range(ORDERS if 0 < share < 1 else 1):
            order = np.random.default_rng(seed).permutation(len(collection.articles))
            chosen = order[: round(share * len(order))]
            ids = sorted(number for article in chosen for number in collection.articles[article])
            index = ExactIndex(embedder.dim)
            if ids:
                index.add(ids, vectors[ids])
            runs.append(figures(rankings(index, asked, lexical), collection))
        result[f"{share:.2f}"] = {name: round(float(np.mean([r[name] for r in runs])), 2) for name in runs[0]}
    return result


def main() -> None:
    """Measure each file and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--encoder", type=Path, default=Path("models/encoder"))
    parser.add_argument("--paragraphs", type=int, default=600)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    embedder = SentenceTransformerEmbedder(options.encoder, threads=options.threads)
    results = {}
    for file in options.files:
        collection = cut(load(file, 0), options.paragraphs, options.questions)
        results[file] = measure(collection, embedder)
        counts = f"{len(collection.paragraphs)} paragraphs, {len(collection.questions)} questions"
        print(f"{file}: {counts}")
        for share, row in results[file].items():
            print(
                f"  {share}  " + "  ".join(f"{name} {value:6.2f}" for name, value in row.items()), flush=True
            )
    if options.json:
        print(json.dumps(results, indent=1))


def cut(whole: Collection, paragraphs: int, questions: int) -> Collection:
    """The first paragraphs, and questions about them, evenly spread."""
    asked = [pair for pair in whole.questions if pair[1] < paragraphs]
    step = max(1, len(asked) // questions)
    articles = [[n for n in article if n < paragraphs] for article in whole.articles]
    return Collection(whole.paragraphs[:paragraphs], [a for a in articles if a], asked[::step][:questions])


if __name__ == "__main__":
    main()
