"""Provenance of an answer on the wire."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.answers import ANSWER_EXAMPLE, AnswerStatus, DocumentRef

_DOCUMENT = ANSWER_EXAMPLE["citations"][0]["document"]
_CHUNK = {"chunk": 17, "document": _DOCUMENT["id"], "page": None}
PROVENANCE_EXAMPLE: dict[str, Any] = {
    "id": ANSWER_EXAMPLE["id"],
    "status": "done",
    "text": "on port 8000",
    "recorded": "tokens",
    "note": None,
    "tokens": [
        {
            "answer_start": 0,
            "answer_end": 2,
            "kind": "written",
            "action": "write",
            "ranges": [{**_CHUNK, "start": 203, "end": 212, "quote": "port 8000", "weight": 0.62}],
            "weight_sum": 0.62,
        },
        {
            "answer_start": 2,
            "answer_end": 3,
            "kind": "written",
            "action": None,
            "ranges": [],
            "weight_sum": 0.0,
        },
        {
            "answer_start": 3,
            "answer_end": 7,
            "kind": "copied",
            "action": "copy",
            "ranges": [{**_CHUNK, "start": 203, "end": 207, "quote": "port", "weight": 1.0}],
            "weight_sum": 1.0,
        },
        {
            "answer_start": 7,
            "answer_end": 12,
            "kind": "copied",
            "action": "next",
            "ranges": [{**_CHUNK, "start": 207, "end": 212, "quote": " 8000", "weight": 1.0}],
            "weight_sum": 1.0,
        },
    ],
    "runs": [
        {
            "answer_start": 0,
            "answer_end": 3,
            "kind": "written",
            "ranges": [{**_CHUNK, "start": 203, "end": 212, "quote": "port 8000", "weight": 0.62}],
            "weight_sum": 0.62,
        },
        {
            "answer_start": 3,
            "answer_end": 12,
            "kind": "copied",
            "ranges": [{**_CHUNK, "start": 203, "end": 212, "quote": "port 8000", "weight": 1.0}],
            "weight_sum": 1.0,
        },
    ],
    "documents": [_DOCUMENT],
}


class SourceRange(BaseModel):
    """Characters `[start, end)` of a document's canonical text."""

    chunk: int
    document: str = Field(description="Id of the document.")
    page: int | None
    start: int
    end: int
    quote: str | None = Field(
        description="The text there; null where the document is gone and the answer does not say it."
    )
    weight: float = Field(description="1 for a copied range; else its share of the token's attention.")


class RunProvenance(BaseModel):
    """A run of the answer in one ink; a copied one comes from one unbroken range."""

    answer_start: int
    answer_end: int
    kind: Literal["copied", "written", "erased"]
    ranges: list[SourceRange] = Field(
        description="The copied range, or the ranges with the most attention, strongest first."
    )
    weight_sum: float = Field(
        description="Sum of the weights of `ranges`; the remaining attention is spread thinly."
    )


class TokenProvenance(RunProvenance):
    """One token of the answer."""

    action: Literal["write", "copy", "next"] | None = Field(
        description="Action of the model that gave the token; null for a space between two runs, and if not recorded."
    )


class ProvenanceOut(BaseModel):
    """Where each token of an answer comes from. Joined, the tokens are the text."""

    model_config = ConfigDict(json_schema_extra={"example": PROVENANCE_EXAMPLE})

    id: str
    status: AnswerStatus
    text: str
    recorded: Literal["tokens", "runs", "nothing"] = Field(
        description="`tokens`; `runs` of the inks, without actions and attention; or `nothing`."
    )
    note: str | None = Field(description="Reason for recording less than tokens; else null.")
    tokens: list[TokenProvenance]
    runs: list[RunProvenance] = Field(description="The tokens put together, for people.")
    documents: list[DocumentRef] = Field(description="The documents named, those that are gone left out.")
