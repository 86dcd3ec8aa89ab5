"""Webhooks on the wire."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

EventType = Literal[
    "job.done", "job.failed", "review.done", "review.failed", "answer.outdated", "answer.changed"
]

WEBHOOK_EXAMPLE: dict[str, Any] = {
    "id": "whk_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "url": "https://example.org/fathom",
    "description": "Tell the chat room",
    "events": ["job.failed", "answer.changed"],
    "collection_id": None,
    "enabled": True,
    "created_at": "2025-01-01T12:00:00Z",
}
DELIVERY_EXAMPLE: dict[str, Any] = {
    "id": 17,
    "webhook_id": WEBHOOK_EXAMPLE["id"],
    "message_id": "msg_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "event": "job.failed",
    "state": "pending",
    "attempts": 1,
    "status_code": 503,
    "error": "the receiver answered 503",
    "created_at": "2025-01-01T12:00:00Z",
    "run_after": "2025-01-01T12:00:05Z",
    "finished_at": None,
}


class WebhookCreate(BaseModel):
    """A new webhook."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"url": "https://example.org/fathom", "events": ["job.failed", "answer.changed"]}
        },
    )

    url: str = Field(
        max_length=2000, description="An http or https address, public unless the server allows others."
    )
    events: list[EventType] = Field(
        default_factory=list, max_length=20, description="Types of events; none for all."
    )
    collection: str | None = Field(
        default=None, max_length=300, description="Id or name of the only collection whose events are sent."
    )
    description: str = Field(default="", max_length=500)


class WebhookChange(BaseModel):
    """Whether messages are sent."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"enabled": False}})

    enabled: bool


class WebhookOut(BaseModel):
    """A webhook, without its secret."""

    model_config = ConfigDict(json_schema_extra={"example": WEBHOOK_EXAMPLE})

    id: str
    url: str
    description: str
    events: list[EventType]
    collection_id: str | None = Field(description="Null for all collections that its owner may read.")
    enabled: bool = Field(description="False after a 410 of the receiver, too.")
    created_at: datetime


class WebhookMadeOut(WebhookOut):
    """A webhook that was just made."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": WEBHOOK_EXAMPLE | {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD7Fs2d6JAvV0="}
        }
    )

    secret: str = Field(description="Key of the signatures; it is shown this once.")


class DeliveryOut(BaseModel):
    """A message to a webhook."""

    model_config = ConfigDict(json_schema_extra={"example": DELIVERY_EXAMPLE})

    id: int
    webhook_id: str
    message_id: str = Field(description="The header `webhook-id`, the same at every attempt and replay.")
    event: str
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    status_code: int | None = Field(description="Of the last reply.")
    error: str | None = Field(description="Why the last attempt failed.")
    created_at: datetime
    run_after: datetime = Field(description="When the next attempt is due.")
    finished_at: datetime | None
