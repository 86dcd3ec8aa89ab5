"""Searches and hits on the wire."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.answers import ANSWER_EXAMPLE, DocumentRef
from app.schemas.filters import DocumentFilter
from app.schemas.history import History
from app.schemas.ranking import RankingOptions

SEARCH_EXAMPLE: dict[str, Any] = {
    "query": "change the port",
    "standalone_query": None,
    "hits": [
        {
            "rank": 1,
            "score": 0.91,
            "scores": {"dense": 0.82, "lexical": 0.74, "fused": 0.91},
            "chunk_id": 17,
            "document": ANSWER_EXAMPLE["citations"][0]["document"],
            "page": None,
            "heading_path": ["Getting started"],
            "start": 181,
            "end": 257,
            "text": "The server listens on port 8000 by default. Another port is set with --port.",
            "kept": [{"start": 181, "end": 257}],
        }
    ],
    "stages": {"dense": [17], "lexical": [17], "fused": [17]},
    "tokens_before": 20,
    "tokens_after": 20,
    "timings_ms": {"embed": 9.1, "dense": 0.4, "lexical": 0.6, "compress": 0.8},
}


class SearchRequest(RankingOptions):
    """A search in some collections."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"collections": ["handbook"], "query": "change the port", "k": 5}},
    )

    collections: Annotated[list[str], Field(min_length=1, max_length=32)] = Field(
        description="Ids or names of the collections to search."
    )
    query: str = Field(description="Search text; at most `limits.max_question_chars` characters.")
    history: History = Field(default_factory=list)
    k: int | None = Field(default=None, ge=1, le=100, description="Hits wanted.")
    filter: DocumentFilter = None


class KeptOut(BaseModel):
    """A range of the document's text that compression keeps."""

    start: int
    end: int


class HitOut(BaseModel):
    """A passage found: `text` is the document's text at `[start, end)`."""

    rank: int
    score: float
    scores: dict[str, float] = Field(
        description=(
            "By stage: dense (cosine), lexical (normalised BM25: about 1 for a passage with each word of the query "
            "once), fused (weighted sum), and rerank and mmr where they ran."
        )
    )
    chunk_id: int
    document: DocumentRef
    page: int | None
    heading_path: list[str]
    start: int
    end: int
    text: str
    kept: list[KeptOut] = Field(description="Ranges that an answer would read.")


class SearchOut(BaseModel):
    """Hits, best first, with the ids that each stage found; `neighbours` are read beside the hits."""

    model_config = ConfigDict(json_schema_extra={"example": SEARCH_EXAMPLE})

    query: str = Field(description="As given.")
    standalone_query: str | None = Field(
        default=None,
        description="As understood from the history: what was searched; null where it stands alone.",
    )
    hits: list[HitOut]
    stages: dict[str, list[int]]
    tokens_before: int
    tokens_after: int
    timings_ms: dict[str, float]
