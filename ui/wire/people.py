"""Types of the REST interface's replies about users, keys and grants."""

from typing import Literal, NotRequired, TypedDict

UserRole = Literal["admin", "member"]
GrantRole = Literal["reader", "editor", "owner"]


class User(TypedDict):
    """A user; `disabled_at` is null for those who may come in."""

    id: str
    name: str
    role: UserRole
    groups: list[str]
    has_password: bool
    disabled_at: str | None
    created_at: str


class KeyWish(TypedDict):
    """A key to make; null collections are all of its user's, other nulls no limit."""

    name: str
    user: NotRequired[str]
    scopes: list[str]
    collections: list[str] | None
    expires_at: str | None
    rate_per_minute: int | None
    quota_per_day: int | None


class Key(TypedDict):
    """A key without its secret; `prefix` follows `fth_` in it."""

    id: str
    user: str
    name: str
    prefix: str
    scopes: list[str]
    collections: list[str] | None
    expires_at: str | None
    rate_per_minute: int | None
    quota_per_day: int | None
    revoked_at: str | None
    created_at: str


class NewKey(Key):
    """A key that was just made, with its secret."""

    key: str


class Grant(TypedDict):
    """A collection shared with a user or a group."""

    id: str
    collection_id: str
    user: str | None
    group: str | None
    role: GrantRole
    created_at: str
