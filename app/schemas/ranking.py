"""How a request wants its passages ranked, on the wire."""

from pydantic import BaseModel, Field


class RankingOptions(BaseModel):
    """Options that searches and answers share; null leaves each to the collections, and these to the server."""

    rerank: bool | None = Field(
        default=None, description="Order by the reranker's relevance; null for the collection's setting."
    )
    compress: bool | None = Field(
        default=None,
        description="Choose the sentences that matter; null for the collection's setting.",
    )
    mmr_lambda: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Maximal marginal relevance against near-duplicates: 1 goes by relevance alone, lower values "
        "prefer what is new; null for the collection's setting.",
    )
    max_per_document: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Most passages of one document; null for the collection's setting.",
    )
    neighbours: int | None = Field(
        default=None,
        ge=0,
        le=16,
        description="Passages before and after each one found, within its section, that are read with it; "
        "null for the collection's setting.",
    )
