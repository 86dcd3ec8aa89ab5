"""`fathom serve` and `fathom worker`: one process of the product each; `fathom run` starts all of them."""

from typing import Annotated

import typer

from app.cli.output import settings_of


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; otherwise FATHOM_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 takes a free one; otherwise FATHOM_PORT.", min=0, max=65535)
    ] = None,
) -> None:
    """Serve the REST interface until Ctrl-C."""
    from app.cli.serve import run_server

    raise typer.Exit(run_server(settings_of(context, host=host, port=port)))


def worker(context: typer.Context) -> None:
    """Take uploaded documents in until Ctrl-C."""
    from app.cli.worker import run_worker

    raise typer.Exit(run_worker(settings_of(context)))
