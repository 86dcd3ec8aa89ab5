"""Feedback with right passages, golden questions, their runs, and the encoders that they released.

Revision: 20261201_questions; follows: 20261201_bin; created: 2026-12-01 09:10:00.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261201_questions"
down_revision = "20261201_bin"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "answer_feedback",
        sa.Column("answer_id", sa.String(length=40), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name="fk_answer_feedback_answer_id_answers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("answer_id", name="pk_answer_feedback"),
    )
    op.create_table(
        "golden_questions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("expected", JSON, nullable=False),
        sa.Column("answerable", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_collection("golden_questions"),
        sa.PrimaryKeyConstraint("id", name="pk_golden_questions"),
    )
    op.create_index("ix_golden_questions_collection_id", "golden_questions", ["collection_id"])
    op.create_table(
        "right_passages",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("answer_id", sa.String(length=40), nullable=True),
        sa.Column("question_id", sa.String(length=40), nullable=True),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end_", sa.Integer(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(answer_id IS NULL) <> (question_id IS NULL)", name=op.f("ck_right_passages_one_owner")
        ),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name="fk_right_passages_answer_id_answers", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["golden_questions.id"],
            name="fk_right_passages_question_id_golden_questions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_right_passages"),
    )
    for column in ("answer_id", "question_id", "document_id"):
        op.create_index(f"ix_right_passages_{column}", "right_passages", [column])
    op.create_table(
        "golden_runs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("fingerprint", JSON, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("results", JSON, nullable=False),
        sa.Column("error", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_golden_runs_state")
        ),
        _of_collection("golden_runs"),
        sa.PrimaryKeyConstraint("id", name="pk_golden_runs"),
    )
    op.create_index("ix_golden_runs_collection_id", "golden_runs", ["collection_id"])
    op.create_table(
        "encoder_releases",
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("vector_model", sa.String(length=255), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=True),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _of_collection("encoder_releases"),
        sa.PrimaryKeyConstraint("collection_id", "vector_model", name="pk_encoder_releases"),
    )


def _of_collection(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_collection_id_collections"
    return sa.ForeignKeyConstraint(["collection_id"], ["collections.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    for table in ("encoder_releases", "golden_runs", "right_passages", "golden_questions", "answer_feedback"):
        op.drop_table(table)
