"""Tables of living answers: ranges that answers stand on, renewals of answers, and reviews of outdated ones."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base, BigId
from app.db.types import UtcDateTime, utc_now

REVIEW_STATES = ("queued", "running", "done", "failed", "cancelled")
CHANGES = ("same", "changed", "failed")


class AnswerRange(Base):
    """A range of a document version that an answer stands on; found by its document when that changes.

    Attributes:
        version_id: The version whose canonical text `start` and `end` count in.
        changed: Whether a later version says something else there; such a range is not moved along any more.
    """

    __tablename__ = "answer_ranges"
    __table_args__ = (Index("ix_answer_ranges_document_id_changed", "document_id", "changed"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    answer_id: Mapped[str] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), index=True)
    # No foreign keys: the row is needed to find the answer, after the document or its version went.
    document_id: Mapped[str] = mapped_column(String(40))
    version_id: Mapped[str] = mapped_column(String(40))
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column("end_", Integer)
    changed: Mapped[bool] = mapped_column(default=False)


class AnswerRenewal(Base):
    """An answer that was made by asking the question of another one again.

    Attributes:
        change: Whether it says the same: same or changed.
        review_id: The review that asked; None where a person did.
    """

    __tablename__ = "answer_renewals"

    answer_id: Mapped[str] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True)
    renews_id: Mapped[str] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), index=True)
    change: Mapped[str] = mapped_column(String(16))
    review_id: Mapped[str | None] = mapped_column(
        ForeignKey("answer_reviews.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class AnswerReview(Base):
    """The work of asking all outdated answers of a collection again, leased to one process at a time.

    Attributes:
        owner_id: The user whose answers they are; None where the machine asks for all.
    """

    __tablename__ = "answer_reviews"
    __table_args__ = (CheckConstraint(f"state IN {REVIEW_STATES}", name="state"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[str | None] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(16), default="queued", index=True)
    fence: Mapped[int] = mapped_column(Integer, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReviewItem(Base):
    """An answer of a review; `outcome` is same, changed or failed, None where it was not asked yet."""

    __tablename__ = "review_items"
    __table_args__ = (CheckConstraint(f"outcome IN {CHANGES}", name="outcome"),)

    review_id: Mapped[str] = mapped_column(
        ForeignKey("answer_reviews.id", ondelete="CASCADE"), primary_key=True
    )
    answer_id: Mapped[str] = mapped_column(
        ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    outcome: Mapped[str | None] = mapped_column(String(16))
