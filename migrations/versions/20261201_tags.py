"""Tags of documents.

Revision: 20261201_tags; follows: 20261201_questions; created: 2026-12-01 09:10:00.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_tags"
down_revision = "20261201_questions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document_tags",
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name="fk_document_tags_document_id_documents",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_id", "tag", name="pk_document_tags"),
    )
    op.create_index("ix_document_tags_collection_id_tag", "document_tags", ["collection_id", "tag"])


def downgrade() -> None:
    op.drop_table("document_tags")
