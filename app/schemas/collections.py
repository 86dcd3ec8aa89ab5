"""Collections on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Language = Literal["zh", "en"]


def _clean_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise ValueError("must not be blank")
    if any(not character.isprintable() for character in name):
        raise ValueError("must not hold control characters")
    if "/" in name or name.startswith("col_"):
        raise ValueError("must not hold '/' nor begin with 'col_'")
    return name


Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_clean_name)]


class CollectionSettings(BaseModel):
    """How the documents of a collection are cut, searched and answered from."""

    model_config = ConfigDict(extra="forbid")

    max_tokens: int | None = Field(
        default=None, ge=64, le=512, description="Most tokens of a chunk; null for the server's value."
    )
    k: int | None = Field(
        default=None, ge=1, le=100, description="Passages an answer reads; null for the server's value."
    )
    context_tokens: int | None = Field(
        default=None,
        ge=64,
        le=16384,
        description="Token budget of the compressed context; null for the server's.",
    )
    dense_weight: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="Weight of the search by meaning where the two are fused; null for the server's value.",
    )
    lexical_weight: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="Weight of the search by words where the two are fused; null for the server's value.",
    )
    rerank: bool | None = Field(
        default=None,
        description="Order passages by the reranker's relevance, in searches and for answers; slower. "
        "Null for the server's value.",
    )
    mmr_lambda: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Maximal marginal relevance: 1 goes by relevance alone, lower values prefer what is new; "
        "null for the server's value.",
    )
    max_per_document: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Most passages of one document among those found; null for the server's value.",
    )
    neighbours: int | None = Field(
        default=None,
        ge=0,
        le=16,
        description="Passages before and after each one found, within its section, that are read with it; "
        "null for the server's value.",
    )
    compress: bool = Field(default=True, description="Keep only sentences that matter to the question.")
    refusal_text: str | None = Field(
        default=None,
        max_length=1000,
        description="Said when the documents don't answer; null for a sentence in the question's language.",
    )


class CollectionCreate(BaseModel):
    """A new collection."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"name": "handbook", "description": "Everything about our product", "language": "en"}
        },
    )

    name: Name
    description: str = Field(default="", max_length=4000)
    language: Language | None = Field(
        default=None, description="Main language of the documents; null to go by each document."
    )
    settings: CollectionSettings = CollectionSettings()


class CollectionUpdate(BaseModel):
    """Changes to a collection; absent fields stay. `settings` replaces only the keys it names."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"settings": {"k": 12, "refusal_text": "Ask the help desk."}}},
    )

    name: Name | None = None
    description: str | None = Field(default=None, max_length=4000)
    language: Language | None = None
    settings: CollectionSettings | None = None


class CollectionOut(BaseModel):
    """A collection with its statistics."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "col_4k7tq2hn3vcv5w6d7g2m5a3x2e",
                "name": "handbook",
                "description": "Everything about our product",
                "language": "en",
                "settings": {
                    "max_tokens": None,
                    "k": 12,
                    "context_tokens": None,
                    "dense_weight": None,
                    "lexical_weight": None,
                    "rerank": None,
                    "mmr_lambda": None,
                    "max_per_document": 3,
                    "neighbours": None,
                    "compress": True,
                    "refusal_text": None,
                },
                "documents": 42,
                "chunks": 913,
                "failed": 0,
                "reembedding": 0,
                "created_at": "2025-01-01T12:00:00Z",
                "updated_at": "2025-01-01T12:00:00Z",
            }
        }
    )

    id: str
    name: str
    description: str
    language: Language | None
    settings: CollectionSettings
    documents: int = Field(description="Number of documents, whatever their state.")
    chunks: int = Field(description="Number of searchable chunks.")
    failed: int = Field(description="Number of documents whose newest version failed.")
    reembedding: int = Field(
        description="Number of documents that wait for vectors after a change of the encoder. While they hold more "
        "than a twentieth of the chunks, the collection is searched by words alone."
    )
    created_at: datetime
    updated_at: datetime
