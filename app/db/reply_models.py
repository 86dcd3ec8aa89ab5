"""Tables of replies that are stored for the keys of idempotent calls."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base
from app.db.types import JsonColumn, UtcDateTime, utc_now


class IdempotencyKey(Base):
    """A client's key for one call: claimed while it runs, then the stored reply."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status_code: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[dict[str, str] | None] = mapped_column(JsonColumn)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)


class ReplySource(Base):
    """A document or an answer that a stored reply names; `quotes` if it holds passages, not names and titles only."""

    __tablename__ = "reply_sources"

    key: Mapped[str] = mapped_column(ForeignKey("idempotency_keys.key", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    quotes: Mapped[bool] = mapped_column(default=False)
