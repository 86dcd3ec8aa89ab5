"""Embedding and chunking against `SentenceTransformer.encode` and fixed windows: same weights, equal threads."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.intake.mapping import sentence_encoder
from app.measuring.speed.timing import Run, interleaved
from ingestion.chunker import chunk
from ingestion.config import ChunkingConfig
from ingestion.types import Chunk, CountTokens, Document
from retrieval.embedder import PASSAGE_PREFIX, QUERY_PREFIX, SentenceTransformerEmbedder
from retrieval.protocols import Embedder

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
BATCH = 32
ARRIVAL = "SentenceTransformer.encode, float32, arrival order"
SORTED = "SentenceTransformer.encode, float32, sorted by itself"
WINDOWS = "fixed 512-token windows, embedded"
CHUNKS_ALONE = "embedding the final chunks alone"


class SentenceTransformersPeer:
    """The encoder as sentence-transformers runs it, over the weights of our embedder."""

    def __init__(self, embedder: SentenceTransformerEmbedder) -> None:
        """Load the same weights, in float32 whatever format our embedder runs in."""
        self._model = embedder.sentence_model

    def in_arrival_order(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Batches of 32 in the given order, as a service or a loop over a corpus makes them."""
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return np.concatenate([self._encode([PASSAGE_PREFIX + text for text in batch]) for batch in batches])

    def all_at_once(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """All texts in one call: it then sorts them by length."""
        return self._encode([PASSAGE_PREFIX + text for text in texts])

    def queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Questions."""
        return self._encode([QUERY_PREFIX + text for text in texts])

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(self._model.encode(list(texts), batch_size=BATCH), dtype=np.float32)


def measure_embedding(
    texts: Sequence[str], ours: Encode, peers: dict[str, Encode], rounds: int
) -> dict[str, Any]:
    """Texts a second.

    Args:
        texts: What to embed.
        ours: Our embedder.
        peers: Others over the same weights, by name; `ratio` is to the first.
        rounds: Rounds that count.
    """
    vectors: dict[str, NDArray[np.float32]] = {}

    def run(name: str, encode: Encode) -> Run:
        def call() -> None:
            vectors[name] = encode(texts)

        return call

    sides = {"ours": ours} | peers
    spent = interleaved({name: run(name, encode) for name, encode in sides.items()}, rounds)
    mine = spent["ours"]
    compared = [
        {
            "name": name,
            **spent[name].against(mine, "texts", len(texts)),
            "mean_cosine": round(float(np.einsum("nd,nd->n", vectors["ours"], vectors[name]).mean()), 6),
        }
        for name in peers
    ]
    return {
        "bench": "embed",
        "texts": len(texts),
        "characters": sum(map(len, texts)),
        "rounds": rounds,
        **mine.rates("texts", len(texts)),
        "peers": compared,
        "ratio": compared[0]["ratio"],
    }


def measure_chunking(
    documents: Sequence[Document],
    embedder: Embedder,
    count_tokens: CountTokens,
    windows: Callable[[str], list[str]],
    config: ChunkingConfig,
    rounds: int,
) -> dict[str, Any]:
    """Characters a second from text to chunks with vectors.

    Args:
        documents: Parsed.
        embedder: Of all sides.
        count_tokens: By the vocabulary.
        windows: Cuts a text into fixed windows.
        config: Of our chunks.
        rounds: Rounds that count.
    """
    encode = sentence_encoder(embedder)

    def ours() -> list[Chunk]:
        return [
            made
            for document in documents
            for made in chunk(document, encode=encode, count_tokens=count_tokens, config=config)
        ]

    chunks = [made.text for made in ours()]
    fixed = [piece for document in documents for piece in windows(document.text)]
    sides: dict[str, Run] = {
        "ours": ours,
        WINDOWS: lambda: [embedder.embed_passages(windows(document.text)) for document in documents],
        CHUNKS_ALONE: lambda: embedder.embed_passages(chunks),
    }
    spent = interleaved(sides, rounds, warm_up=0)  # the chunks above were the warm-up
    mine, characters = spent.pop("ours"), sum(len(document.text) for document in documents)
    counts = {WINDOWS: len(fixed), CHUNKS_ALONE: len(chunks)}
    compared = [
        {
            "name": name,
            "chunks": counts[name],
            **used.against(mine, "characters", characters),
        }
        for name, used in spent.items()
    ]
    return {
        "bench": "chunk",
        "documents": len(documents),
        "characters": characters,
        "chunks": len(chunks),
        "tokens_per_chunk": round(sum(map(count_tokens, chunks)) / len(chunks), 1),
        "rounds": rounds,
        **mine.rates("characters", characters),
        "peers": compared,
        "ratio": compared[0]["ratio"],
    }
