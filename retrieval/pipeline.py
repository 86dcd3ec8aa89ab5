"""The path of a question through retrieval: embed, search twice, fuse, look up, rerank, compress.

Every stage is timed and its ranking kept. Where texts are stored and who may read them is the caller's
affair: it comes in as a `PassageStore` and as the query's `allow`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from retrieval.compress import SentenceVectorCache, compress
from retrieval.config import RetrievalConfig
from retrieval.dense import search_dense
from retrieval.lexical import search_lexical
from retrieval.protocols import CountTokens, Embedder, LexicalIndex, PassageStore, Scorer, VectorIndex
from retrieval.rank_fusion import fuse_ranks
from retrieval.rerank import rerank
from retrieval.types import Hit, Passage, Query, Retrieved

Rankings = dict[str, list[Hit]]


class RetrievalPipeline:
    """Finds and compresses what answers a question; safe to use from many threads.

    Args:
        embedder: Encoder of questions and sentences.
        dense: Index of chunk vectors.
        lexical: Index of chunk texts.
        store: Texts of chunks that are live.
        count_tokens: By the configured vocabulary.
        config: Settings of the path.
        scorer: Reranker, or None for none.
        sentence_vectors: Cache to share between pipelines of one embedder, or None for one of its own.
    """

    def __init__(
        self,
        embedder: Embedder,
        dense: VectorIndex,
        lexical: LexicalIndex,
        store: PassageStore,
        count_tokens: CountTokens,
        config: RetrievalConfig | None = None,
        scorer: Scorer | None = None,
        *,
        sentence_vectors: SentenceVectorCache | None = None,
    ) -> None:
        self._embedder = embedder
        self._dense = dense
        self._lexical = lexical
        self._store = store
        self._count_tokens = count_tokens
        self._config = config or RetrievalConfig()
        self._scorer = scorer
        self._sentence_vectors = sentence_vectors or SentenceVectorCache(
            embedder, self._config.sentence_cache
        )

    def retrieve(self, query: Query) -> Retrieved:
        """Answer a query with at most `query.k` hits, and the context that they make.

        Hits whose passage the store does not give (deleted, disabled) are replaced by the next ones.
        """
        clock = _Clock()
        with clock("embed"):
            vector = self._embedder.embed_queries([query.text])[0]
        rankings, passages = self._live_hits(query, vector, clock)
        hits = rankings["fused"]
        if self._scorer is not None:
            with clock("rerank"):
                depth = self._config.rerank_depth
                hits = rankings["rerank"] = rerank(query.text, hits, passages, self._scorer, depth)
        hits = hits[: query.k]
        with clock("compress"):
            found = [(hit, passages[hit.chunk_id]) for hit in hits]
            limits, vectors = self._config.compression, self._sentence_vectors
            context = compress(query.text, vector, found, self._count_tokens, limits, vectors)
        return Retrieved(hits=hits, context=context, stages=rankings, timings_ms=clock.spent_ms)

    def _live_hits(
        self, query: Query, vector: NDArray[np.float32], clock: "_Clock"
    ) -> tuple[Rankings, dict[int, Passage]]:
        """Search, fuse and look up, with more candidates until enough of the hits are live."""
        needed = max(query.k, self._config.rerank_depth if self._scorer is not None else 1)
        candidates = max(self._config.candidates, needed)
        everything = max(len(self._dense), len(self._lexical))
        while True:
            rankings = self._search(query, vector, candidates, clock)
            with clock("passages"):
                passages = self._look_up(rankings["fused"], needed)
            if len(passages) >= needed or candidates >= everything:
                rankings["fused"] = [hit for hit in rankings["fused"] if hit.chunk_id in passages]
                return rankings, passages
            candidates *= 4

    def _search(
        self, query: Query, vector: NDArray[np.float32], candidates: int, clock: "_Clock"
    ) -> Rankings:
        rankings: Rankings = {}
        with clock("dense"):
            rankings["dense"] = search_dense(self._dense, vector, candidates, query.allow)
        with clock("lexical"):
            rankings["lexical"] = search_lexical(self._lexical, query.text, candidates, query.allow)
        with clock("fuse"):
            fusion = self._config.fusion
            weights = {"dense": fusion.dense_weight, "lexical": fusion.lexical_weight}
            rankings["fused"] = fuse_ranks(rankings, weights, fusion.constant)
        return rankings

    def _look_up(self, hits: list[Hit], needed: int) -> dict[int, Passage]:
        """Passages of the first hits, until `needed` of them are live."""
        passages: dict[int, Passage] = {}
        for start in range(0, len(hits), needed):
            passages |= self._store.passages([hit.chunk_id for hit in hits[start : start + needed]])
            if len(passages) >= needed:
                break
        return passages


class _Clock:
    """Wall time by stage, in milliseconds, added up."""

    def __init__(self) -> None:
        self.spent_ms: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.spent_ms[stage] = self.spent_ms.get(stage, 0.0) + 1000 * (time.perf_counter() - start)
