"""Sample files, a fake encoder and a real token counter for the tests of ingestion."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ingestion.tokens import TokenCounter, load_vocabulary
from ingestion.types import SentenceStates, Source

DATA = Path(__file__).parents[1] / "data"
COUNT_TOKENS = TokenCounter(
    load_vocabulary(Path(__file__).parents[2] / "models" / "tokenizer" / "fathom_bpe.tiktoken")
)
WIDTH = 32


def sample(name: str) -> Source:
    """One of the files in tests/data."""
    return Source(name=name, data=(DATA / name).read_bytes())


class BigramEncoder:
    """Sums of hashed character pairs: texts that share words are alike; keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[list[tuple[int, int]]] = []

    def __call__(self, text: str, spans: Sequence[tuple[int, int]]) -> SentenceStates:
        self.calls.append(list(spans))
        sums = np.full((len(spans), WIDTH), 0.01, dtype=np.float32)
        for row, (start, end) in enumerate(spans):
            for pair in zip(text[start:end], text[start + 1 : end], strict=False):
                sums[row, zlib.crc32("".join(pair).encode("utf-8", "replace")) % WIDTH] += 1
        return SentenceStates(sums=sums, weights=np.array([end - start for start, end in spans], np.float32))
