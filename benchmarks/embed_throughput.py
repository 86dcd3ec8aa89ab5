"""Texts a second of our embedder against `SentenceTransformer.encode`, same weights, same threads, one run.

    OMP_NUM_THREADS=1 python benchmarks/embed_throughput.py TEXT_FILE... [--texts 256] [--threads 1] [--json]

Texts are paragraphs of mixed lengths from the files. Candidates take turns, three rounds, median. The peer is given
its texts in arrival order (batches of 32 as they come), and all at once (it then sorts them by length itself).
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from retrieval.config import EmbedderConfig
from retrieval.embedder import PASSAGE_PREFIX, SentenceTransformerEmbedder

BATCH = 32


def texts_of(paths: list[Path], count: int) -> list[str]:
    """Draw paragraphs of log-normal lengths (median 300 characters), in random order."""
    rng = random.Random(0)
    text = "\n".join(path.read_text(encoding="utf-8", errors="ignore") for path in paths)
    texts = []
    for _ in range(count):
        length = int(min(1200, max(20, rng.lognormvariate(5.7, 0.8))))
        start = rng.randrange(max(1, len(text) - length))
        texts.append(text[start : start + length])
    return texts


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--encoder", type=Path, default=Path("models/encoder"))
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    texts = texts_of(options.files, options.texts)
    prefixed = [PASSAGE_PREFIX + text for text in texts]
    exact = SentenceTransformerEmbedder(
        options.encoder, threads=options.threads, config=EmbedderConfig(dtype="float32")
    )
    chosen = SentenceTransformerEmbedder(options.encoder, threads=options.threads)
    peer = exact.sentence_model

    def arrival() -> NDArray[np.float32]:
        batches = [prefixed[start : start + BATCH] for start in range(0, len(prefixed), BATCH)]
        return np.concatenate([peer.encode(batch, batch_size=BATCH) for batch in batches])

    runs: dict[str, Callable[[], NDArray[np.float32]]] = {
        "peer, arrival order": arrival,
        "peer, sorted by itself": lambda: np.asarray(peer.encode(prefixed, batch_size=BATCH)),
        "ours, float32": lambda: exact.embed_passages(texts),
        f"ours, chosen ({str(chosen.dtype).removeprefix('torch.')})": lambda: chosen.embed_passages(texts),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    vectors: dict[str, NDArray[np.float32]] = {}
    for _ in range(options.rounds):
        for name, run in runs.items():
            # CPU time of this process: other work on the machine does not count.
            start = time.process_time()
            vectors[name] = run()
            seconds[name].append(time.process_time() - start)
    base = statistics.median(seconds["peer, arrival order"])
    report = {
        name: {
            "texts_per_cpu_s": round(len(texts) / statistics.median(spent), 2),
            "ratio": round(base / statistics.median(spent), 2),
            "mean_cosine": round(float((vectors[name] * vectors["peer, arrival order"]).sum(1).mean()), 6),
        }
        for name, spent in seconds.items()
    }
    if options.json:
        print(json.dumps({"threads": torch.get_num_threads(), "texts": len(texts), "results": report}))
        return
    for name, values in report.items():
        print(f"{name:32}" + "  ".join(f"{key} {value}" for key, value in values.items()))


if __name__ == "__main__":
    main()
