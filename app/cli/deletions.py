"""`fathom bin`: deleted documents and collections, their restoration, and erasing before their time is over."""

from typing import Annotated, Any

import typer

from app.cli.collections import print_table
from app.cli.output import JsonFlag, open_runtime, print_json

PAGE = 200

bin_app = typer.Typer(
    name="bin", help="Deleted documents and collections that can be restored.", no_args_is_help=True
)
Item = Annotated[str, typer.Argument(help="Id of the deletion, as `fathom bin list` shows it.")]


@bin_app.callback()
def group() -> None:
    """Deletions lie here for FATHOM_BIN__KEEP_DAYS days; then their text is erased."""


@bin_app.command("list")
def list_all(
    context: typer.Context,
    collection: Annotated[
        str | None, typer.Argument(help="Only deleted documents of this collection; name or id.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List deleted collections, or the deleted documents of one collection, newest first."""
    from app.library import deletions

    found: list[dict[str, Any]] = []
    cursor: str | None = None
    with open_runtime(context) as runtime:
        while True:
            page = deletions.page(runtime.db, collection, cursor, PAGE)
            found += [
                {
                    "id": item.id,
                    "kind": item.kind,
                    "name": item.name,
                    "documents": item.documents,
                    "collection_id": item.collection_id,
                    "deleted_at": item.deleted_at.isoformat(timespec="seconds"),
                    "expires_at": item.expires_at.isoformat(timespec="seconds"),
                }
                for item in page.items
            ]
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        print_json({"items": found})
        return
    columns = ["id", "name", "documents", "deleted_at", "expires_at"]
    print_table("Bin", columns, [[item[name] for name in columns] for item in found])


@bin_app.command("restore")
def restore(
    context: typer.Context,
    item: Item,
    name: Annotated[str | None, typer.Option(help="Another name, where its own is taken by now.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Undo a deletion; nothing is parsed or embedded again."""
    from app.library import deletions

    with open_runtime(context) as runtime:
        restored = deletions.restore(runtime, item, name=name)
    if as_json:
        print_json({"restored": restored.id, "kind": restored.kind, "documents": restored.documents})
    else:
        print(f"The {restored.kind} {name or restored.name} is restored ({restored.documents} documents).")


@bin_app.command("erase")
def erase(
    context: typer.Context,
    item: Item,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Erase a deletion now; `fathom prove-gone` shows that nothing of it is left."""
    from app.library import deletions

    with open_runtime(context) as runtime:
        found = deletions.get(runtime.db, item)
        if not yes:
            typer.confirm(f"Erase {found.name!r} ({found.documents} documents)?", abort=True, err=True)
        deletions.erase(runtime, item)
    if as_json:
        print_json({"erased": item})
    else:
        print(f"{found.name} is erased.")
