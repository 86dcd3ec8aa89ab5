"""Counters of workers, use by day, and origins of jobs.

Revision: 20261201_observing; follows: 20261201_living; created: 2026-12-01 08:10:00.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_observing"
down_revision = "20261201_living"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("labels", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", name="pk_tallies"),
    )
    counters = ["requests", "questions", "refusals", "searches", "documents"]
    large = ["read_tokens", "written_tokens", "characters", "uploaded_bytes"]
    op.create_table(
        "usage",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in counters),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in large),
        sa.PrimaryKeyConstraint("day", "key_id", "collection_id", name="pk_usage"),
    )
    op.create_table(
        "job_origins",
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("traceparent", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name="fk_job_origins_job_id_jobs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", name="pk_job_origins"),
    )


def downgrade() -> None:
    for table in ("job_origins", "usage", "tallies"):
        op.drop_table(table)
