"""Settings of retrieval: frozen, checked when made; where their values come from is not known here."""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HnswConfig:
    """How the graph is built and searched.

    Attributes:
        m: Links a node keeps on the upper layers (twice that on the lowest); 8 to 64.
        ef_construction: Candidates looked at when a node is linked; 100 to 400.
        ef_search: Candidates looked at by a search; the price of recall, linear in time.
        ef_grows_above: Vectors above which they become more, with the square root of the vectors.
        exact_below: With at most this many live vectors no graph is built: a scan is exact and as fast.
        rows_per_candidate: Rows that are scanned in the time in which the graph looks at one candidate more; a
            filter is answered by the plan that is cheaper by this.
        compact_above: Share of dead rows above which the index is rebuilt without them.
        background_above: Live vectors above which a rebuild runs in a thread beside searches.
        threads: Threads that link new vectors; -1 for all cores.
    """

    m: int = 32
    ef_construction: int = 200
    ef_search: int = 256
    ef_grows_above: int = 20_000
    exact_below: int = 5_000
    rows_per_candidate: float = 15.0
    compact_above: float = 0.2
    background_above: int = 20_000
    threads: int = -1

    def __post_init__(self) -> None:
        if not 2 <= self.m <= 128:
            raise ValueError(f"m is {self.m}; give a number from 2 to 128")
        if self.ef_construction < self.m or self.ef_search < 1:
            raise ValueError("ef_construction must be at least m, and ef_search at least 1")
        if self.ef_grows_above < 1:
            raise ValueError("ef_grows_above counts vectors and is at least 1")
        if self.rows_per_candidate < 0.0 or not 0.0 < self.compact_above < 1.0:
            raise ValueError(
                "rows_per_candidate cannot be negative, and compact_above lies strictly between 0 and 1"
            )
        if self.exact_below < 0 or self.background_above < 0:
            raise ValueError("exact_below and background_above count vectors and cannot be negative")

    def candidates(self, vectors: int) -> int:
        """Candidates that a search of an index of this size examines."""
        return math.ceil(self.ef_search * math.sqrt(max(1.0, vectors / self.ef_grows_above)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LexicalConfig:
    """How words weigh.

    Attributes:
        gram_boost: Weight of Chinese character pairs and single characters beside words (1.0).
    """

    gram_boost: float = 0.25

    def __post_init__(self) -> None:
        if self.gram_boost < 0:
            raise ValueError("gram_boost cannot be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderConfig:
    """How texts are encoded.

    Attributes:
        dtype: "float32", "bfloat16", or "auto": bfloat16 where a short measurement finds it faster.
        batch_tokens: Tokens of one forward pass; None for what suits the device.
        window_pieces: Longest window of late chunking, special pieces included; at most the encoder's own.
    """

    dtype: str = "auto"
    batch_tokens: int | None = None
    window_pieces: int = 256

    def __post_init__(self) -> None:
        if self.dtype not in {"auto", "float32", "bfloat16"}:
            raise ValueError(f"dtype is {self.dtype!r}; give auto, float32 or bfloat16")
        if (self.batch_tokens is not None and self.batch_tokens < 1) or self.window_pieces < 16:
            raise ValueError("batch_tokens is at least 1, and window_pieces at least 16")


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionConfig:
    """How the ranking by meaning and the one by words become one; see `retrieval.fusion`.

    Attributes:
        method: "scores" or "ranks".
        constant: Of ranks: larger values flatten the advantage of the first.
    """

    method: str = "scores"
    constant: float = 20.0
    dense_weight: float = 1.0
    lexical_weight: float = 2.0

    def __post_init__(self) -> None:
        if self.method not in {"scores", "ranks"}:
            raise ValueError(f"method of fusion is {self.method!r}; give scores or ranks")
        if self.constant < 0 or min(self.dense_weight, self.lexical_weight) < 0:
            raise ValueError("the constant and the weights of fusion cannot be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressionConfig:
    """Limits on the text of the hits that reaches the generator.

    Attributes:
        max_tokens: Budget for all passages together, in tokens of the configured vocabulary.
        keep_share: Aim to keep at most this share of the passages' tokens, if less than the budget.
        semantic_weight: Weight of sentence vectors beside word overlap (1.0); 0 encodes nothing.
        neighbour_bonus: Share of a sentence's relevance that its direct neighbours receive.
    """

    max_tokens: int = 640
    keep_share: float = 1.0
    semantic_weight: float = 1.5
    neighbour_bonus: float = 0.25

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or not 0.0 < self.keep_share <= 1.0:
            raise ValueError("max_tokens is at least 1, and keep_share lies in (0, 1]")
        if self.semantic_weight < 0 or not 0.0 <= self.neighbour_bonus <= 1.0:
            raise ValueError("semantic_weight cannot be negative, and neighbour_bonus lies in [0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalConfig:
    """The whole path of a question.

    Attributes:
        candidates: Hits that each search contributes to fusion, at least the number asked for.
        rerank_depth: Fused hits that a scorer reads, where one is given.
        mmr_lambda: Trade-off of maximal marginal relevance, in [0, 1]; at 1 it is left out.
        max_per_document: Most hits of one document, or None for any number.
        neighbours: Passages before and after a hit, within its section, that enter the context with it.
    """

    candidates: int = 50
    rerank_depth: int = 16
    mmr_lambda: float = 1.0
    max_per_document: int | None = None
    neighbours: int = 0
    fusion: FusionConfig = field(default_factory=FusionConfig)
    compression: CompressionConfig = field(default_factory=CompressionConfig)

    def __post_init__(self) -> None:
        if min(self.candidates, self.rerank_depth) < 1:
            raise ValueError("candidates and rerank_depth are at least 1")
        if not 0.0 <= self.mmr_lambda <= 1.0 or self.neighbours < 0:
            raise ValueError("mmr_lambda lies in [0, 1], and neighbours cannot be negative")
        if self.max_per_document is not None and self.max_per_document < 1:
            raise ValueError("max_per_document is at least 1, or None")
