"""The audit trail on the wire."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ZEROS = "0" * 64
HEAD_EXAMPLE: dict[str, Any] = {
    "seq": 128,
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
RECORD_EXAMPLE: dict[str, Any] = {
    "seq": 1,
    "at": "2025-01-01T12:00:00Z",
    "event": "answer",
    "actor": "local",
    "subject": "ans_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "body": {"status": "done", "read": [[17, "doc_zk7tq2hn3vcv5w6d7g2m5a3x2e"]], "verdicts": []},
    "question_digest": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "output_digest": "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
    "question": "Which port does the server listen on?",
    "output": "The server listens on port 8000 by default.",
    "salt": "5e884898da28047151d0e56f8dc62927",
    "previous": ZEROS,
    "hash": HEAD_EXAMPLE["hash"],
}


class HeadOut(BaseModel):
    """Number and hash of the newest record; kept elsewhere, it finds whatever is done to the trail until then."""

    model_config = ConfigDict(json_schema_extra={"example": HEAD_EXAMPLE})

    seq: int
    hash: str


class HeadIn(BaseModel):
    """A head that was kept."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": HEAD_EXAMPLE})

    seq: int = Field(ge=0)
    hash: str = Field(pattern="^[0-9a-f]{64}$")


class VerifyIn(BaseModel):
    """Heads that were kept elsewhere, to compare the trail with."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"heads": [HEAD_EXAMPLE]}})

    heads: list[HeadIn] = Field(default_factory=list, max_length=1000)


class TamperingOut(BaseModel):
    """Something that was done to the trail: to the rows `seq` to `last`."""

    seq: int
    last: int
    kind: Literal["changed", "removed", "added", "moved", "rehashed"]
    detail: str


class VerifyOut(BaseModel):
    """Findings of a look at the whole trail."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"whole": True, "first": 1, "last": 128, "hash": HEAD_EXAMPLE["hash"], "found": []}
        }
    )

    whole: bool = Field(description="Whether it is as it was written.")
    first: int = Field(description="Number of the oldest record that is kept.")
    last: int
    hash: str
    found: list[TamperingOut]


class AuditRecordOut(BaseModel):
    """A record of the trail."""

    model_config = ConfigDict(json_schema_extra={"example": RECORD_EXAMPLE})

    seq: int
    at: datetime
    event: str
    actor: str
    subject: str
    body: dict[str, Any]
    question_digest: str | None = Field(description="Salted SHA-256 of the text that came in.")
    output_digest: str | None = Field(description="Salted SHA-256 of the text that went out.")
    question: str | None = Field(description="Null where it was deleted, or is not kept.")
    output: str | None = Field(description="Null where it was deleted, or is not kept.")
    salt: str | None
    previous: str = Field(description="Hash of the record before.")
    hash: str


class AuditPageOut(BaseModel):
    """Records, newest first."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [RECORD_EXAMPLE], "next_cursor": None, "has_more": False}}
    )

    items: list[AuditRecordOut]
    next_cursor: str | None = Field(
        default=None, description="Send this as `cursor` to get the next page; null on the last page."
    )
    has_more: bool = False
