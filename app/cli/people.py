"""`fathom users`, `fathom keys`, `fathom grants`: users and their rights, managed on the machine itself."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.collections import print_table
from app.cli.output import JsonFlag, open_runtime, print_json

if TYPE_CHECKING:
    from app.identity.people import GrantView, KeyView, UserView

PAGE = 200
UserArgument = Annotated[str, typer.Argument(help="Name or id of a user.")]
CollectionArgument = Annotated[str, typer.Argument(help="Name or id of a collection.")]
PasswordFlag = Annotated[bool, typer.Option("--password", help="Ask for a password for the web pages.")]

users_app = typer.Typer(name="users", help='List, make and change users (FATHOM_MODE="users").')
keys_app = typer.Typer(name="keys", help="List, make and revoke keys.")
grants_app = typer.Typer(name="grants", help="Share collections with users and groups.", no_args_is_help=True)


# ------------------------------------------------------------------ users
@users_app.callback(invoke_without_command=True)
def users_default(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Without a sub-command: list."""
    if context.invoked_subcommand is None:
        list_users(context, as_json=as_json)


@users_app.command("list")
def list_users(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List all users."""
    from app.identity import people

    listed: list[dict[str, Any]] = []
    cursor: str | None = None
    with open_runtime(context) as runtime:
        while True:
            page = people.users(runtime.db, cursor, PAGE)
            listed += [_user(view) for view in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        print_json({"items": listed})
        return
    rows = [
        [one["name"], one["role"], ", ".join(one["groups"]), one["disabled_at"], one["id"]] for one in listed
    ]
    print_table("Users", ["name", "role", "groups", "disabled since", "id"], rows)


@users_app.command("add")
def add_user(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The name.")],
    admin: Annotated[bool, typer.Option("--admin", help="May manage users, groups and keys.")] = False,
    password: PasswordFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a user; make a key for them next (`fathom keys create`), or give them a password."""
    from app.identity import people

    secret = _ask_password() if password else None
    with open_runtime(context) as runtime:
        view = people.add_user(runtime.db, name, "admin" if admin else "member", secret)
    _tell(_user(view), f"{view.name} ({view.id}) may use this Fathom as {view.role}.", as_json=as_json)


@users_app.command("change")
def change_user(
    context: typer.Context,
    user: UserArgument,
    role: Annotated[str | None, typer.Option(help="admin or member.")] = None,
    password: PasswordFlag = False,
    disable: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Whether the user's keys open nothing.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="Issuer and subject at the sign-in provider, joined by a space.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Change a user: the role, the password, the sign-in, or whether any key of theirs works."""
    from app.identity import people

    secret = _ask_password() if password else None
    with open_runtime(context) as runtime:
        view = people.change_user(
            runtime.db, user, role=role, password=secret, disabled=disable, subject=subject
        )
    state = "disabled" if view.disabled_at else view.role
    _tell(_user(view), f"{view.name} is {state} from now on.", as_json=as_json)


@users_app.command("join")
def join(
    context: typer.Context,
    user: UserArgument,
    group: Annotated[str, typer.Argument(help="Name of a group; made where it is missing.")],
    as_json: JsonFlag = False,
) -> None:
    """Put a user into a group."""
    _set_group(context, user, group, member=True, as_json=as_json)


@users_app.command("leave")
def leave(
    context: typer.Context,
    user: UserArgument,
    group: Annotated[str, typer.Argument(help="Name of a group.")],
    as_json: JsonFlag = False,
) -> None:
    """Take a user out of a group; collections granted to the group alone are out of reach at once."""
    _set_group(context, user, group, member=False, as_json=as_json)


@users_app.command("delete")
def delete_user(
    context: typer.Context,
    user: UserArgument,
    hand_over_to: Annotated[
        str | None, typer.Option(help="Name or id of the user who gets the collections.")
    ] = None,
    erase: Annotated[bool, typer.Option("--erase", help="Erase the collections instead.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Delete a user with keys, answers and files; collections are handed over or erased, the audit trail stays."""
    from dataclasses import asdict

    from app import departure

    if not yes:
        what = "their collections with all documents are" if erase else "their answers and files are"
        typer.confirm(f"Delete the user {user}? {what} erased, and can't be restored.", abort=True, err=True)
    with open_runtime(context) as runtime:
        gone = departure.delete_user(runtime, user, hand_over_to=hand_over_to, erase=erase)
    line = (
        f"{user} is deleted: {len(gone.handed_over)} collections handed over, {len(gone.erased)} erased, "
        f"{gone.answers} answers and {gone.files} files erased."
    )
    _tell(asdict(gone), line, as_json=as_json)


def _set_group(context: typer.Context, user: str, group: str, *, member: bool, as_json: bool) -> None:
    from app.identity import people

    with open_runtime(context) as runtime:
        view = people.set_group(runtime.db, user, group, member=member)
    _tell(_user(view), f"{view.name} is in: {', '.join(view.groups) or 'no group'}.", as_json=as_json)


# ------------------------------------------------------------------ keys
@keys_app.callback(invoke_without_command=True)
def keys_default(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Without a sub-command: list."""
    if context.invoked_subcommand is None:
        list_keys(context, as_json=as_json)


@keys_app.command("list")
def list_keys(
    context: typer.Context,
    user: Annotated[str | None, typer.Option(help="Of this user only.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List keys, without their secrets."""
    from app.identity import people

    listed: list[dict[str, Any]] = []
    cursor: str | None = None
    with open_runtime(context) as runtime:
        owner = None if user is None else people.get_user(runtime.db, user).id
        while True:
            page = people.keys(runtime.db, owner, cursor, PAGE)
            listed += [_key(view) for view in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        print_json({"items": listed})
        return
    columns = ["prefix", "user", "name", "scopes", "expires_at", "revoked_at", "id"]
    shown = [one | {"scopes": ", ".join(one["scopes"])} for one in listed]
    print_table("Keys", columns, [[one[name] for name in columns] for one in shown])


@keys_app.command("create")
def create_key(
    context: typer.Context,
    user: UserArgument,
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="read, ask, write, metrics or admin; several times. Otherwise read, ask and write."
        ),
    ] = None,
    collection: Annotated[
        list[str] | None, typer.Option(help="The only collection that it reaches; several times.")
    ] = None,
    days: Annotated[float | None, typer.Option(min=0, help="Days after which it ends.")] = None,
    rate: Annotated[int | None, typer.Option(min=1, help="Most requests in a minute.")] = None,
    quota: Annotated[int | None, typer.Option(min=1, help="Most requests in a day of UTC.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a key for a user; it is printed this once and kept nowhere."""
    from app.identity import people
    from app.identity.people import KeyWish

    wish = KeyWish(
        name=name,
        scopes=scope or KeyWish().scopes,
        collections=collection or None,
        expires_at=None if days is None else datetime.now(UTC) + timedelta(days=days),
        rate_per_minute=rate,
        quota_per_day=quota,
    )
    with open_runtime(context) as runtime:
        made = people.make_key(runtime.db, user, wish)
    _tell(_key(made.view) | {"key": made.text}, made.text, as_json=as_json)


@keys_app.command("revoke")
def revoke_key(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="Id, or the letters after fth_ that it begins with.")],
    as_json: JsonFlag = False,
) -> None:
    """Revoke a key: within a second it opens nothing more, and streams that it opened end."""
    from app.identity import people

    with open_runtime(context) as runtime:
        view = people.revoke_key(runtime.db, key)
    _tell(_key(view), f"The key {view.prefix} of {view.user_name} opens nothing more.", as_json=as_json)


# ------------------------------------------------------------------ grants
@grants_app.command("list")
def list_grants(context: typer.Context, collection: CollectionArgument, as_json: JsonFlag = False) -> None:
    """List with whom a collection is shared."""
    from app.identity import people

    with open_runtime(context) as runtime:
        listed = [_grant(view) for view in people.grants_of(runtime.db, collection)]
    if as_json:
        print_json({"items": listed})
        return
    columns = ["user", "group", "role", "id"]
    print_table("Grants", columns, [[one[name] for name in columns] for one in listed])


@grants_app.command("add")
def add_grant(
    context: typer.Context,
    collection: CollectionArgument,
    role: Annotated[str, typer.Argument(help="reader, editor or owner.")],
    user: Annotated[str | None, typer.Option(help="Share with this user.")] = None,
    group: Annotated[str | None, typer.Option(help="Share with this group.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Share a collection; who has a grant already gets the new role."""
    from app.identity import people

    with open_runtime(context) as runtime:
        view = people.grant(runtime.db, collection, role, user=user, group=group)
    _tell(_grant(view), f"{view.user or view.group} is {view.role} of {collection}.", as_json=as_json)


@grants_app.command("remove")
def remove_grant(
    context: typer.Context,
    collection: CollectionArgument,
    grant: Annotated[str, typer.Argument(help="Id of the grant; `fathom grants list` shows it.")],
    as_json: JsonFlag = False,
) -> None:
    """Take a grant back: within a second who had it finds nothing of the collection."""
    from app.identity import people

    with open_runtime(context) as runtime:
        people.withdraw_grant(runtime.db, collection, grant)
    _tell({"removed": grant}, f"{grant} is taken back.", as_json=as_json)


def _ask_password() -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _tell(value: dict[str, Any], line: str, *, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        print(line)


def _user(view: "UserView") -> dict[str, Any]:
    return {
        "id": view.id,
        "name": view.name,
        "role": view.role,
        "groups": list(view.groups),
        "has_password": view.has_password,
        "disabled_at": view.disabled_at.isoformat() if view.disabled_at else None,
    }


def _key(view: "KeyView") -> dict[str, Any]:
    return {
        "id": view.id,
        "user": view.user_name,
        "name": view.name,
        "prefix": view.prefix,
        "scopes": list(view.scopes),
        "collections": None if view.collection_ids is None else list(view.collection_ids),
        "expires_at": view.expires_at.isoformat() if view.expires_at else None,
        "rate_per_minute": view.rate_per_minute,
        "quota_per_day": view.quota_per_day,
        "revoked_at": view.revoked_at.isoformat() if view.revoked_at else None,
    }


def _grant(view: "GrantView") -> dict[str, Any]:
    return {"id": view.id, "user": view.user, "group": view.group, "role": view.role}
