"""`fathom index`: compare the indexes with the database, and re-embed after a change of the encoder."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from app.cli.output import SOME_FAILED, JsonFlag, open_runtime, print_json

index_app = typer.Typer(name="index", help="Check the search indexes.", no_args_is_help=True)


@index_app.callback()
def group() -> None:
    """Indexes are caches of the database: they can be deleted and rebuilt without loss."""


@index_app.command("audit")
def audit(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(help="Name or id.")],
    repair: Annotated[bool, typer.Option("--repair", help="Make the indexes equal to the database.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the chunks that an index lacks, holds too many, or holds with another vector or text.

    Ends with 6 where something differs (after the repair, where one was asked for).
    """
    from app.library import index_audit

    with open_runtime(context) as runtime:
        found = (index_audit.repair if repair else index_audit.audit)(runtime, collection)
    result = asdict(found) | {"clean": found.clean}
    if as_json:
        print_json(result)
    else:
        _show(result)
    if not found.clean:
        raise typer.Exit(SOME_FAILED)


@index_app.command("reembed")
def reembed(
    context: typer.Context,
    collection: Annotated[str | None, typer.Argument(help="Name or id; all without it.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Release the encoder although golden questions don't pass.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Embed documents without vectors of the current encoder, and resume an interrupted run.

    A worker does the same by itself. With FATHOM_MODELS_DIR naming a new encoder it can be done before the change,
    while everything else goes on with the old one. Golden questions of collections are asked on the new vectors then;
    where too few pass, the collection is held back from them, and the command ends with 6.
    """
    from app.answers import golden_runs
    from app.cli.progress import bar
    from app.intake import reembedding

    with open_runtime(context) as runtime:
        with bar(quiet=as_json) as progress:
            task = progress.add_task("embedding", total=None, note="")
            count = reembedding.embed_all(
                runtime,
                collection,
                lambda done, total: progress.update(task, completed=done, total=total),
            )
        model = runtime.encoder_id
        tried = golden_runs.try_encoder(runtime, collection, force=force)
    if as_json:
        golden_ = [asdict(one) for one in tried]
        print_json({"encoder": model, "documents": count, "golden": golden_})
    else:
        print(f"{count} documents were embedded by {model}.")
        for one in tried:
            state = "released" if one.released else "held back: see `fathom golden runs`"
            print(f"{one.collection}: {one.passed} of {one.total} golden questions pass; {state}.")
    if not all(one.released for one in tried):
        raise typer.Exit(SOME_FAILED)


@index_app.command("prune")
def prune(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Delete vectors by other encoders where there are some by the encoder in use: there is no quick way back then.

    Refused while golden questions of a collection hold the encoder in use back.
    """
    from app.answers import golden_runs
    from app.intake import reembedding

    with open_runtime(context) as runtime:
        golden_runs.check_released(runtime.db, runtime.encoder_id)
        count = reembedding.prune(runtime.db, runtime.encoder_id)
    if as_json:
        print_json({"deleted": count})
    else:
        print(f"{count} vectors by other encoders are deleted.")


def _show(result: dict[str, Any]) -> None:
    print(f"{result['live']} chunks are searchable by the database (change {result['seq']}).")
    for name in result["missing"]:
        missing, extra, differing = (len(result[what][name]) for what in ("missing", "extra", "differing"))
        print(f"{name}: {missing} missing, {extra} too many, {differing} differ")
    if result["other_model"]:
        print(
            f"{len(result['other_model'])} have no vector by the encoder in use: see `fathom index reembed`."
        )
    if result["lexical_in_memory"]:
        print("Another process uses the word index on disk; the one compared is this command's own.")
    if not result["clean"]:
        print("Run it with --repair, or just search: an index catches up before every search.")
