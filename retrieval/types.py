"""Plain data of retrieval: queries, hits, passages and the compressed context.

Offsets are Unicode code points in a document's canonical text, half-open `[start, end)`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question to search for.

    Attributes:
        k: Number of hits wanted, at least 1.
        allow: Chunk ids the caller may see, or None for all; applied inside the search.
    """

    text: str
    k: int = 8
    allow: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One chunk found, best first.

    Attributes:
        score: Relevance by the last stage that scores it (fused or rerank).
        scores: Score by stage name ("dense" cosine, "lexical" normalised BM25, "fused" weighted sum,
            "rerank" probability, "mmr" the value that it was chosen by).
        ranks: 1-based rank by stage name; a stage that did not find it is absent.
    """

    chunk_id: int
    score: float
    scores: Mapping[str, float] = field(default_factory=dict)
    ranks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A chunk's text and where it stands.

    Attributes:
        text: Equals the document's canonical text at `[start, end)`.
        sentences: Ranges in the canonical text, ascending.
        name: Of the document's file, or its address.
    """

    chunk_id: int
    document_id: str
    text: str
    start: int
    end: int
    title: str = ""
    name: str = ""
    heading_path: Sequence[str] = ()
    page: int | None = None
    sentences: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPassage:
    """A passage after compression.

    Attributes:
        kept: Verbatim ranges in the canonical text, ascending.
        likeness: How near each of the passage's sentences is to the question by its vector, in standard deviations over
            the sentences of all passages; empty where sentences have no vectors.
    """

    passage: Passage
    hit: Hit
    kept: Sequence[tuple[int, int]]
    likeness: Sequence[float] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The compressed passages for the generator.

    Attributes:
        tokens_before: Tokens of all passages before compression (tiktoken vocabulary).
        tokens_after: Tokens kept.
    """

    passages: Sequence[ContextPassage]
    tokens_before: int
    tokens_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """Result of the whole retrieval path.

    Attributes:
        stages: Ranked hits of each stage: "dense", "lexical", "fused", and where they ran "edition", "rerank", "mmr",
            "capped", and "neighbours": what entered the context beside the hits.
        timings_ms: Wall time by stage: embed, dense, lexical, fuse, passages, rerank, mmr, neighbours, compress.
    """

    hits: Sequence[Hit]
    context: Context
    stages: Mapping[str, Sequence[Hit]]
    timings_ms: Mapping[str, float]
