"""The table of questions that are suggested for a collection."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base, BigId
from app.db.types import UtcDateTime, utc_now


class SuggestedQuestion(Base):
    """A question that the reader answered from a collection; it goes with the chunk that it was made from.

    Chunks exist for serving versions alone: a deleted or replaced document takes its questions along.
    """

    __tablename__ = "suggested_questions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    chunk_id: Mapped[int] = mapped_column(ForeignKey("chunks.id", ondelete="CASCADE"), index=True)
    question: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
