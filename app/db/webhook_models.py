"""Tables of webhooks: addresses that events are sent to, and the outbox of messages to them."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base, BigId
from app.db.types import JsonColumn, UtcDateTime, utc_now

DELIVERY_STATES = ("pending", "delivered", "failed")


class Webhook(Base):
    """An address that events are sent to.

    Attributes:
        owner_id: The user whose events are sent; None for the machine's, which are all.
        collection_id: The only collection whose events are sent; None for all that the owner may read.
        events: Types of the events that are sent.
        secret: Key of the signatures, as its owner was shown it once; needed for every message.
    """

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    owner_id: Mapped[str | None] = mapped_column(String(40), index=True)
    collection_id: Mapped[str | None] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), index=True
    )
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    events: Mapped[list[str]] = mapped_column(JsonColumn)
    secret: Mapped[str] = mapped_column(String(120))
    enabled: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class WebhookDelivery(Base):
    """A message of the outbox; those of one webhook go in the order of their ids, which are never given out twice.

    Attributes:
        message_id: Id that the receiver sees, the same at every attempt and replay.
        payload: The bytes that are sent and signed: ids and states, no text of documents or answers.
        collection_ids: Collections that the owner of the webhook must be able to read when it is sent.
        error: Why the last attempt failed.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_webhook_id_state_id", "webhook_id", "state", "id"),
        Index("ix_webhook_deliveries_state_run_after", "state", "run_after"),
        CheckConstraint(f"state IN {DELIVERY_STATES}", name="state"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(String(40), index=True)
    event: Mapped[str] = mapped_column(String(40))
    payload: Mapped[str] = mapped_column(Text)
    collection_ids: Mapped[list[str]] = mapped_column(JsonColumn)
    state: Mapped[str] = mapped_column(String(16), default="pending")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    run_after: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    fence: Mapped[int] = mapped_column(BigInteger, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status_code: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
