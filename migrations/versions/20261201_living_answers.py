"""Living answers: ranges that answers stand on, marks of outdated ones, renewals and reviews.

Revision: 20261201_living; follows: 20261201_files; created: 2026-12-01 08:20:00.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "20261201_living"
down_revision = "20261201_files"
branch_labels = None
depends_on = None

AT_ONCE = 200
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("answers", sa.Column("outdated", sa.String(length=16), nullable=True))
    op.add_column("answers", sa.Column("outdated_at", MOMENT, nullable=True))
    op.create_index("ix_answers_outdated", "answers", ["outdated"])
    op.create_table(
        "answer_ranges",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("answer_id", sa.String(length=40), nullable=False),
        sa.Column("document_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end_", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        _to_answers("answer_ranges", "answer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_answer_ranges"),
    )
    op.create_index("ix_answer_ranges_answer_id", "answer_ranges", ["answer_id"])
    op.create_index("ix_answer_ranges_document_id_changed", "answer_ranges", ["document_id", "changed"])
    _reviews()
    op.create_table(
        "answer_renewals",
        sa.Column("answer_id", sa.String(length=40), nullable=False),
        sa.Column("renews_id", sa.String(length=40), nullable=False),
        sa.Column("change", sa.String(length=16), nullable=False),
        sa.Column("review_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        _to_answers("answer_renewals", "answer_id"),
        _to_answers("answer_renewals", "renews_id"),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["answer_reviews.id"],
            name="fk_answer_renewals_review_id_answer_reviews",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("answer_id", name="pk_answer_renewals"),
    )
    op.create_index("ix_answer_renewals_renews_id", "answer_renewals", ["renews_id"])
    op.create_index("ix_answer_renewals_review_id", "answer_renewals", ["review_id"])
    _find_ranges()


def downgrade() -> None:
    for table in ("answer_renewals", "review_items", "answer_reviews", "answer_ranges"):
        op.drop_table(table)
    op.drop_index("ix_answers_outdated", table_name="answers")
    op.drop_column("answers", "outdated_at")
    op.drop_column("answers", "outdated")


def _to_answers(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["answers.id"], name=f"fk_{table}_{column}_answers", ondelete="CASCADE"
    )


def _reviews() -> None:
    op.create_table(
        "answer_reviews",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="ck_answer_reviews_state"
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collections.id"],
            name="fk_answer_reviews_collection_id_collections",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_answer_reviews"),
    )
    for column in ("collection_id", "owner_id", "state"):
        op.create_index(f"ix_answer_reviews_{column}", "answer_reviews", [column])
    op.create_table(
        "review_items",
        sa.Column("review_id", sa.String(length=40), nullable=False),
        sa.Column("answer_id", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.CheckConstraint("outcome IN ('same', 'changed', 'failed')", name="ck_review_items_outcome"),
        _to_answers("review_items", "answer_id"),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["answer_reviews.id"],
            name="fk_review_items_review_id_answer_reviews",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("review_id", "answer_id", name="pk_review_items"),
    )
    op.create_index("ix_review_items_answer_id", "review_items", ["answer_id"])


def _find_ranges() -> None:
    """Note what stored answers copied from documents that are still as they were then, some answers at a time."""
    connection = op.get_bind()
    answers = sa.table("answers", sa.column("id", sa.String), sa.column("answer", sa.JSON))
    chunks = sa.table("chunks", *(sa.column(name) for name in ("id", "document_id", "version_id")))
    ranges = sa.table(
        "answer_ranges",
        *(sa.column(name) for name in ("answer_id", "document_id", "version_id", "start", "end_", "changed")),
    )
    last = ""
    while True:
        chosen = sa.select(answers).where(answers.c.id > last).order_by(answers.c.id).limit(AT_ONCE)
        rows = connection.execute(chosen).all()
        if not rows:
            return
        copied = [(row[0], span) for row in rows for span in _copied(row[1])]
        wanted = {span["chunk"] for _, span in copied}
        there = {
            row[0]: (row[1], row[2])
            for row in connection.execute(sa.select(chunks).where(chunks.c.id.in_(wanted)))
        }
        found = [
            {
                "answer_id": answer,
                "document_id": there[span["chunk"]][0],
                "version_id": there[span["chunk"]][1],
                "start": span["start"],
                "end_": span["end"],
                "changed": False,
            }
            for answer, span in copied
            if span["chunk"] in there
        ]
        if found:
            connection.execute(sa.insert(ranges), found)
        last = rows[-1][0]


def _copied(answer: dict[str, Any] | None) -> list[dict[str, Any]]:
    spans = (answer or {}).get("spans") or []
    names = ("chunk", "start", "end")
    return [span for span in spans if all(isinstance(span.get(name), int) for name in names)]
