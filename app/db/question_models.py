"""Tables of questions with known right answers: feedback on answers, golden questions of collections, their runs."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base
from app.db.types import JsonColumn, UtcDateTime, utc_now

RUN_STATES = ("queued", "running", "done", "failed")


class AnswerFeedback(Base):
    """The answer that a person expected; rating and comment are columns of the answer."""

    __tablename__ = "answer_feedback"

    answer_id: Mapped[str] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True)
    expected: Mapped[str] = mapped_column(Text, default="")


class GoldenQuestion(Base):
    """A question that a collection has to answer, or to refuse, after every change.

    Attributes:
        expected: Texts any of which the answer has to hold; empty for any text.
        answerable: False where the right answer is a refusal.
        source: hand, answer or feedback.
    """

    __tablename__ = "golden_questions"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    question: Mapped[str] = mapped_column(Text)
    expected: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    answerable: Mapped[bool] = mapped_column(default=True)
    source: Mapped[str] = mapped_column(String(16), default="hand")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class RightPassage(Base):
    """A range of a document that answers a question, by its place and its text; goes with the text.

    Attributes:
        answer_id: The answer that a person gave it for; None for a golden question.
        question_id: The golden question; None for an answer.
        start: First character in the canonical text of the serving version.
    """

    __tablename__ = "right_passages"
    __table_args__ = (CheckConstraint("(answer_id IS NULL) <> (question_id IS NULL)", name="one_owner"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    answer_id: Mapped[str | None] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), index=True)
    question_id: Mapped[str | None] = mapped_column(
        ForeignKey("golden_questions.id", ondelete="CASCADE"), index=True
    )
    # No foreign key: the row goes in the transaction that withdraws the document's text everywhere.
    document_id: Mapped[str] = mapped_column(String(40), index=True)
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column("end_", Integer)
    quote: Mapped[str] = mapped_column(Text)


class GoldenRun(Base):
    """All golden questions of a collection asked once; holds ids and verdicts, no text.

    Attributes:
        reason: What changed: documents, parser, encoder, model or questions; or hand.
        fingerprint: State of the collection, the questions and the models that it ran on.
        results: One object a question: its id and verdicts.
        lease_until: While it runs: when another process may take it.
    """

    __tablename__ = "golden_runs"
    __table_args__ = (CheckConstraint(f"state IN {RUN_STATES}", name="state"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(32))
    fingerprint: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    state: Mapped[str] = mapped_column(String(16), default="queued")
    passed: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    results: Mapped[list[dict[str, Any]]] = mapped_column(JsonColumn, default=list)
    error: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class EncoderRelease(Base):
    """An encoder whose vectors a collection with golden questions is searched by.

    Attributes:
        run_id: The run that it passed; None for the encoder of before there were questions.
        forced: Whether a person released it although it did not pass.
    """

    __tablename__ = "encoder_releases"

    collection_id: Mapped[str] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True
    )
    vector_model: Mapped[str] = mapped_column(String(255), primary_key=True)
    run_id: Mapped[str | None] = mapped_column(String(40))
    forced: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
