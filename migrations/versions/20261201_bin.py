"""The bin: deletions that can be undone.

Revision: 20261201_bin; follows: 20261201_observing; created: 2026-12-01 08:30:00.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261201_bin"
down_revision = "20261201_observing"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _big_id() -> sa.Column:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, autoincrement=True, nullable=False)


def upgrade() -> None:
    op.create_table(
        "bin_items",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("record", _JSON, nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bin_items"),
    )
    op.create_index("ix_bin_items_owner_id", "bin_items", ["owner_id"])
    op.create_index("ix_bin_items_expires_at", "bin_items", ["expires_at"])
    op.create_index(
        "ix_bin_items_collection_id_deleted_at_id", "bin_items", ["collection_id", "deleted_at", "id"]
    )
    op.create_table(
        "frozen_documents",
        _big_id(),
        sa.Column("holder_id", sa.String(length=40), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("record", _JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_frozen_documents"),
    )
    for column in ("holder_id", "collection_id", "document_id"):
        op.create_index(f"ix_frozen_documents_{column}", "frozen_documents", [column])
    op.create_table(
        "frozen_versions",
        _big_id(),
        sa.Column("frozen_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("serving", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["frozen_id"],
            ["frozen_documents.id"],
            name="fk_frozen_versions_frozen_id_frozen_documents",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name="fk_frozen_versions_sha256_blobs"),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name="fk_frozen_versions_content_id_contents"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_frozen_versions"),
    )
    for column in ("frozen_id", "sha256", "content_id"):
        op.create_index(f"ix_frozen_versions_{column}", "frozen_versions", [column])
    op.create_table(
        "bin_answers",
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("answer_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["bin_items.id"], name="fk_bin_answers_item_id_bin_items", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name="fk_bin_answers_answer_id_answers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "answer_id", name="pk_bin_answers"),
    )
    op.create_index("ix_bin_answers_answer_id", "bin_answers", ["answer_id"])


def downgrade() -> None:
    """Deletions that could be undone can't be any more: their files are left without an owner, and swept."""
    op.drop_table("bin_answers")
    op.drop_table("frozen_versions")
    op.drop_table("frozen_documents")
    op.drop_table("bin_items")
