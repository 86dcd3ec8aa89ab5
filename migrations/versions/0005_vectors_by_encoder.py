"""vectors by encoder.

Revision: 0005; follows: 0004; created: 2026-11-28 13:05:00.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chunk_vectors",
        sa.Column("content_chunk_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vector_model", sa.String(length=255), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("sentence_vectors", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["content_chunk_id"],
            ["content_chunks.id"],
            name="fk_chunk_vectors_content_chunk_id_content_chunks",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("content_chunk_id", "vector_model", name="pk_chunk_vectors"),
    )
    op.execute(
        "INSERT INTO chunk_vectors (content_chunk_id, vector_model, vector, sentence_vectors) "
        "SELECT content_chunks.id, contents.vector_model, content_chunks.vector, content_chunks.sentence_vectors "
        "FROM content_chunks JOIN contents ON contents.id = content_chunks.content_id"
    )
    op.drop_column("content_chunks", "sentence_vectors")
    op.drop_column("content_chunks", "vector")
    op.drop_column("contents", "vector_model")
    op.add_column("jobs", sa.Column("vector_model", sa.String(length=255), nullable=True))
    op.add_column("index_changes", sa.Column("embedded", JSON_VALUE, server_default="[]", nullable=False))


def downgrade() -> None:
    """Of several encoders' vectors those of one are kept for each content."""
    op.execute("DELETE FROM jobs WHERE kind <> 'ingest'")
    op.drop_column("index_changes", "embedded")
    op.drop_column("jobs", "vector_model")
    op.add_column(
        "contents", sa.Column("vector_model", sa.String(length=255), server_default="", nullable=False)
    )
    op.add_column("content_chunks", sa.Column("vector", sa.LargeBinary(), server_default="", nullable=False))
    op.add_column("content_chunks", sa.Column("sentence_vectors", sa.LargeBinary(), nullable=True))
    op.execute(
        "UPDATE contents SET vector_model = COALESCE((SELECT MAX(chunk_vectors.vector_model) FROM chunk_vectors "
        "JOIN content_chunks ON content_chunks.id = chunk_vectors.content_chunk_id "
        "WHERE content_chunks.content_id = contents.id), '')"
    )
    for column in ("vector", "sentence_vectors"):
        op.execute(
            f"UPDATE content_chunks SET {column} = (SELECT kept.{column} FROM chunk_vectors kept "  # noqa: S608
            "JOIN contents ON contents.vector_model = kept.vector_model "
            "WHERE kept.content_chunk_id = content_chunks.id AND contents.id = content_chunks.content_id) "
            "WHERE EXISTS (SELECT 1 FROM chunk_vectors kept WHERE kept.content_chunk_id = content_chunks.id)"
        )
    op.drop_table("chunk_vectors")
