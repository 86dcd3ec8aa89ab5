"""Users, keys and grants on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

UserRole = Literal["admin", "member"]
GrantRole = Literal["reader", "editor", "owner"]
Scope = Literal["read", "ask", "write", "metrics", "admin"]
UserName = Annotated[str, Field(min_length=1, max_length=255)]
Password = Annotated[str, Field(min_length=12, max_length=1024)]

USER_EXAMPLE: dict[str, Any] = {
    "id": "usr_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "name": "ann",
    "role": "member",
    "groups": ["readers"],
    "has_password": False,
    "disabled_at": None,
    "created_at": "2025-01-01T12:00:00Z",
}
KEY_EXAMPLE: dict[str, Any] = {
    "id": "key_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "user": "ann",
    "name": "help desk bot",
    "prefix": "k7tq2hn3",
    "scopes": ["read", "ask"],
    "collections": ["col_4k7tq2hn3vcv5w6d7g2m5a3x2e"],
    "expires_at": "2026-01-01T12:00:00Z",
    "rate_per_minute": 60,
    "quota_per_day": None,
    "revoked_at": None,
    "created_at": "2025-01-01T12:00:00Z",
}
GRANT_EXAMPLE: dict[str, Any] = {
    "id": "grt_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "collection_id": "col_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "user": "ann",
    "group": None,
    "role": "reader",
    "created_at": "2025-01-01T12:00:00Z",
}


class UserCreate(BaseModel):
    """A new user."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "cleo", "role": "member"}}
    )

    name: UserName
    role: UserRole = "member"
    password: Password | None = Field(
        default=None, description="For the web pages; without one, only keys or the sign-in provider let in."
    )


class UserDeletedOut(BaseModel):
    """Result of the deletion of a user."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "user_id": "usr_4k7tq2hn3vcv5w6d7g2m5a3x2e",
                "handed_over": ["col_4k7tq2hn3vcv5w6d7g2m5a3x2e"],
                "erased": [],
                "answers": 12,
                "files": 0,
            }
        }
    )

    user_id: str
    handed_over: list[str] = Field(description="Collections that belong to the other user now.")
    erased: list[str] = Field(description="Collections that are erased.")
    answers: int = Field(description="Answers to the user's questions that are erased.")
    files: int = Field(description="Uploaded files that are erased.")


class UserUpdate(BaseModel):
    """Changes to a user; absent fields stay."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"disabled": True}})

    role: UserRole | None = None
    password: Password | None = None
    disabled: bool | None = Field(default=None, description="A disabled user's keys open nothing.")
    subject: str | None = Field(
        default=None,
        max_length=600,
        description='Issuer and subject at the sign-in provider, joined by a space; "" for nobody\'s.',
    )


class UserOut(BaseModel):
    """A user."""

    model_config = ConfigDict(json_schema_extra={"example": USER_EXAMPLE})

    id: str
    name: str
    role: UserRole = Field(description="An admin manages users and owns collections that nobody else does.")
    groups: list[str]
    has_password: bool
    disabled_at: datetime | None
    created_at: datetime


class KeyCreate(BaseModel):
    """A new key."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "help desk bot", "scopes": ["read", "ask"]}},
    )

    name: str = Field(default="", max_length=255, description="What it is for.")
    user: UserName | None = Field(
        default=None, description="Id or name; null for whoever asks. Another user's needs the scope admin."
    )
    scopes: list[Scope] = Field(
        default=["read", "ask", "write"],
        min_length=1,
        max_length=4,
        description="read: search and read; ask: ask questions; write: change; admin: users and their keys.",
    )
    collections: list[Annotated[str, Field(min_length=1, max_length=300)]] | None = Field(
        default=None,
        max_length=1000,
        description="Ids or names of the only collections that it reaches; null for all of its user's.",
    )
    expires_at: datetime | None = Field(default=None, description="When it ends; null for never.")
    rate_per_minute: int | None = Field(default=None, ge=1, le=1_000_000)
    quota_per_day: int | None = Field(default=None, ge=1, le=1_000_000_000)


class KeyOut(BaseModel):
    """A key, without its secret."""

    model_config = ConfigDict(json_schema_extra={"example": KEY_EXAMPLE})

    id: str
    user: str
    name: str
    prefix: str = Field(description="The letters after `fth_` that it begins with.")
    scopes: list[Scope]
    collections: list[str] | None
    expires_at: datetime | None
    rate_per_minute: int | None
    quota_per_day: int | None
    revoked_at: datetime | None
    created_at: datetime


class NewKeyOut(KeyOut):
    """A key that was just made."""

    model_config = ConfigDict(
        json_schema_extra={"example": KEY_EXAMPLE | {"key": "fth_k7tq2hn3_fq6mhy2a7d3c5n4x2vtkzw6jrbe4ogsl"}}
    )

    key: str = Field(description="The key itself; it is shown this once and kept nowhere.")


class GrantCreate(BaseModel):
    """A collection to share, with a user or with a group."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"user": "ann", "role": "reader"}}
    )

    user: UserName | None = Field(default=None, description="Id or name.")
    group: UserName | None = Field(default=None, description="Id or name.")
    role: GrantRole = Field(
        description="A reader searches and asks, an editor changes documents too, an owner shares and deletes too."
    )


class GrantOut(BaseModel):
    """A collection shared with a user or a group."""

    model_config = ConfigDict(json_schema_extra={"example": GRANT_EXAMPLE})

    id: str
    collection_id: str
    user: str | None
    group: str | None
    role: GrantRole
    created_at: datetime


class GrantsOut(BaseModel):
    """All grants of a collection, oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [GRANT_EXAMPLE]}})

    items: list[GrantOut]


class MeOut(BaseModel):
    """Who makes the request, as Fathom sees it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "mode": "users",
                "id": "usr_4k7tq2hn3vcv5w6d7g2m5a3x2e",
                "name": "ann",
                "admin": False,
                "scopes": ["read", "ask"],
                "collections": None,
                "expires_at": None,
            }
        }
    )

    mode: Literal["single", "users"] = Field(description="Whom this Fathom serves; see the setting `mode`.")
    id: str | None = Field(description="The user; null where Fathom serves one person without log-in.")
    name: str
    admin: bool
    scopes: list[Scope]
    collections: list[str] | None
    expires_at: datetime | None


class SignInWays(BaseModel):
    """How people sign in here."""

    model_config = ConfigDict(json_schema_extra={"example": {"mode": "users", "provider": "OpenID Connect"}})

    mode: Literal["single", "users"] = Field(description="In single mode nobody signs in.")
    provider: str | None = Field(description="Name of the sign-in provider; null where there is none.")


class SignIn(BaseModel):
    """Name and password."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "ann", "password": "four words of your own"}}
    )

    name: UserName
    password: str = Field(min_length=1, max_length=1024)


class ProviderSignIn(BaseModel):
    """A sign-in by the provider that was begun."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"url": "https://sign-in.example/authorize?client_id=fathom", "state": "b3Yk7wQ2"}
        }
    )

    url: str = Field(description="Where to send the browser.")
    state: str = Field(description="What it must come back with; keep it with the browser, and compare.")


class ProviderReturn(BaseModel):
    """The state and the code that the browser came back with."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"state": "b3Yk7wQ2", "code": "c0de"}}
    )

    state: str = Field(min_length=1, max_length=500)
    code: str = Field(min_length=1, max_length=4000)


class SessionOut(BaseModel):
    """A session: a key for all that its user may do, which lasts a few hours."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "key": "fth_k7tq2hn3_fq6mhy2a7d3c5n4x2vtkzw6jrbe4ogsl",
                "expires_at": "2025-01-02T00:00:00Z",
            }
        }
    )

    key: str
    expires_at: datetime
