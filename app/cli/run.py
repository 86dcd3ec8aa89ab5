"""`fathom run`: everything on one machine, until Ctrl-C."""

import asyncio
from typing import Annotated

import typer


def run(
    samples: Annotated[
        bool, typer.Option(help="Upload the sample documents if that was never done in this home folder.")
    ] = True,
) -> None:
    """Start the API, the worker and the web pages, and stop them together.

    Ports, home folder and device are settings: FATHOM_PORT, FATHOM_UI_PORT, FATHOM_HOME, FATHOM_DEVICE.
    """
    from app.config import SettingsError, load_settings
    from app.supervisor import SupervisorError, resolve_ports, supervise

    try:
        settings = resolve_ports(load_settings())
        status = asyncio.run(supervise(settings, with_samples=samples, say=_say))
    except (SettingsError, SupervisorError) as error:
        typer.echo(f"fathom: {error}", err=True)
        raise typer.Exit(2) from error
    raise typer.Exit(status)


def _say(line: str) -> None:
    print(line, flush=True)
