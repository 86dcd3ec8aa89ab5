"""members of archives and mails.

Revision: 0003; follows: 0002; created: 2026-11-24 15:20:00.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("parent_id", sa.String(length=40), nullable=True))
    op.create_index("ix_documents_parent_id", "documents", ["parent_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_documents_parent_id", table_name="documents")
    op.drop_column("documents", "parent_id")
