"""vectors of sentences.

Revision: 0004; follows: 0003; created: 2026-11-24 15:40:00.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("content_chunks", sa.Column("sentence_vectors", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("content_chunks", "sentence_vectors")
