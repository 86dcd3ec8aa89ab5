"""Dependencies of retrieval and its plug-in points; each has a contract suite in tests."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.types import Hit, Passage

CountTokens = Callable[[str], int]
"""Number of tokens of a text by the configured tiktoken vocabulary."""

StoredVectors = Callable[[Sequence[int], str], Mapping[int, NDArray[np.float32]]]
"""Chunk ids and an encoder id to the sentence vectors that this encoder stored with the chunks: float32 [N, D],
unit length. Chunks without vectors are left out."""


class Embedder(Protocol):
    """Text to unit vectors; owns the encoder's query and passage prefixes."""

    @property
    def dim(self) -> int:
        """Width D of the vectors."""
        ...

    @property
    def model_id(self) -> str:
        """Name and content hash of the weights; vectors of different ids are never mixed."""
        ...

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed questions: float32 [N, D], unit length."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed passages, none truncated: float32 [N, D], unit length."""
        ...

    def sentence_states(
        self, text: str, spans: Sequence[tuple[int, int]]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Sums of token states of ranges of one text (float32 [N, D]), and which were read together.

        The second, int64 [N], is the number of the window in which a range begins, -1 for one without pieces.
        """
        ...


class VectorIndex(Protocol):
    """Nearest neighbours by cosine over unit vectors, labelled by chunk id."""

    def add(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Insert or replace vectors (float32 [N, D])."""
        ...

    def remove(self, ids: Sequence[int]) -> None:
        """Remove ids; unknown ids are ignored."""
        ...

    def search(
        self, query: NDArray[np.float32], k: int, allow: frozenset[int] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Best `min(k, live)` ids and cosines for one query (float32 [D]), best first; any k is fine."""
        ...

    def vectors(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The stored ids among `ids`, ascending, each once, with their unit vectors (float32 [N, D])."""
        ...

    def save(self, path: Path) -> None:
        """Write to `path` (a file that does not exist yet)."""
        ...

    def load(self, path: Path) -> None:
        """Replace the content by the file at `path`."""
        ...

    def __len__(self) -> int:
        """Number of live vectors."""
        ...


class LexicalIndex(Protocol):
    """BM25 over words, Chinese segmented."""

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """Insert or replace texts; visible to `search` after `commit`."""
        ...

    def remove(self, ids: Sequence[int]) -> None:
        """Remove ids; unknown ids are ignored; visible after `commit`."""
        ...

    def commit(self) -> None:
        """Make changes visible and durable."""
        ...

    def search(self, query: str, k: int, allow: frozenset[int] | None = None) -> list[tuple[int, float]]:
        """Best `(id, score)`, best first, by normalised BM25: about 1 for a text with each word of the query once."""
        ...

    def __len__(self) -> int:
        """Number of live texts."""
        ...


class PassageStore(Protocol):
    """Gives the text of chunks; ids that are deleted or disabled are left out of the answer."""

    def passages(self, chunk_ids: Sequence[int]) -> Mapping[int, Passage]:
        """Passages by chunk id."""
        ...

    def beside(self, chunk_ids: Sequence[int], reach: int) -> Mapping[int, Sequence[Passage]]:
        """By chunk id, the passages of its document that stand at most `reach` places before or after it."""
        ...


class Scorer(Protocol):
    """Relevance of passages to a question, for reranking."""

    def __call__(self, question: str, passages: Sequence[Passage]) -> Sequence[float]:
        """Score each passage, higher is better."""
        ...


__all__ = [
    "CountTokens",
    "Embedder",
    "Hit",
    "LexicalIndex",
    "PassageStore",
    "Scorer",
    "StoredVectors",
    "VectorIndex",
]
