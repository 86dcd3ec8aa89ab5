"""`fathom audit`: the trail of questions, answers and changes, and whether it is as it was written."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import SOME_FAILED, JsonFlag, open_runtime, print_json

audit_app = typer.Typer(
    name="audit", help="The audit trail, and whether it is as it was written.", no_args_is_help=True
)


@audit_app.callback()
def group() -> None:
    """Every record is bound to the one before by its hash; see docs/security.md."""


@audit_app.command("verify")
def verify(
    context: typer.Context,
    heads: Annotated[
        list[Path] | None,
        typer.Option(
            "--head",
            help="A file that `fathom audit head` wrote. May be repeated.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Read the whole trail and name the rows that were changed, removed, added or moved; ends with 6 where any was.

    Whoever can write to the database can hash all of it anew: only a head that was kept elsewhere tells that.
    """
    from app.audit import trail
    from app.audit.chain import heads_in

    kept = [head for file in heads or () for head in heads_in(file.read_text(encoding="utf-8"))]
    with open_runtime(context) as runtime:
        verdict = trail.verify(runtime.db, kept)
    if as_json:
        print_json({"whole": not verdict.found} | asdict(verdict))
    else:
        for one in verdict.found:
            rows = f"row {one.seq}" if one.seq == one.last else f"rows {one.seq} to {one.last}"
            print(f"{rows}: {one.kind}; {one.detail}")
        count = verdict.last - verdict.first + 1
        state = "is as it was written" if not verdict.found else "was tampered with"
        print(f"The trail of {count:,} records (to number {verdict.last}) {state}.")
        if not kept:
            print(
                "No head was given: a trail that was hashed anew to its end can't be told from the true one."
            )
    if verdict.found:
        raise typer.Exit(SOME_FAILED)


@audit_app.command("head")
def head(context: typer.Context) -> None:
    """Print number and hash of the newest record as a line of JSON; keep it where the database's owner can't write."""
    from app.audit import trail

    with open_runtime(context) as runtime:
        found = trail.head(runtime.db)
    print(json.dumps(asdict(found) | {"at": datetime.now(UTC).isoformat(timespec="seconds")}))


@audit_app.command("export")
def export(
    context: typer.Context,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="For spreadsheets: no cell is taken for a formula.")
    ] = False,
) -> None:
    """Write the whole trail on standard output, one JSON object a line, oldest first."""
    from app.audit import trail

    with open_runtime(context) as runtime:
        for line in trail.export_csv(runtime.db) if as_csv else trail.export(runtime.db):
            print(line.rstrip("\r\n"))


@audit_app.command("prune")
def prune(
    context: typer.Context,
    older_than: Annotated[
        float, typer.Option(metavar="DAYS", min=0, help="Records older than so many days.")
    ],
    texts: Annotated[
        bool, typer.Option("--texts", help="Only their texts; hashes and everything else stay.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Delete old records, or their texts; the trail stays whole, and says that it was shortened."""
    from app.audit import trail
    from app.audit.recording import LOCAL

    before = datetime.now(UTC) - timedelta(days=older_than)
    if not yes:
        what = "the texts of the records" if texts else "the records"
        typer.confirm(f"Delete {what} that are older than {older_than:g} days?", abort=True, err=True)
    with open_runtime(context) as runtime:
        if texts:
            print(f"The texts of {trail.erase_texts_before(runtime.db, before)} records are deleted.")
        else:
            print(f"{trail.prune(runtime.db, before, LOCAL)} records are deleted.")
