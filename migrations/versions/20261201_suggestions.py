"""Suggested questions of collections.

Revision: 20261201_suggestions; follows: 20261201_tags; created: 2026-12-01 09:00:00.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_suggestions"
down_revision = "20261201_tags"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("collections", sa.Column("suggested_seq", sa.BigInteger(), nullable=True))
    op.create_table(
        "suggested_questions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("chunk_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collections.id"],
            name="fk_suggested_questions_collection_id_collections",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunks.id"], name="fk_suggested_questions_chunk_id_chunks", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_suggested_questions"),
    )
    op.create_index("ix_suggested_questions_chunk_id", "suggested_questions", ["chunk_id"])
    op.create_index("ix_suggested_questions_collection_id", "suggested_questions", ["collection_id"])


def downgrade() -> None:
    op.drop_table("suggested_questions")
    op.drop_column("collections", "suggested_seq")
