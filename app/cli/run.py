"""`fathom run`: everything on one machine, until Ctrl-C."""

import asyncio
import sys
from typing import Annotated

import typer

from app.cli.output import settings_of

CANNOT_START = 5


def run(
    context: typer.Context,
    samples: Annotated[
        bool, typer.Option(help="Upload the sample documents, if that was never done in this home folder.")
    ] = True,
) -> None:
    """Start the API, the worker and the web pages, and stop them together.

    Ports, home folder and device are settings: FATHOM_PORT, FATHOM_UI_PORT, FATHOM_HOME, FATHOM_DEVICE.
    """
    from app.supervisor import SupervisorError, resolve_ports, supervise

    try:
        settings = resolve_ports(settings_of(context))
        status = asyncio.run(supervise(settings, with_samples=samples, say=_say))
    except SupervisorError as error:
        print(f"fathom: {error}", file=sys.stderr)
        raise typer.Exit(CANNOT_START) from error
    raise typer.Exit(status)


def _say(line: str) -> None:
    print(line, flush=True)
