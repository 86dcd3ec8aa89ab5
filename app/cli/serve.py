"""`fathom serve`: the REST interface, until it is interrupted."""

from typing import Annotated

import typer

from app.cli.output import settings_of


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; otherwise FATHOM_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one; otherwise FATHOM_PORT.")] = None,
) -> None:
    """Serve the REST interface. Documents are taken in by `fathom worker`, beside it."""
    from app.cli.http_server import run_server

    raise typer.Exit(run_server(settings_of(context, host=host, port=port)))
