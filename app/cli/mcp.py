"""`fathom mcp`: the Model Context Protocol on standard input and output."""

from typing import Annotated

import typer

from app.cli.output import settings_of


def mcp(
    context: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(help="Address of the running Fathom; otherwise the configured host and port."),
    ] = None,
) -> None:
    """Serve the Model Context Protocol to a program that starts this: tools search, fetch, ask, list.

    It speaks to a running Fathom. Where that serves users, set FATHOM_KEY to a key.
    """
    from app.mcp.stdio import serve
    from app.settings.environment import shown_key

    settings = settings_of(context)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    serve((url or f"http://{host}:{settings.port}").rstrip("/"), shown_key())
