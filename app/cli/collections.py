"""`fathom collections`: list, make, show and delete collections."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import JsonFlag, open_runtime, print_json, results, table_of

if TYPE_CHECKING:
    from app.composition.runtime import Runtime
    from app.library.collections import CollectionView

PAGE = 200

collections_app = typer.Typer(name="collections", help="List, make, show and delete collections.")


@collections_app.callback(invoke_without_command=True)
def default(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Without a sub-command: list."""
    if context.invoked_subcommand is None:
        list_all(context, as_json=as_json)


@collections_app.command("list")
def list_all(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List all collections."""
    with open_runtime(context) as runtime:
        views = [_described(view) for view in _all(runtime)]
    if as_json:
        print_json({"items": views})
        return
    columns = ["name", "documents", "chunks", "failed", "id", "description"]
    print_table("Collections", columns, [[view[name] for name in columns] for view in views])


@collections_app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Its name.")],
    description: Annotated[str, typer.Option(help="What it holds.")] = "",
    refusal_text: Annotated[str | None, typer.Option(help="Said when the documents don't answer.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make an empty collection."""
    from app.library import collections

    settings = {"refusal_text": refusal_text} if refusal_text else {}
    with open_runtime(context) as runtime:
        view = _described(
            collections.create(runtime.db, name=name.strip(), description=description, settings=settings)
        )
    if as_json:
        print_json(view)
    else:
        print(f"{view['name']} ({view['id']}) is made.")


@collections_app.command("show")
def show(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(help="Name or id.")],
    as_json: JsonFlag = False,
) -> None:
    """Show a collection and its documents; failed and incomplete ones with reason and hint."""
    from app.cli.ingest import print_failed, print_warned
    from app.intake.coverage import warnings_of
    from app.library import collections, documents

    with open_runtime(context) as runtime:
        view = collections.get(runtime, collection)
        found = documents.top_level(runtime.db, view.row.id)
        min_coverage = runtime.settings.limits.min_coverage
    listed: list[dict[str, Any]] = [
        {
            "id": item.document.id,
            "name": item.document.name,
            "title": item.newest.title,
            "status": item.newest.status,
            "chunks": item.chunks,
            "size_bytes": item.size_bytes,
            "error": item.newest.error,
            "coverage": item.newest_content.coverage if item.newest_content else None,
            "warnings": warnings_of(item, min_coverage),
        }
        for item in found
    ]
    if as_json:
        print_json(_described(view) | {"items": listed})
        return
    columns = ["name", "status", "chunks", "size_bytes", "id"]
    shown = [item | {"status": f"{item['status']}{' (!)' if item['warnings'] else ''}"} for item in listed]
    print_table(view.row.name, columns, [[item[name] for name in columns] for item in shown])
    print_failed([{"name": item["name"], **item["error"]} for item in listed if item["error"]])
    print_warned([{"name": item["name"], **said} for item in listed for said in item["warnings"]])


@collections_app.command("delete")
def delete(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(help="Name or id.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase its text at once, instead of keeping it in the bin.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Delete a collection with its documents; `fathom bin restore` undoes it for some days."""
    from app.library import collections, deletions

    with open_runtime(context) as runtime:
        view = collections.get(runtime, collection)
        if not yes:
            count = view.stats.documents
            typer.confirm(f"Delete {view.row.name!r} with {count} documents?", abort=True, err=True)
        item = None
        if erase:
            collections.delete(runtime, view.row.id)
        else:
            item = deletions.discard_collection(runtime, view.row.id)
    if as_json:
        print_json({"deleted": view.row.id, "bin_item": item})
    else:
        print(f"{view.row.name} is {'erased' if item is None else f'in the bin: {item}'}.")


def print_table(title: str, columns: list[str], rows: list[list[Any]]) -> None:
    """Print a table on standard output, cut to no width where that is no terminal."""
    results(200).print(table_of(title, columns, rows))


def _all(runtime: "Runtime") -> "list[CollectionView]":
    from app.library import collections

    views: list[CollectionView] = []
    cursor: str | None = None
    while True:
        page = collections.page(runtime, cursor, PAGE)
        views += page.items
        cursor = page.next_cursor
        if cursor is None:
            return views


def _described(view: "CollectionView") -> dict[str, Any]:
    return {
        "id": view.row.id,
        "name": view.row.name,
        "description": view.row.description,
        "language": view.row.language,
        "settings": view.row.settings,
        "documents": view.stats.documents,
        "chunks": view.stats.chunks,
        "failed": view.stats.failed,
        "reembedding": view.waiting.documents,
        "created_at": view.row.created_at.isoformat(),
    }
