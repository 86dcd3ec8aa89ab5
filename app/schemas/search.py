"""Searches and hits on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.answers import DocumentRef
from app.schemas.history import History
from app.schemas.ranking import RankingOptions


class SearchRequest(RankingOptions):
    """A search in some collections."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"collections": ["handbook"], "query": "change the port", "k": 5}},
    )

    collections: Annotated[list[str], Field(min_length=1, max_length=32)] = Field(
        description="Ids or names of the collections to search."
    )
    query: str = Field(description="What to look for; at most `limits.max_question_chars` characters.")
    history: History = Field(default_factory=list)
    k: int | None = Field(default=None, ge=1, le=100, description="Hits wanted.")


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
            "By stage: dense (cosine), lexical (share of the question's words that the passage has, by their rarity; "
            "about 1 with each of them once), fused (weighted sum), and rerank and mmr where they ran."
        )
    )
    chunk_id: int
    document: DocumentRef
    page: int | None
    heading_path: list[str]
    start: int
    end: int
    text: str
    kept: list[KeptOut] = Field(description="What an answer would read of it.")


class SearchOut(BaseModel):
    """Hits, best first, with the ids that each stage found; `neighbours` are read beside the hits."""

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
