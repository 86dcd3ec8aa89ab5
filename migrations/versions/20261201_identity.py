"""Users, groups, keys and grants; owners of collections and answers.

Collections and answers of before have no owner: they belong to the administrators.

Revision: 20261201_identity; follows: 20261201_fields; created: 2026-12-01 01:20:00.
"""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

JSON_VALUE = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)
AT_ONCE = 500

revision = "20261201_identity"
down_revision = "20261201_fields"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _people()
    _keys()
    _rights()
    _link_answers()
    # Replies are found by their caller from now on; those of before would live for a day at most.
    op.execute("DELETE FROM idempotency_keys")


def downgrade() -> None:
    for table in ("collections", "answers"):
        op.drop_index(f"ix_{table}_owner_id", table_name=table)
        op.drop_column(table, "owner_id")
    for table in (
        "sign_ins", "answer_collections", "grants", "key_uses", "api_keys", "memberships", "groups", "users",
    ):  # fmt: skip
        op.drop_table(table)


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("subject", sa.String(length=600), nullable=True),
        sa.Column("disabled_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("role IN ('admin', 'member')", name="ck_users_role"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("name", name="uq_users_name"),
        sa.UniqueConstraint("subject", name="uq_users_subject"),
    )
    op.create_table(
        "groups",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("name", name="uq_groups_name"),
    )
    op.create_table(
        "memberships",
        sa.Column("group_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        _key("memberships", "group_id", "groups"),
        _key("memberships", "user_id", "users"),
        sa.PrimaryKeyConstraint("group_id", "user_id", name="pk_memberships"),
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"])


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("prefix", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=255), nullable=False),
        sa.Column("scopes", JSON_VALUE, nullable=False),
        sa.Column("collection_ids", JSON_VALUE, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("rate_per_minute", sa.Integer(), nullable=True),
        sa.Column("quota_per_day", sa.Integer(), nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('key', 'session')", name="ck_api_keys_kind"),
        _key("api_keys", "user_id", "users"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
    )
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"])
    op.create_table(
        "key_uses",
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        _key("key_uses", "key_id", "api_keys"),
        sa.PrimaryKeyConstraint("key_id", "day", name="pk_key_uses"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("data", JSON_VALUE, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
    )
    op.create_index("ix_sign_ins_expires_at", "sign_ins", ["expires_at"])


def _rights() -> None:
    for table in ("collections", "answers"):
        op.add_column(table, sa.Column("owner_id", sa.String(length=40), nullable=True))
        op.create_index(f"ix_{table}_owner_id", table, ["owner_id"])
    op.create_table(
        "grants",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=True),
        sa.Column("group_id", sa.String(length=40), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("(user_id IS NULL) <> (group_id IS NULL)", name="ck_grants_one_grantee"),
        sa.CheckConstraint("role IN ('reader', 'editor', 'owner')", name="ck_grants_role"),
        _key("grants", "collection_id", "collections"),
        _key("grants", "user_id", "users"),
        _key("grants", "group_id", "groups"),
        sa.PrimaryKeyConstraint("id", name="pk_grants"),
        sa.UniqueConstraint("collection_id", "user_id", name="uq_grants_collection_id_user_id"),
        sa.UniqueConstraint("collection_id", "group_id", name="uq_grants_collection_id_group_id"),
    )
    op.create_index("ix_grants_user_id", "grants", ["user_id"])
    op.create_index("ix_grants_group_id", "grants", ["group_id"])
    op.create_table(
        "answer_collections",
        sa.Column("answer_id", sa.String(length=40), nullable=False),
        sa.Column("collection_id", sa.String(length=40), nullable=False),
        _key("answer_collections", "answer_id", "answers"),
        _key("answer_collections", "collection_id", "collections"),
        sa.PrimaryKeyConstraint("answer_id", "collection_id", name="pk_answer_collections"),
    )
    op.create_index("ix_answer_collections_collection_id", "answer_collections", ["collection_id"])


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}", ondelete="CASCADE"
    )


def _link_answers() -> None:
    """Note the collections that stored answers were made from, some answers at a time."""
    connection = op.get_bind()
    answers = sa.table("answers", sa.column("id"), sa.column("collection_ids"))
    links = sa.table("answer_collections", sa.column("answer_id"), sa.column("collection_id"))
    there = set(connection.scalars(sa.select(sa.table("collections", sa.column("id")).c.id)))
    last = ""
    while rows := connection.execute(
        sa.select(answers).where(answers.c.id > last).order_by(answers.c.id).limit(AT_ONCE)
    ).all():
        found = [
            {"answer_id": answer, "collection_id": collection}
            for answer, ids in rows
            for collection in sorted(set(json.loads(ids) if isinstance(ids, str) else ids) & there)
        ]
        if found:
            connection.execute(sa.insert(links), found)
        last = rows[-1][0]
