"""Wire types of golden questions and their runs."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.feedback import PassageOut, PlaceIn

QUESTION: dict[str, Any] = {
    "id": "gold_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "question": "Which port does the server listen on?",
    "expected": ["8000"],
    "answerable": True,
    "source": "hand",
    "passages": [],
    "created_at": "2026-11-30T12:00:00Z",
}
RUN: dict[str, Any] = {
    "id": "run_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "reason": "documents",
    "state": "done",
    "passed": 11,
    "total": 12,
    "error": None,
    "encoder": "fathom-encoder@1",
    "model": "fathom-small@1",
    "created_at": "2026-11-30T12:00:00Z",
    "finished_at": "2026-11-30T12:00:09Z",
}
VERDICT: dict[str, Any] = {
    "question": "gold_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "passed": False,
    "rank": 3,
    "found": True,
    "answered": True,
    "said": False,
}


class GoldenIn(BaseModel):
    """A question with its right answer, or the stored answer to take both from."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"question": "What do ducks eat?", "expected": ["weeds"]}},
    )

    question: str = Field(default="", max_length=4000)
    expected: list[Annotated[str, Field(max_length=4000)]] = Field(
        default=[], max_length=8, description="Texts any of which the answer has to hold."
    )
    passages: list[PlaceIn] = Field(default=[], max_length=8, description="Where the right answer stands.")
    answerable: bool = Field(default=True, description="False where the right answer is a refusal.")
    answer_id: str | None = Field(
        default=None, max_length=64, description="A stored answer; the other fields are left out then."
    )


class GoldenOut(BaseModel):
    """A golden question."""

    model_config = ConfigDict(json_schema_extra={"example": QUESTION})

    id: str
    question: str
    expected: list[str]
    answerable: bool
    source: Literal["hand", "answer", "feedback"]
    passages: list[PassageOut]
    created_at: datetime


class GoldenListOut(BaseModel):
    """All golden questions of a collection; `held_back` while they keep a new encoder from being searched by."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"held_back": False, "share": 0.9, "items": [QUESTION]}}
    )

    held_back: bool
    share: float = Field(description="Least share that has to pass before another encoder is searched by.")
    items: list[GoldenOut]


class GoldenRunOut(BaseModel):
    """A run of all golden questions; `reason` is the part that had changed, or hand."""

    model_config = ConfigDict(json_schema_extra={"example": RUN})

    id: str
    reason: str
    state: Literal["queued", "running", "done", "failed"]
    passed: int
    total: int
    error: str | None
    encoder: str
    model: str
    created_at: datetime
    finished_at: datetime | None


class VerdictOut(BaseModel):
    """A question of a run: null where the verdict was not asked for."""

    question: str
    passed: bool
    rank: int | None = Field(description="Rank of the right passage, from 1.")
    found: bool | None
    answered: bool = Field(description="Answered where it can be, refused where not.")
    said: bool | None


class GoldenReportOut(GoldenRunOut):
    """A run with its verdicts, and the differences from the finished run before."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": RUN
            | {
                "results": [VERDICT],
                "before": "run_aaaatq2hn3vcv5w6d7g2m5a3x2",
                "newly_failed": ["gold_4k7tq2hn3vcv5w6d7g2m5a3x2e"],
                "newly_passed": [],
            }
        }
    )

    results: list[VerdictOut]
    before: str | None
    newly_failed: list[str]
    newly_passed: list[str]


class ReleaseIn(BaseModel):
    """Release of the encoder in use."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"force": True}})

    force: bool = Field(default=False, description="Although the golden questions have not passed.")
