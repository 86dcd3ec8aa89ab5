"""Reviews of outdated answers on the wire."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.answers import ANSWER_EXAMPLE, AnswerOut

REVIEW_EXAMPLE: dict[str, Any] = {
    "id": "rev_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "collection_id": "col_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "state": "running",
    "total": 412,
    "done": 120,
    "changed": 3,
    "same": 117,
    "failed": 0,
    "created_at": "2025-01-01T12:00:00Z",
    "finished_at": None,
}
_NEW = ANSWER_EXAMPLE | {
    "id": "ans_6m7tq2hn3vcv5w6d7g2m5a3x2e",
    "text": "The server listens on port 9000 by default.",
    "outdated": None,
    "renews": ANSWER_EXAMPLE["id"],
    "change": "changed",
}
CHANGE_EXAMPLE: dict[str, Any] = {"before": ANSWER_EXAMPLE | {"renewed_by": _NEW["id"]}, "after": _NEW}


class ReviewOut(BaseModel):
    """The work of asking all outdated answers of a collection again."""

    model_config = ConfigDict(json_schema_extra={"example": REVIEW_EXAMPLE})

    id: str
    collection_id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    total: int = Field(description="Answers to ask again.")
    done: int = Field(description="Answers that were asked again so far.")
    changed: int = Field(description="Answers that say something else now.")
    same: int = Field(description="Answers that say the same as before.")
    failed: int = Field(description="Questions that could not be answered again.")
    created_at: datetime
    finished_at: datetime | None


class ChangeOut(BaseModel):
    """An answer before and after it was asked again; both stay stored."""

    model_config = ConfigDict(json_schema_extra={"example": CHANGE_EXAMPLE})

    before: AnswerOut
    after: AnswerOut
