"""The path of a question through retrieval: embed, search twice, fuse, look up, rerank, diversify, expand, compress.

Every stage is timed and its ranking kept. Where texts are stored and who may read them is the caller's
affair: it comes in as a `PassageStore` and as the query's `allow`.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from retrieval.compress import SentenceVectorCache, compress
from retrieval.config import RetrievalConfig
from retrieval.dense import search_dense
from retrieval.diversify import cap_per_document, diversify
from retrieval.editions import by_edition, names_edition
from retrieval.fusion import fuse
from retrieval.lexical import search_lexical
from retrieval.neighbours import expand
from retrieval.protocols import CountTokens, Embedder, LexicalIndex, PassageStore, Scorer, VectorIndex
from retrieval.rerank import rerank
from retrieval.types import Hit, Passage, Query, Retrieved

Rankings = dict[str, list[Hit]]

MMR_POOL = 4
"""Hits that diversity, and a year or version in the question, choose from, for each one wanted."""


class RetrievalPipeline:
    """Finds and compresses the passages for a question; safe to use from many threads.

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
        self._sentence_vectors = sentence_vectors or SentenceVectorCache(embedder)

    def retrieve(
        self,
        query: Query,
        go_on: Callable[[], None] = lambda: None,
        on_stage: Callable[[str, float], None] | None = None,
    ) -> Retrieved:
        """Answer a query with at most `query.k` hits, and the context that they make.

        Hits whose passage the store does not give (deleted, disabled) are replaced by the next ones.

        Args:
            query: The question.
            go_on: Called before each stage; what it raises ends the work.
            on_stage: Called right after each stage with its name and its seconds.
        """
        clock = _Clock(go_on, on_stage)
        with clock("embed"):
            vector = self._embedder.embed_queries([query.text])[0]
        rankings, passages = self._live_hits(query, vector, clock)
        hits = self._ranked(query, rankings, passages, clock)[: query.k]
        found = [(hit, passages[hit.chunk_id]) for hit in hits]
        if self._config.neighbours:
            with clock("neighbours"):
                beside = self._store.beside([hit.chunk_id for hit in hits], self._config.neighbours)
                # behind all hits, so that what was found keeps its rank
                added = expand(hits, passages, beside)
            rankings["neighbours"] = [hit for hit, _ in added]
            found += added
        with clock("compress"):
            limits, vectors = self._config.compression, self._sentence_vectors
            context = compress(query.text, vector, found, self._count_tokens, limits, vectors)
        return Retrieved(hits=hits, context=context, stages=rankings, timings_ms=clock.spent_ms)

    def _ranked(
        self, query: Query, rankings: Rankings, passages: Mapping[int, Passage], clock: "_Clock"
    ) -> list[Hit]:
        """Rerank the fused hits by the configured steps, each on the result of the step before."""
        config, hits = self._config, rankings["fused"]
        if names_edition(query.text):
            hits = rankings["edition"] = by_edition(query.text, hits, passages)
        if self._scorer is not None:
            with clock("rerank"):
                hits = rankings["rerank"] = rerank(
                    query.text, hits, passages, self._scorer, config.rerank_depth
                )
        if config.mmr_lambda < 1:
            with clock("mmr"):
                # those that were reranked have scores of their own kind and stay before the rest
                pool = config.rerank_depth if self._scorer is not None else MMR_POOL * query.k
                first, rest = hits[:pool], hits[pool:]
                ids, rows = self._dense.vectors([hit.chunk_id for hit in first])
                vectors = dict(zip(ids.tolist(), rows, strict=True))
                hits = rankings["mmr"] = [*diversify(first, vectors, config.mmr_lambda), *rest]
        if config.max_per_document is not None:
            hits = rankings["capped"] = cap_per_document(hits, passages, config.max_per_document)
        return hits

    def _live_hits(
        self, query: Query, vector: NDArray[np.float32], clock: "_Clock"
    ) -> tuple[Rankings, dict[int, Passage]]:
        """Search, fuse and look up, with more candidates until enough of the hits are live."""
        config = self._config
        needed = max(
            query.k,
            config.rerank_depth if self._scorer is not None else 1,
            MMR_POOL * query.k if config.mmr_lambda < 1 or names_edition(query.text) else 1,
        )
        candidates = max(config.candidates, needed)
        everything = max(len(self._dense), len(self._lexical))
        while True:
            rankings = self._search(query, vector, candidates, clock)
            with clock("passages"):
                passages = self._look_up(rankings["fused"], needed, query.k)
            if self._enough(passages, needed, query.k) or candidates >= everything:
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
            rankings["fused"] = fuse(rankings, self._config.fusion)
        return rankings

    def _look_up(self, hits: list[Hit], needed: int, k: int) -> dict[int, Passage]:
        """Passages of the first hits, until enough of them are live."""
        passages: dict[int, Passage] = {}
        for start in range(0, len(hits), needed):
            passages |= self._store.passages([hit.chunk_id for hit in hits[start : start + needed]])
            if self._enough(passages, needed, k):
                break
        return passages

    def _enough(self, passages: Mapping[int, Passage], needed: int, k: int) -> bool:
        """Whether every stage has enough candidates, and `k` hits remain after the cap per document."""
        most = self._config.max_per_document
        if len(passages) < needed or most is None:
            return len(passages) >= needed
        by_document = Counter(passage.document_id for passage in passages.values())
        return sum(min(count, most) for count in by_document.values()) >= k


class _Clock:
    """Wall time by stage, in milliseconds, added up."""

    def __init__(self, go_on: Callable[[], None], on_stage: Callable[[str, float], None] | None) -> None:
        self.spent_ms: dict[str, float] = {}
        self._go_on, self._on_stage = go_on, on_stage

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        self._go_on()
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - start
            self.spent_ms[stage] = self.spent_ms.get(stage, 0.0) + 1000 * seconds
            if self._on_stage is not None:
                self._on_stage(stage, seconds)
