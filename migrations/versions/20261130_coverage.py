"""How much of the visible text of a file its text keeps; not known of those read before.

Revision: 20261130_coverage; follows: 20261130_erasing; created: 2026-11-30 17:20:00.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

revision = "20261130_coverage"
down_revision = "20261130_erasing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contents", sa.Column("coverage", JSON_VALUE, nullable=True))


def downgrade() -> None:
    op.drop_column("contents", "coverage")
