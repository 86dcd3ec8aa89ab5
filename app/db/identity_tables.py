"""Tables of identity: people, their groups, their keys, and the collections granted to them.

Rights are rows. A collection belongs to its owner (`Collection.owner_id`); one without an owner, made by the machine
itself, belongs to the administrators. All others see it by a grant, their own or a group's.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base
from app.db.types import JsonColumn, UtcDateTime, utc_now

USER_ROLES = ("admin", "member")
GRANT_ROLES = ("reader", "editor", "owner")
KEY_KINDS = ("key", "session")


class User(Base):
    """A person, or a program that acts as one.

    Attributes:
        role: An `admin` manages users, groups and keys, and owns collections that nobody else does.
        password_hash: Argon2id; None where only keys or the sign-in provider let the user in.
        subject: Issuer and subject of the sign-in provider, joined by a space.
        disabled_at: Since then no key of the user works.
    """

    __tablename__ = "users"
    __table_args__ = (CheckConstraint(f"role IN {USER_ROLES}", name="role"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    role: Mapped[str] = mapped_column(String(16), default="member")
    password_hash: Mapped[str | None] = mapped_column(String(255))
    subject: Mapped[str | None] = mapped_column(String(600), unique=True)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Group(Base):
    """Users who are granted collections together."""

    __tablename__ = "groups"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Membership(Base):
    """A user in a group."""

    __tablename__ = "memberships"

    group_id: Mapped[str] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ApiKey(Base):
    """A key, or the session of somebody signed in to the web pages, which is a key that lasts a few hours.

    Attributes:
        prefix: Part of the key that finds the row; no secret.
        hash: Argon2id of the secret part.
        scopes: Of read, ask, write, metrics, admin.
        collection_ids: The only collections that the key reaches; None for all of its user's.
        rate_per_minute: Most requests in a minute; None for any number.
        quota_per_day: Most requests in a day of UTC; None for any number.
    """

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint(f"kind IN {KEY_KINDS}", name="kind"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16), default="key")
    name: Mapped[str] = mapped_column(String(255), default="")
    prefix: Mapped[str] = mapped_column(String(32), unique=True)
    hash: Mapped[str] = mapped_column(String(255))
    scopes: Mapped[list[str]] = mapped_column(JsonColumn)
    collection_ids: Mapped[list[str] | None] = mapped_column(JsonColumn)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rate_per_minute: Mapped[int | None] = mapped_column(Integer)
    quota_per_day: Mapped[int | None] = mapped_column(Integer)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class KeyUse(Base):
    """Requests made with a key on a day of UTC."""

    __tablename__ = "key_uses"

    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    requests: Mapped[int] = mapped_column(Integer)


class Grant(Base):
    """A collection shared with a user or a group.

    Attributes:
        role: A `reader` searches and asks, an `editor` changes documents too, an `owner` shares and deletes too.
    """

    __tablename__ = "grants"
    __table_args__ = (
        UniqueConstraint("collection_id", "user_id"),
        UniqueConstraint("collection_id", "group_id"),
        CheckConstraint("(user_id IS NULL) <> (group_id IS NULL)", name="one_grantee"),
        CheckConstraint(f"role IN {GRANT_ROLES}", name="role"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collection_id: Mapped[str] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"))
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    group_id: Mapped[str | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class AnswerCollection(Base):
    """A collection that an answer was made from: whoever may not read it any more does not see the answer either."""

    __tablename__ = "answer_collections"

    answer_id: Mapped[str] = mapped_column(ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True)
    collection_id: Mapped[str] = mapped_column(
        ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class SignIn(Base):
    """A sign-in by the provider that is under way, or that is done and to be picked up by the web pages.

    Attributes:
        id: Hash of the state, or of the code for the pages.
        kind: `state` or `code`.
        data: State: verifier, nonce. Code: the user.
    """

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    data: Mapped[dict[str, Any]] = mapped_column(JsonColumn)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
