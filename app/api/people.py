"""Routes of users, their groups and their keys."""

from typing import Annotated, cast

from fastapi import APIRouter, Path, Query, Request, Response

from app import departure
from app.api.access import ANY_SCOPE, any_key, principal_of_request
from app.api.deps import Cursor, Limit, RuntimeDep, actor_of
from app.api.json_body import JsonRoute
from app.api.problems import PROBLEM_RESPONSES
from app.composition.runtime import Runtime
from app.identity import people
from app.identity.people import KeyView, KeyWish, UserView
from app.identity.rights import key_owner, require_key
from app.schemas.identity import (
    KeyCreate,
    KeyOut,
    MeOut,
    NewKeyOut,
    UserCreate,
    UserDeletedOut,
    UserOut,
    UserUpdate,
)
from app.schemas.paging import Page

# Not idempotent by key: a kept reply would hold the secret of a key.
router = APIRouter(tags=["identity"], route_class=JsonRoute, responses=PROBLEM_RESPONSES)

UserKey = Annotated[str, Path(max_length=300, description="Id or name of a user.", examples=["ann"])]
GroupKey = Annotated[str, Path(max_length=300, description="Name of a group.", examples=["readers"])]
KeyId = Annotated[
    str, Path(max_length=64, description="Id of a key.", examples=["key_4k7tq2hn3vcv5w6d7g2m5a3x2e"])
]


@router.get("/me")
@any_key(ANY_SCOPE)
def get_me(request: Request, runtime: RuntimeDep) -> MeOut:
    """The caller of the request, with the scopes and collections of the key."""
    principal = principal_of_request(request)
    return MeOut.model_validate(
        {
            "mode": runtime.settings.mode,
            "id": principal.user_id,
            "name": principal.name,
            "admin": principal.is_admin or principal.user_id is None,
            "scopes": sorted(principal.scopes),
            "collections": principal.collection_ids,
            "expires_at": principal.expires_at,
        }
    )


@router.get("/users")
@any_key("admin")
def list_users(runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50) -> Page[UserOut]:
    """Users, oldest first."""
    found = people.users(runtime.db, cursor, limit)
    return Page(
        items=[_user_out(view) for view in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.post("/users", status_code=201)
@any_key("admin")
def create_user(body: UserCreate, runtime: RuntimeDep) -> UserOut:
    """Make a user, who owns nothing yet and can do nothing before there is a key, a password or a sign-in."""
    return _user_out(people.add_user(runtime.db, body.name, body.role, body.password))


@router.get("/users/{user}")
@any_key("admin")
def get_user(user: UserKey, runtime: RuntimeDep) -> UserOut:
    """A user."""
    return _user_out(people.get_user(runtime.db, user))


@router.patch("/users/{user}")
@any_key("admin")
def change_user(user: UserKey, body: UserUpdate, runtime: RuntimeDep) -> UserOut:
    """Change a user; fields that the body does not name stay."""
    changed = people.change_user(
        runtime.db,
        user,
        role=body.role,
        password=body.password,
        disabled=body.disabled,
        subject=body.subject,
    )
    return _user_out(changed)


@router.delete("/users/{user}")
@any_key("admin")
def delete_user(
    user: UserKey,
    request: Request,
    hand_over_to: Annotated[
        str | None, Query(max_length=300, description="Id or name of the user who gets the collections.")
    ] = None,
    erase: Annotated[bool, Query(description="Erase the collections instead of handing them over.")] = False,
) -> UserDeletedOut:
    """Delete a user with keys, answers and files; collections are handed over or erased, the audit trail stays.

    One of both ways has to be named where the user has collections.
    """
    runtime = cast("Runtime", request.app.state.runtime)  # collections of others are closed to administrators
    gone = departure.delete_user(
        runtime, user, hand_over_to=hand_over_to, erase=erase, actor=actor_of(request)
    )
    return UserDeletedOut.model_validate(gone, from_attributes=True)


@router.put("/users/{user}/groups/{group}")
@any_key("admin")
def join_group(user: UserKey, group: GroupKey, runtime: RuntimeDep) -> UserOut:
    """Put a user into a group, which is made where it is missing."""
    return _user_out(people.set_group(runtime.db, user, group, member=True))


@router.delete("/users/{user}/groups/{group}")
@any_key("admin")
def leave_group(user: UserKey, group: GroupKey, runtime: RuntimeDep) -> UserOut:
    """Take a user out of a group: collections granted to the group alone are out of reach at once."""
    return _user_out(people.set_group(runtime.db, user, group, member=False))


@router.get("/keys")
@any_key(ANY_SCOPE)
def list_keys(
    request: Request,
    runtime: RuntimeDep,
    user: Annotated[
        str | None, Query(max_length=300, description="Id or name; absent for your own. Needs `admin`.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[KeyOut]:
    """Keys of a user without their secrets, oldest first."""
    owner = key_owner(runtime.db, principal_of_request(request), user)
    found = people.keys(runtime.db, owner, cursor, limit)
    return Page(
        items=[KeyOut.model_validate(_key_fields(view)) for view in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.post("/keys", status_code=201)
@any_key(ANY_SCOPE)
def create_key(body: KeyCreate, request: Request, runtime: RuntimeDep) -> NewKeyOut:
    """Make a key; the reply shows it this once.

    Whoever is signed in to the web pages makes keys for themselves. A key makes keys only with the scope `admin`.
    """
    principal = principal_of_request(request)
    owner = key_owner(runtime.db, principal, body.user, makes=True)
    wish = KeyWish(
        name=body.name,
        scopes=body.scopes,
        collections=body.collections,
        expires_at=body.expires_at,
        rate_per_minute=body.rate_per_minute,
        quota_per_day=body.quota_per_day,
    )
    made = people.make_key(runtime.db, owner, wish)
    return NewKeyOut.model_validate(_key_fields(made.view) | {"key": made.text})


@router.delete("/keys/{key_id}", status_code=204)
@any_key(ANY_SCOPE)
def revoke_key(key_id: KeyId, request: Request, runtime: RuntimeDep) -> Response:
    """Revoke a key: within a second it opens nothing more, and streams that it opened end."""
    require_key(runtime.db, principal_of_request(request), key_id)
    people.revoke_key(runtime.db, key_id)
    return Response(status_code=204)


def _user_out(view: UserView) -> UserOut:
    return UserOut.model_validate(view, from_attributes=True)


def _key_fields(view: KeyView) -> dict[str, object]:
    return {
        "id": view.id,
        "user": view.user_name,
        "name": view.name,
        "prefix": view.prefix,
        "scopes": view.scopes,
        "collections": view.collection_ids,
        "expires_at": view.expires_at,
        "rate_per_minute": view.rate_per_minute,
        "quota_per_day": view.quota_per_day,
        "revoked_at": view.revoked_at,
        "created_at": view.created_at,
    }
