"""Chunks that are switched off.

Revision: 20261201_chunks; follows: 20261201_suggestions; created: 2026-12-01 09:30:00.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_chunks"
down_revision = "20261201_suggestions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chunks", sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_index(
        "ix_chunks_switched_off",
        "chunks",
        ["version_id"],
        sqlite_where=sa.text("enabled = 0"),
        postgresql_where=sa.text("NOT enabled"),
    )


def downgrade() -> None:
    op.drop_index("ix_chunks_switched_off", "chunks")
    op.drop_column("chunks", "enabled")
