"""Values of documents' metadata, by which filters find documents.

Revision: 20261201_fields; follows: 20261201_audit; created: 2026-12-01 04:20:00.
"""

import sqlalchemy as sa
from alembic import op

from app.db.fields import values_of

revision = "20261201_fields"
down_revision = "20261201_audit"
branch_labels = None
depends_on = None

BATCH = 500


def upgrade() -> None:
    fields = op.create_table(
        "document_fields",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("number", sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name="fk_document_fields_document_id_documents",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_document_fields"),
    )
    op.create_index("ix_document_fields_document_id", "document_fields", ["document_id"])
    op.create_index("ix_document_fields_key", "document_fields", ["collection_id", "field", "key"])
    op.create_index("ix_document_fields_number", "document_fields", ["collection_id", "field", "number"])
    _fill(fields)


def _fill(fields: sa.Table) -> None:
    """Rows for the metadata that is there."""
    documents = sa.table(
        "documents", sa.column("id"), sa.column("collection_id"), sa.column("metadata", sa.JSON())
    )
    connection = op.get_bind()
    last = ""
    while rows := connection.execute(
        sa.select(documents).where(documents.c.id > last).order_by(documents.c.id).limit(BATCH)
    ).all():
        last = rows[-1].id
        values = [
            {"document_id": row.id, "collection_id": row.collection_id, **value}
            for row in rows
            for value in values_of(row.metadata or {})
        ]
        if values:
            op.bulk_insert(fields, values)


def downgrade() -> None:
    op.drop_table("document_fields")
