"""Small stand-ins that keep the contracts, for tests that need no model."""

import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from retrieval.errors import SpanError
from retrieval.types import Passage


class HashEmbedder:
    """A text is the sum of fixed random vectors of its character pairs: texts that share words are alike."""

    dim = 64
    model_id = "hash-embedder@1"

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return self._unit([self._sum(text) for text in texts])

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        return self._unit([self._sum(text) for text in texts])

    def sentence_states(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        reached = 0
        for start, end in spans:
            if not reached <= start <= end <= len(text):
                raise SpanError(f"[{start}, {end})")
            reached = end
        sums = [self._sum(text[start:end]) if end > start else np.zeros(self.dim) for start, end in spans]
        windows = np.asarray([0 if end > start else -1 for start, end in spans], dtype=np.int64)
        return np.asarray(sums, dtype=np.float32).reshape(-1, self.dim), windows

    def _sum(self, text: str) -> np.ndarray:
        pairs = [text[i : i + 2].lower() for i in range(max(1, len(text)))] or [""]
        return np.sum([self._vector(pair) for pair in pairs], axis=0)

    def _vector(self, pair: str) -> np.ndarray:
        return np.random.default_rng(zlib.crc32(pair.encode())).normal(size=self.dim)

    def _unit(self, rows: list[np.ndarray]) -> np.ndarray:
        array = np.asarray(rows, dtype=np.float32).reshape(-1, self.dim)
        return array / np.linalg.norm(array, axis=1, keepdims=True)


class DictStore:
    """Passages in a dict; what is taken out counts as deleted."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.content = {passage.chunk_id: passage for passage in passages}

    def passages(self, chunk_ids: Sequence[int]) -> Mapping[int, Passage]:
        return {i: self.content[i] for i in chunk_ids if i in self.content}

    def beside(self, chunk_ids: Sequence[int], reach: int) -> Mapping[int, Sequence[Passage]]:
        """Chunk ids are places in their document here."""
        return {
            i: [
                p
                for p in self.content.values()
                if p.document_id == self.content[i].document_id and 0 < abs(p.chunk_id - i) <= reach
            ]
            for i in chunk_ids
        }


def count_words(text: str) -> int:
    """One token a character pair, which is near enough for budgets in both languages."""
    return -(-len(text) // 2)
