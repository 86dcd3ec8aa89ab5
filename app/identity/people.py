"""Use cases of users, groups, keys and grants; each a transaction. Who may call them is decided elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NoReturn

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.changes import record_change
from app.db import collections, grants, identity
from app.db.access import RANKS
from app.db.engine import Database
from app.db.grants import GrantView as GrantView
from app.db.identity import KeyView as KeyView
from app.db.identity import UserView as UserView
from app.db.paging import Slice
from app.db.types import utc_now
from app.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
)
from app.identity import secrets
from app.identity.principal import SCOPES

OWNER_NAME: Final = "owner"
MIN_PASSWORD_CHARS: Final = 12
MAX_PASSWORD_CHARS: Final = 1024


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made; `text` is shown once and kept nowhere."""

    view: KeyView
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWish:
    """Bounds of a new key; see the table of keys."""

    name: str = ""
    scopes: Sequence[str] = ("read", "ask", "write")
    collections: Sequence[str] | None = None
    expires_at: datetime | None = None
    rate_per_minute: int | None = None
    quota_per_day: int | None = None


# ------------------------------------------------------------------ users
def first_owner(database: Database) -> NewKey | None:
    """Make the first user, an administrator to whom all belongs that there is; None where there are users already."""
    with database.write() as session:
        if identity.has_users(session):
            return None
        user = identity.add_user(session, OWNER_NAME, "admin")
        identity.give_all(session, user.id)
        record_change(session, "user.created", user.id, role="admin")
        return _make_key(session, user.id, KeyWish(name="first start", scopes=SCOPES), "key")


def first_admin(database: Database) -> str:
    """Id of the administrator who was there first.

    Raises:
        NotFoundError: There is none.
    """
    with database.read() as session:
        found = identity.first_admin(session)
    if found is None:
        raise NotFoundError(
            "user_not_found", "There is no administrator.", "Make one (`fathom users add NAME --admin`)."
        )
    return found.id


def add_user(database: Database, name: str, role: str = "member", password: str | None = None) -> UserView:
    """Make a user.

    Raises:
        ConflictError: The name is taken.
        InvalidInputError: Name, role or password can't be used.
    """
    check_name(name)
    if role not in identity.ROLES:
        _refuse("bad_role", f"There is no role {role!r}.", f"Use one of: {', '.join(identity.ROLES)}.")
    password_hash = None if password is None else _hashed_password(password)
    try:
        with database.write() as session:
            made = identity.add_user(session, name, role, password_hash=password_hash)
            record_change(session, "user.created", made.id, role=role)
            return made
    except IntegrityError as error:
        raise ConflictError(
            "user_exists", f"There is a user {name!r} already.", "Choose another name."
        ) from error


def change_user(
    database: Database,
    key: str,
    *,
    role: str | None = None,
    password: str | None = None,
    disabled: bool | None = None,
    subject: str | None = None,
) -> UserView:
    """Change a user; a disabled user's keys open nothing from now on.

    Args:
        database: Holds the users.
        key: Id or name.
        role: `admin` or `member`.
        password: For the web pages.
        disabled: Whether no key of the user works.
        subject: Issuer and subject at the sign-in provider, joined by a space; "" for nobody's.

    Raises:
        NotFoundError: There is no such user.
        ConflictError: Nobody would be administrator any more.
        InvalidInputError: Role or password can't be used.
    """
    columns: dict[str, object] = {}
    if role is not None:
        if role not in identity.ROLES:
            _refuse("bad_role", f"There is no role {role!r}.", f"Use one of: {', '.join(identity.ROLES)}.")
        columns["role"] = role
    if password is not None:
        columns["password_hash"] = _hashed_password(password)
    if disabled is not None:
        columns["disabled_at"] = utc_now() if disabled else None
    if subject is not None:
        columns["subject"] = subject or None
    with database.write() as session:
        user = _user(session, key)
        loses = role == "member" or disabled is True
        if loses and user.role == "admin" and not identity.other_admins(session, user.id):
            raise ConflictError(
                "last_admin",
                f"{user.name} is the only administrator.",
                "Make another user administrator first.",
            )
        if columns:
            identity.change_user(session, user.id, **columns)
        changed = _user(session, user.id)
        record_change(session, "user.changed", user.id, role=role, disabled=disabled, fields=sorted(columns))
        return changed


def get_user(database: Database, key: str) -> UserView:
    """The user with this id or name.

    Raises:
        NotFoundError: There is none.
    """
    with database.read() as session:
        return _user(session, key)


def users(database: Database, cursor: str | None, limit: int) -> Slice[UserView]:
    """A page of the users, oldest first."""
    with database.read() as session:
        return identity.users(session, cursor, limit)


def set_group(database: Database, key: str, group: str, *, member: bool) -> UserView:
    """Put a user into a group, which is made where it is missing, or take the user out.

    Raises:
        NotFoundError: There is no such user.
        InvalidInputError: The name of the group can't be used.
    """
    check_name(group)
    with database.write() as session:
        user = _user(session, key)
        if member:
            identity.join(session, group, user.id)
        else:
            identity.leave(session, group, user.id)
        changed = _user(session, user.id)
        record_change(session, "group.joined" if member else "group.left", user.id, group=group)
        return changed


# ------------------------------------------------------------------ keys
def make_key(database: Database, user: str, wish: KeyWish) -> NewKey:
    """Make a key for a user.

    Args:
        database: As the one who makes it sees it: collections out of sight can't be named.
        user: Id or name.
        wish: What the key may do.

    Raises:
        NotFoundError: There is no such user or collection.
        InvalidInputError: A scope or a number can't be used.
    """
    unknown = sorted(set(wish.scopes) - set(SCOPES))
    if unknown or not wish.scopes:
        _refuse(
            "bad_scope",
            f"There is no scope {unknown[0]!r}." if unknown else "A key without a scope opens nothing.",
            f"Use some of: {', '.join(SCOPES)}.",
        )
    if wish.expires_at is not None and wish.expires_at <= utc_now():
        _refuse("bad_expiry", "The key would have expired already.", "Name a moment that is to come.")
    with database.write() as session:
        return _make_key(session, _user(session, user).id, wish, "key")


def _make_key(session: Session, user_id: str, wish: KeyWish, kind: str) -> NewKey:
    made = secrets.new_key()
    reached: list[str] | None = None
    if wish.collections is not None:
        reached = [_collection_id(session, key) for key in wish.collections]
    view = identity.add_key(
        session,
        user_id,
        kind=kind,
        name=wish.name,
        prefix=made.prefix,
        hash=made.hash,
        scopes=[scope for scope in SCOPES if scope in wish.scopes],
        collection_ids=reached,
        expires_at=wish.expires_at,
        rate_per_minute=wish.rate_per_minute,
        quota_per_day=wish.quota_per_day,
    )
    record_change(session, f"{kind}.created", view.id, user=user_id, scopes=view.scopes, collections=reached)
    return NewKey(view, made.text)


def keys(database: Database, user_id: str | None, cursor: str | None, limit: int) -> Slice[KeyView]:
    """A page of the keys of a user, or of all."""
    with database.read() as session:
        return identity.keys(session, user_id, cursor, limit)


def revoke_key(database: Database, key_id: str) -> KeyView:
    """Let a key open nothing from now on; a revoked key stays revoked.

    Args:
        database: Holds the keys.
        key_id: Id of the key, or the letters after `fth_` that it begins with.

    Raises:
        NotFoundError: There is no such key.
    """
    with database.write() as session:
        found = identity.key(session, key_id) or identity.key_by_prefix(session, key_id)
        if found is None:
            raise NotFoundError(
                "key_not_found", f"There is no key {key_id!r}.", "List the keys (`fathom keys`)."
            )
        identity.revoke(session, found.id, utc_now())
        revoked = identity.key(session, found.id)
        record_change(session, "key.revoked", found.id, user=found.user_id)
    assert revoked is not None
    return revoked


# ------------------------------------------------------------------ signing in
def open_session(database: Database, user_id: str, hours: float) -> NewKey:
    """A key for the web pages, good for all that its user may do, that lasts a few hours."""
    now = utc_now()
    with database.write() as session:
        identity.forget_sessions(session, now)
        wish = KeyWish(scopes=SCOPES, expires_at=now + timedelta(hours=hours))
        return _make_key(session, user_id, wish, "session")


# ------------------------------------------------------------------ grants
def grant(
    database: Database, collection: str, role: str, *, user: str | None = None, group: str | None = None
) -> GrantView:
    """Share a collection with a user or a group.

    Raises:
        NotFoundError: There is no such collection, user or group.
        InvalidInputError: There is no such role, or not exactly one of user and group is named.
    """
    if role not in RANKS:
        _refuse("bad_role", f"There is no role {role!r}.", f"Use one of: {', '.join(RANKS)}.")
    if (user is None) == (group is None):
        _refuse("bad_grantee", "A grant is for a user or for a group.", "Name exactly one of them.")
    with database.write() as session:
        collection_id = _collection_id(session, collection)
        user_id = None if user is None else _user(session, user).id
        group_id = None if group is None else identity.group_id(session, group)
        if user_id is None and group_id is None:
            raise NotFoundError(
                "group_not_found", f"There is no group {group!r}.", "Put a user into it first: that makes it."
            )
        made = grants.put(session, collection_id, role, user_id=user_id, group_id=group_id)
        record_change(session, "grant.changed", collection_id, role=role, user=user_id, group=group)
        return made


def grants_of(database: Database, collection: str) -> list[GrantView]:
    """Grants of a collection.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    with database.read() as session:
        return grants.of(session, _collection_id(session, collection))


def withdraw_grant(database: Database, collection: str, grant_id: str) -> None:
    """Take a grant back: from the return on, who had it finds nothing of the collection.

    Raises:
        NotFoundError: There is no such collection, or it has no such grant.
    """
    with database.write() as session:
        collection_id = _collection_id(session, collection)
        if not grants.remove(session, collection_id, grant_id):
            raise NotFoundError(
                "grant_not_found", f"There is no grant {grant_id!r}.", "List the grants of the collection."
            )
        record_change(session, "grant.withdrawn", collection_id, grant=grant_id)


def _collection_id(session: Session, key: str) -> str:
    found = collections.require(session, key)
    return found.id


def _user(session: Session, key: str) -> UserView:
    found = identity.find_user(session, key)
    if found is None:
        raise NotFoundError(
            "user_not_found", f"There is no user {key!r}.", "List the users (`fathom users`)."
        )
    return found


def check_name(name: str) -> None:
    """Make sure that a user or a group can have a name.

    Raises:
        InvalidInputError: It can't.
    """
    bad = name.startswith(("usr_", "grp_")) or not name.isprintable() or name != name.strip()
    if bad or not 1 <= len(name) <= 255:
        _refuse(
            "bad_name",
            f"Nobody can be named {name[:80]!r}.",
            "Use 1 to 255 printable characters, not beginning with 'usr_' or 'grp_'.",
        )


def _hashed_password(password: str) -> str:
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        _refuse(
            "bad_password",
            f"A password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS:,} characters.",
            "Use a few words that don't belong together.",
        )
    return secrets.hashed(password)


def _refuse(code: str, message: str, hint: str) -> NoReturn:
    raise InvalidInputError(code, message, hint)
