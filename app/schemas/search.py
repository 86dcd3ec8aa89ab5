"""Searches and hits on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.answers import DocumentRef


class SearchRequest(BaseModel):
    """A search in some collections."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"collections": ["handbook"], "query": "change the port", "k": 5}},
    )

    collections: Annotated[list[str], Field(min_length=1, max_length=32)] = Field(
        description="Ids or names of the collections to search."
    )
    query: str = Field(description="What to look for; at most `limits.max_question_chars` characters.")
    k: int | None = Field(default=None, ge=1, le=100, description="Hits wanted.")
    rerank: bool | None = Field(
        default=None, description="Order by the reader's relevance; null for the collection's setting."
    )
    compress: bool | None = Field(
        default=None, description="Mark the sentences that matter; null for the collection's setting."
    )


class KeptOut(BaseModel):
    """A range of the document's text that compression keeps."""

    start: int
    end: int


class HitOut(BaseModel):
    """A passage found: `text` is the document's text at `[start, end)`."""

    rank: int
    score: float
    scores: dict[str, float] = Field(description="By stage: dense, lexical, fused, rerank.")
    chunk_id: int
    document: DocumentRef
    page: int | None
    heading_path: list[str]
    start: int
    end: int
    text: str
    kept: list[KeptOut] = Field(description="What an answer would read of it.")


class SearchOut(BaseModel):
    """Hits, best first, with the ids that each stage found."""

    query: str
    hits: list[HitOut]
    stages: dict[str, list[int]]
    tokens_before: int
    tokens_after: int
    timings_ms: dict[str, float]
