"""Wire types of feedback: opinions of readers on answers, with the right answer and its passages."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class PlaceIn(BaseModel):
    """A range of a document's canonical text, as citations and hits of searches have it."""

    model_config = ConfigDict(extra="forbid")

    document_id: str = Field(max_length=64)
    start: int = Field(ge=0, le=1_000_000_000)
    end: int = Field(ge=1, le=1_000_000_000)


class PassageOut(BaseModel):
    """A right passage: its place, and its text."""

    document_id: str
    start: int
    end: int
    quote: str


class FeedbackIn(BaseModel):
    """A reader's opinion of an answer; the last one counts."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"rating": 1, "comment": "Right."}}
    )

    rating: Literal[-1, 1]
    comment: str | None = Field(default=None, max_length=4000)
    expected: str = Field(default="", max_length=4000, description="The right answer.")
    passages: list[PlaceIn] = Field(default=[], max_length=8, description="Where the right answer stands.")


class GivenFeedbackOut(BaseModel):
    """Feedback with its question."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "answer_id": "ans_4k7tq2hn3vcv5w6d7g2m5a3x2e",
                "question": "Which port does the server listen on?",
                "rating": -1,
                "comment": "That is the port of the pages.",
                "expected": "8000",
                "passages": [
                    {
                        "document_id": "doc_zk7tq2hn3vcv5w6d7g2m5a3x2e",
                        "start": 120,
                        "end": 163,
                        "quote": "The server listens on port 8000 by default.",
                    }
                ],
                "updated_at": "2026-11-30T12:00:00Z",
            }
        }
    )

    answer_id: str
    question: str
    rating: Literal[-1, 1]
    comment: str | None
    expected: str
    passages: list[PassageOut]
    updated_at: datetime
