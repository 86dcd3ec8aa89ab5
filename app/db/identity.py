"""Queries over users, groups, keys and the use of keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.db.frozen_models import BinItem
from app.db.identity_tables import USER_ROLES, ApiKey, Group, KeyUse, Membership, SignIn, User
from app.db.models import Answer, Collection
from app.db.paging import Slice, after, encode_cursor
from app.db.types import new_id, utc_now

ROLES = USER_ROLES
"""Roles of users: admin, member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """A user; `groups` are the names of the user's groups."""

    id: str
    name: str
    role: str
    has_password: bool
    disabled_at: datetime | None
    created_at: datetime
    groups: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """A key without its secret, and the user whose it is; see the table for the meaning of each field."""

    id: str
    user_id: str
    user_name: str
    user_role: str
    user_disabled: bool
    kind: str
    name: str
    prefix: str
    hash: str
    scopes: Sequence[str]
    collection_ids: tuple[str, ...] | None
    expires_at: datetime | None
    rate_per_minute: int | None
    quota_per_day: int | None
    revoked_at: datetime | None
    created_at: datetime

    def is_good(self, now: datetime) -> bool:
        """Whether the key lets anybody in."""
        over = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not self.user_disabled and not over


# ------------------------------------------------------------------ users
def add_user(
    session: Session, name: str, role: str, *, password_hash: str | None = None, subject: str | None = None
) -> UserView:
    """Insert the row of somebody who may use this Fathom.

    Raises:
        IntegrityError: There is one of that name.
    """
    row = User(id=new_id("usr"), name=name, role=role, password_hash=password_hash, subject=subject)
    session.add(row)
    session.flush()
    return _user(session, row)


def find_user(session: Session, key: str) -> UserView | None:
    """The user with this id or name."""
    column = User.id if key.startswith("usr_") else User.name
    row = session.scalar(select(User).where(column == key))
    return None if row is None else _user(session, row)


def user_by_subject(session: Session, subject: str) -> UserView | None:
    """The user of a sign-in provider."""
    row = session.scalar(select(User).where(User.subject == subject))
    return None if row is None else _user(session, row)


def password_of(session: Session, name: str) -> tuple[str, str] | None:
    """Id and password hash of an enabled user who has a password."""
    row = session.scalar(select(User).where(User.name == name, User.disabled_at.is_(None)))
    return None if row is None or row.password_hash is None else (row.id, row.password_hash)


def change_user(session: Session, user_id: str, **columns: Any) -> None:
    """Write columns of a user's row."""
    session.execute(update(User).where(User.id == user_id).values(columns))


def users(session: Session, cursor: str | None, limit: int) -> Slice[UserView]:
    """A page of the users, oldest first."""
    rows = session.scalars(after(select(User), cursor, limit, User.created_at, User.id)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Slice(
        [_user(session, row) for row in rows[:limit]],
        encode_cursor(last.created_at, last.id) if last else None,
    )


def has_users(session: Session) -> bool:
    """Whether there is any user."""
    return session.scalar(select(User.id).limit(1)) is not None


def give_all(session: Session, user_id: str) -> None:
    """Let collections and answers that belong to nobody belong to a user."""
    for table in (Collection, Answer, BinItem):
        session.execute(update(table).where(table.owner_id.is_(None)).values(owner_id=user_id))


def other_admins(session: Session, user_id: str) -> int:
    """Number of enabled administrators besides a user."""
    found = select(func.count()).select_from(User)
    condition = (User.role == "admin") & User.disabled_at.is_(None) & (User.id != user_id)
    return session.scalar(found.where(condition)) or 0


def first_admin(session: Session) -> UserView | None:
    """The enabled administrator who was there first."""
    row = session.scalar(
        select(User)
        .where(User.role == "admin", User.disabled_at.is_(None))
        .order_by(User.created_at, User.id)
        .limit(1)
    )
    return None if row is None else _user(session, row)


def _user(session: Session, row: User) -> UserView:
    groups = session.scalars(
        select(Group.name)
        .join(Membership, Membership.group_id == Group.id)
        .where(Membership.user_id == row.id)
        .order_by(Group.name)
    ).all()
    return UserView(
        id=row.id,
        name=row.name,
        role=row.role,
        has_password=row.password_hash is not None,
        disabled_at=row.disabled_at,
        created_at=row.created_at,
        groups=tuple(groups),
    )


# ------------------------------------------------------------------ groups
def group_id(session: Session, name: str) -> str | None:
    """Id of the group of this name or id."""
    column = Group.id if name.startswith("grp_") else Group.name
    return session.scalar(select(Group.id).where(column == name))


def join(session: Session, name: str, user_id: str) -> None:
    """Put a user into a group, which is made where there is none of that name."""
    found = group_id(session, name)
    if found is None:
        found = new_id("grp")
        session.add(Group(id=found, name=name))
        session.flush()
    if session.get(Membership, (found, user_id)) is None:
        session.add(Membership(group_id=found, user_id=user_id))
        session.flush()


def leave(session: Session, name: str, user_id: str) -> bool:
    """Take a user out of a group; False where the user was not in it."""
    found = group_id(session, name)
    left = session.scalars(
        delete(Membership)
        .where(Membership.group_id == found, Membership.user_id == user_id)
        .returning(Membership.user_id)
    )
    return bool(left.all())


# ------------------------------------------------------------------ keys
def add_key(session: Session, user_id: str, **columns: Any) -> KeyView:
    """Insert the row of a key, of which only the hash is given.

    Raises:
        IntegrityError: The prefix is taken, or the user is gone.
    """
    row = ApiKey(id=new_id("key"), user_id=user_id, **columns)
    session.add(row)
    session.flush()
    found = key(session, row.id)
    assert found is not None
    return found


def key(session: Session, key_id: str) -> KeyView | None:
    """The key with this id."""
    return _key(session, ApiKey.id == key_id)


def key_by_prefix(session: Session, prefix: str) -> KeyView | None:
    """The key with this prefix."""
    return _key(session, ApiKey.prefix == prefix)


def keys(session: Session, user_id: str | None, cursor: str | None, limit: int) -> Slice[KeyView]:
    """A page of the keys of a user, or of all users, oldest first; sessions of the web pages are left out."""
    statement = select(ApiKey, User).join(User, User.id == ApiKey.user_id).where(ApiKey.kind == "key")
    if user_id is not None:
        statement = statement.where(ApiKey.user_id == user_id)
    rows = session.execute(after(statement, cursor, limit, ApiKey.created_at, ApiKey.id)).all()
    last = rows[limit - 1][0] if len(rows) > limit else None
    return Slice(
        [_key_view(*row) for row in rows[:limit]], encode_cursor(last.created_at, last.id) if last else None
    )


def revoke(session: Session, key_id: str, now: datetime) -> None:
    """Let a key open nothing from now on."""
    session.execute(
        update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None)).values(revoked_at=now)
    )


def revoke_all(session: Session, user_id: str, now: datetime) -> None:
    """Let no key of a user open anything from now on."""
    session.execute(
        update(ApiKey).where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None)).values(revoked_at=now)
    )


def forget_sessions(session: Session, now: datetime) -> None:
    """Delete sessions of the web pages, and sign-ins, that are over."""
    over = ApiKey.revoked_at.is_not(None) | (ApiKey.expires_at < now)
    session.execute(delete(ApiKey).where(ApiKey.kind == "session", over))
    session.execute(delete(SignIn).where(SignIn.expires_at < now))


def _key(session: Session, condition: Any) -> KeyView | None:
    row = session.execute(
        select(ApiKey, User).join(User, User.id == ApiKey.user_id).where(condition)
    ).one_or_none()
    return None if row is None else _key_view(*row)


def _key_view(row: ApiKey, user: User) -> KeyView:
    return KeyView(
        id=row.id,
        user_id=user.id,
        user_name=user.name,
        user_role=user.role,
        user_disabled=user.disabled_at is not None,
        kind=row.kind,
        name=row.name,
        prefix=row.prefix,
        hash=row.hash,
        scopes=row.scopes,
        collection_ids=None if row.collection_ids is None else tuple(row.collection_ids),
        expires_at=row.expires_at,
        rate_per_minute=row.rate_per_minute,
        quota_per_day=row.quota_per_day,
        revoked_at=row.revoked_at,
        created_at=row.created_at,
    )


# ------------------------------------------------------------------ use of keys
def used(session: Session, key_id: str, day: date) -> int:
    """Requests made with a key on a day."""
    return session.scalar(select(KeyUse.requests).where(KeyUse.key_id == key_id, KeyUse.day == day)) or 0


def add_use(session: Session, counts: Mapping[tuple[str, date], int]) -> dict[tuple[str, date], int]:
    """Add requests to the counts of keys and days, and give the totals; keys that are gone are left out."""
    totals: dict[tuple[str, date], int] = {}
    for (key_id, day), number in sorted(counts.items()):
        changed = session.scalars(
            update(KeyUse)
            .where(KeyUse.key_id == key_id, KeyUse.day == day)
            .values(requests=KeyUse.requests + number)
            .returning(KeyUse.requests)
        ).all()
        if not changed and session.get(ApiKey, key_id) is not None:
            session.add(KeyUse(key_id=key_id, day=day, requests=number))
            session.flush()
            changed = [number]
        if changed:
            totals[key_id, day] = changed[0]
    return totals


# ------------------------------------------------------------------ sign-ins under way
def store_sign_in(
    session: Session, hashed: str, kind: str, data: Mapping[str, Any], expires_at: datetime
) -> None:
    """Store the data that the next step of a sign-in needs."""
    session.add(SignIn(id=hashed, kind=kind, data=dict(data), expires_at=expires_at))


def pop_sign_in(session: Session, hashed: str, kind: str) -> Mapping[str, Any] | None:
    """Remove and return the stored data of a sign-in; None where there is none, or it is over."""
    row = session.execute(
        delete(SignIn)
        .where(SignIn.id == hashed, SignIn.kind == kind)
        .returning(SignIn.data, SignIn.expires_at)
    ).one_or_none()
    return None if row is None or row[1] <= utc_now() else row[0]
