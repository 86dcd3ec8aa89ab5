"""`fathom ingest`: files and folders into a collection."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import SOME_FAILED, JsonFlag, console, open_runtime, print_json, table_of

if TYPE_CHECKING:
    from app.composition.runtime import Runtime


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
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and take in what changes, until Ctrl-C. See --mirror.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Read files, cut them into passages, and make them searchable.

    Files that are known already cost nothing. Of a Git repository, what Git ignores is left out. Ends with 6 where a
    document failed; the others are searchable.
    """
    from app.cli.progress import expand, ingest_with_bar
    from app.intake import local_files
    from app.library import collections

    places = expand(paths)
    files = local_files.files_under(places)
    with open_runtime(context) as runtime:
        view = collections.get_or_create(runtime, collection)
        name = {"id": view.row.id, "name": view.row.name}
        result = ingest_with_bar(
            runtime, name["id"], files, quiet=as_json, mirror=mirror, retry_failed=retry_failed
        )
        _show({"collection": name, **result}, as_json=as_json)
        if watch:
            _follow(runtime, name, places, mirror=mirror, as_json=as_json)
    if result["failed"]:
        raise typer.Exit(SOME_FAILED)


def _follow(
    runtime: "Runtime", name: dict[str, str], places: list[Path], *, mirror: bool, as_json: bool
) -> None:
    """Ingest again after every change, until interrupted; an unreadable file is reported and retried later."""
    from app.cli.progress import ingest_with_bar
    from app.cli.watch import News, changes, interrupt_as_news
    from app.errors import FathomError
    from app.intake import local_files

    news = News()
    with interrupt_as_news(news) as interrupted:
        print("Watching; Ctrl-C ends it.", file=sys.stderr)
        for _ in changes(places, news):
            try:
                files = local_files.files_under(places)
                result = ingest_with_bar(
                    runtime, name["id"], files, quiet=as_json, mirror=mirror, interrupted=interrupted
                )
            except FathomError as error:
                print(f"{error.message} {error.hint}", file=sys.stderr)
                continue
            except KeyboardInterrupt:
                break
            if result["ingested"] or result["deleted"] or result["failed"]:
                _show({"collection": name, **result}, as_json=as_json)
        print("Stopped watching.", file=sys.stderr)


def _show(result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    print(
        f"{result['collection']['name']}: {result['ready']} of {result['documents']} documents searchable "
        f"({result['ingested']} new, {result['unchanged']} unchanged, {result['deleted']} deleted), "
        f"{result['chunks']} passages, {result['seconds']:.1f} s "
        f"({result['documents_per_s']:.1f} documents/s, {result['chunks_per_s']:.1f} passages/s), "
        f"peak memory {result['peak_memory_mib']:.0f} MiB"
    )
    print_failed(result["failed"])
    print_warned(result["warned"])


def print_failed(failed: list[dict[str, Any]]) -> None:
    """List the documents that failed, each with its hint."""
    _print_reasons("failed", failed)


def print_warned(warned: list[dict[str, Any]]) -> None:
    """List the searchable documents with warnings, each with its hint."""
    _print_reasons("with a warning", warned)


def _print_reasons(state: str, items: list[dict[str, Any]]) -> None:
    if items:
        rows = [[item["name"], item["code"], item["message"], item["hint"]] for item in items]
        console().print(table_of(f"{len(items)} {state}", ["document", "reason", "what", "what to do"], rows))
