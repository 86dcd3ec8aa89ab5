"""`fathom usage`: use of the service by day, user, key and collection."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.output import JsonFlag, open_runtime, print_json, results, table_of


def usage(
    context: typer.Context,
    by: Annotated[
        list[str] | None,
        typer.Option(help="day, user, key or collection; several times. Otherwise day and key."),
    ] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of UTC.")] = None,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="For spreadsheets: no cell is taken for a formula.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show requests, questions, tokens and uploads by day, user, key and collection.

    Told apart by collection, something about two of them counts in both; otherwise everything counts once. What was
    done on this machine without a key has an empty one.
    """
    from app.library import usage as kept
    from app.library.usage import Wanted

    wanted = Wanted(
        by=tuple(by or ("day", "key")),
        since=None if since is None else since.replace(tzinfo=UTC).date(),
        until=None if until is None else until.replace(tzinfo=UTC).date(),
    )
    with open_runtime(context) as runtime:
        rows = kept.report(runtime.db, wanted)
    if as_json:
        print_json({"items": rows})
    elif as_csv:
        for line in kept.as_csv(rows, wanted.by):
            print(line.rstrip("\r\n"))
    else:
        filled = [name for name in (rows[0] if rows else {}) if rows[0][name] is not None]
        names = [name for name in filled if not name.endswith("_id")]
        results(160).print(table_of("Usage", names, [[row[name] for name in names] for row in rows]))
