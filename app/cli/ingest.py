"""`fathom ingest`: files and folders into a collection."""

from typing import Annotated, Any

import typer

from app.cli.output import SOME_FAILED, JsonFlag, console, open_runtime, print_json, table_of


def ingest(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(help="Name or id; made where it is missing.")],
    paths: Annotated[list[str], typer.Argument(help="Files and folders; folders with all they hold.")],
    mirror: Annotated[
        bool, typer.Option("--mirror", help="Delete documents that have no file at PATHS any more.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try documents again that failed before.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Read files, cut them into passages, and make them searchable.

    Files that are known already cost nothing. Ends with 6 where a document failed; the others are searchable.
    """
    from app.cli.progress import expand, take_in
    from app.services import collections, filing

    files = filing.files_under(expand(paths))
    with open_runtime(context) as runtime:
        view = collections.get_or_create(runtime, collection)
        result = take_in(runtime, view.row.id, files, quiet=as_json, mirror=mirror, retry_failed=retry_failed)
    result = {"collection": {"id": view.row.id, "name": view.row.name}, **result}
    if as_json:
        print_json(result)
    else:
        _show(result)
    if result["failed"]:
        raise typer.Exit(SOME_FAILED)


def _show(result: dict[str, Any]) -> None:
    print(
        f"{result['collection']['name']}: {result['ready']} of {result['documents']} documents searchable "
        f"({result['ingested']} new, {result['unchanged']} unchanged, {result['deleted']} deleted), "
        f"{result['chunks']} passages, {result['seconds']:.1f} s "
        f"({result['documents_per_s']:.1f} documents/s, {result['chunks_per_s']:.1f} passages/s), "
        f"peak memory {result['peak_memory_mib']:.0f} MiB"
    )
    print_failed(result["failed"])


def print_failed(failed: list[dict[str, Any]]) -> None:
    """List the documents that failed, with what to do about each."""
    if failed:
        rows = [[item["name"], item["code"], item["message"], item["hint"]] for item in failed]
        console().print(table_of(f"{len(failed)} failed", ["document", "reason", "what", "what to do"], rows))
