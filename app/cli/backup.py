"""`fathom backup` and `fathom restore`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import SOME_FAILED, JsonFlag, open_runtime, print_json, settings_of
from app.cli.progress import bar

if TYPE_CHECKING:
    from app.backup.archive import Manifest


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write; it appears when it is whole.")],
    as_json: JsonFlag = False,
) -> None:
    """Write all collections, documents, answers and originals into one file; server and workers may run.

    Vectors are in it, so that nothing is embedded anew after `fathom restore`. Settings and models are not. Documents
    that are deleted later stay in the file: delete old backups too. Ends with 6 where originals were lost before.
    """
    from app.backup.making import make

    with open_runtime(context) as runtime, bar(quiet=as_json) as progress:
        task = progress.add_task("backing up", note="")
        manifest = make(
            runtime.db, runtime.blobs, file, lambda done, of: progress.update(task, completed=done, total=of)
        )
    _tell(manifest, file, "Written", as_json=as_json)


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `fathom backup` made.")],
    as_json: JsonFlag = False,
) -> None:
    """Restore a backup into an empty home and database; SQLite's go into PostgreSQL and back.

    The file is checked whole first. Where it is interrupted, call it again.
    """
    from app.backup.restoring import restore_home

    with bar(quiet=as_json) as progress:
        task = progress.add_task("checking", note="")
        manifest = restore_home(
            settings_of(context), file, lambda done, of: progress.update(task, completed=done, total=of)
        )
    _tell(manifest, file, "Restored", as_json=as_json)


def _tell(manifest: "Manifest", file: Path, done: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"file": str(file)} | {k: v for k, v in asdict(manifest).items() if k != "sha256"})
    else:
        rows = manifest.rows
        print(
            f"{done}: {rows.get('collections', 0):,} collections, {rows.get('documents', 0):,} documents, "
            f"{rows.get('answers', 0):,} answers, {manifest.originals:,} originals ({file})."
        )
        if manifest.missing:
            print(
                f"{len(manifest.missing):,} originals were lost or damaged before the backup: "
                f"{', '.join(manifest.missing[:3])}. Their documents can still be searched."
            )
    if manifest.missing:
        raise typer.Exit(SOME_FAILED)
