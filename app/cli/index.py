"""`fathom index`: compare the indexes with the database."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from app.cli.output import SOME_FAILED, JsonFlag, open_runtime, print_json

index_app = typer.Typer(name="index", help="Check the search indexes.", no_args_is_help=True)


@index_app.callback()
def group() -> None:
    """Indexes are caches of the database: nothing is lost with them, and they can be made anew."""


@index_app.command("audit")
def audit(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(help="Name or id.")],
    repair: Annotated[bool, typer.Option("--repair", help="Make the indexes equal to the database.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Tell which chunks an index lacks, holds too many, or holds with another vector or text.

    Ends with 6 where something differs (after the repair, where one was asked for).
    """
    from app.services import indexing

    with open_runtime(context) as runtime:
        found = (indexing.repair if repair else indexing.audit)(runtime, collection)
    result = asdict(found) | {"clean": found.clean}
    if as_json:
        print_json(result)
    else:
        _show(result)
    if not found.clean:
        raise typer.Exit(SOME_FAILED)


def _show(result: dict[str, Any]) -> None:
    print(f"{result['live']} chunks are searchable by the database (change {result['seq']}).")
    for name in result["missing"]:
        missing, extra, differing = (len(result[what][name]) for what in ("missing", "extra", "differing"))
        print(f"{name}: {missing} missing, {extra} too many, {differing} differ")
    if result["other_model"]:
        print(f"{len(result['other_model'])} are embedded by another encoder and found by words only.")
    if result["lexical_in_memory"]:
        print("Another process uses the word index on disk; the one compared is this command's own.")
    if not result["clean"]:
        print("Run it with --repair, or just search: an index catches up before every search.")
