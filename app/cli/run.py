"""`fathom run`: everything on one machine, until Ctrl-C."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import open_runtime, settings_of

if TYPE_CHECKING:
    from app.run_output import LogFile

CANNOT_START = 5
SAMPLES_HOURS = 1.0
"""How long the key lasts that uploads the samples."""


def run(
    context: typer.Context,
    samples: Annotated[
        bool, typer.Option(help="Upload the sample documents, if that was never done in this home folder.")
    ] = True,
    show_log: Annotated[
        bool, typer.Option("--show-log", help="Print what the three processes log, too.")
    ] = False,
) -> None:
    """Start the API, the worker and the web pages, and stop them together.

    Addresses, progress of the samples and errors are printed; all else goes to logs/run.log in the home folder,
    with three older ones of 10 MiB each beside it.
    Ports, home folder and device are settings: FATHOM_PORT, FATHOM_UI_PORT, FATHOM_HOME, FATHOM_DEVICE.
    """
    from app.run_output import Terminal
    from app.supervisor import SupervisorError, resolve_ports, supervise

    terminal = Terminal(sys.stdout)
    try:
        settings = resolve_ports(settings_of(context))
        with closing(_open_log(settings.home / "logs" / "run.log")) as file:

            def say(line: str) -> None:
                terminal.say(line)
                file.write(line)

            def log(line: str) -> None:
                file.write(line)
                if show_log:
                    terminal.say(line)

            say(f"Fathom is starting. Log: {file.path.resolve()}")
            key = _keys(context, terminal.say) if settings.mode == "users" else None
            status = asyncio.run(
                supervise(settings, with_samples=samples, say=say, move=terminal.move, log=log, key=key)
            )
    except SupervisorError as error:
        print(f"fathom: {error}", file=sys.stderr)
        raise typer.Exit(CANNOT_START) from error
    raise typer.Exit(status)


def _keys(context: typer.Context, say: Callable[[str], None]) -> str:
    """Make the owner at the first start and tell the key, to the terminal alone; gives a key for the samples."""
    from app.cli.serve import FIRST_KEY
    from app.identity import people

    with open_runtime(context) as runtime:
        owner = people.first_owner(runtime.db)
        if owner is not None:
            say(FIRST_KEY.format(owner.text))
        return people.open_session(runtime.db, people.first_admin(runtime.db), SAMPLES_HOURS).text


def _open_log(path: Path) -> "LogFile":
    from app.run_output import LogFile
    from app.supervisor import SupervisorError

    try:
        return LogFile(path)
    except OSError as error:
        raise SupervisorError(
            f"the log file {path} can't be written ({error.strerror}): make the folder writable, or choose "
            "another home with FATHOM_HOME"
        ) from error
