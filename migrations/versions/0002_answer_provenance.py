"""provenance of answers.

Revision: 0002; follows: 0001; created: 2026-11-24 13:05:00.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answers", sa.Column("provenance", JSON_VALUE, nullable=True))


def downgrade() -> None:
    op.drop_column("answers", "provenance")
