"""What finds the text of a deleted document again, so that it can be erased: sources of answers and of kept replies.

Revision: 20261130_erasing; follows: 20261130_home_and_workers; created: 2026-11-30 05:20:00.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
SOURCE = re.compile(r"(?:doc|ans)_[a-z2-7]{26}")
AT_ONCE = 200

revision = "20261130_erasing"
down_revision = "20261130_home_and_workers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_sources",
        sa.Column("answer_id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["answers.id"], name="fk_answer_sources_answer_id_answers", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("answer_id", "document_id", name="pk_answer_sources"),
    )
    op.create_index("ix_answer_sources_document_id", "answer_sources", ["document_id"])
    op.create_table(
        "reply_sources",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("source_id", sa.String(length=40), nullable=False),
        sa.Column("quotes", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key"],
            ["idempotency_keys.key"],
            name="fk_reply_sources_key_idempotency_keys",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", "source_id", name="pk_reply_sources"),
    )
    op.create_index("ix_reply_sources_source_id", "reply_sources", ["source_id"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("blobs", JSON_VALUE, nullable=False),
        sa.Column("collection_ids", JSON_VALUE, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.add_column("answers", sa.Column("conversation", sa.String(length=64), nullable=True))
    op.create_index("ix_answers_conversation", "answers", ["conversation"])
    _link_answers()
    # Replies of before name no sources, so they could not be found again; they would live for a day at most.
    op.execute("DELETE FROM idempotency_keys")


def downgrade() -> None:
    """What was blanked stays blank."""
    op.drop_index("ix_answers_conversation", table_name="answers")
    op.drop_column("answers", "conversation")
    op.drop_table("erasures")
    op.drop_table("reply_sources")
    op.drop_table("answer_sources")


def _link_answers() -> None:
    """Note the documents that stored answers name, some answers at a time."""
    connection = op.get_bind()
    answers = sa.table("answers", *(sa.column(name) for name in ("id", "answer", "events", "provenance")))
    links = sa.table("answer_sources", sa.column("answer_id"), sa.column("document_id"))
    last = ""
    while True:
        chosen = sa.select(answers).where(answers.c.id > last).order_by(answers.c.id).limit(AT_ONCE)
        rows = connection.execute(chosen).all()
        if not rows:
            return
        found = [
            {"answer_id": row[0], "document_id": source}
            for row in rows
            for source in sorted(set(_documents(row[1:])))
        ]
        if found:
            connection.execute(sa.insert(links), found)
        last = rows[-1][0]


def _documents(values: tuple[Any, ...]) -> Iterator[str]:
    for value in values:
        text = value if isinstance(value, str) else json.dumps(value)
        yield from (source for source in SOURCE.findall(text) if source.startswith("doc_"))
