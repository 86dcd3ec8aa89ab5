"""The audit trail with its state, and the lexicons of the content filter.

Revision: 20261201_audit; follows: 20261130_coverage; created: 2026-12-01 01:10:00.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_audit"
down_revision = "20261130_coverage"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_records",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("question_digest", sa.String(length=64), nullable=True),
        sa.Column("output_digest", sa.String(length=64), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_records"),
    )
    op.create_index("ix_audit_records_at", "audit_records", ["at"])
    op.create_index("ix_audit_records_subject", "audit_records", ["subject"])
    state = op.create_table(
        "audit_state",
        sa.Column("key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("base_seq", sa.BigInteger(), nullable=False),
        sa.Column("base_hash", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_audit_state"),
    )
    nothing = "0" * 64
    op.bulk_insert(state, [{"key": 1, "base_seq": 0, "base_hash": nothing, "seq": 0, "hash": nothing}])
    op.create_table(
        "lexicons",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("pinyin", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level IN ('block', 'mask', 'flag')", name="ck_lexicons_level"),
        sa.PrimaryKeyConstraint("id", name="pk_lexicons"),
        sa.UniqueConstraint("name", name="uq_lexicons_name"),
    )
    op.create_table(
        "lexicon_words",
        sa.Column("lexicon_id", sa.String(length=40), nullable=False),
        sa.Column("word", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["lexicon_id"],
            ["lexicons.id"],
            name="fk_lexicon_words_lexicon_id_lexicons",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("lexicon_id", "word", name="pk_lexicon_words"),
    )


def downgrade() -> None:
    op.drop_table("lexicon_words")
    op.drop_table("lexicons")
    op.drop_table("audit_state")
    op.drop_table("audit_records")
