"""The server on standard input and output, for programs that start it themselves; it speaks to a running Fathom."""

import anyio
import httpx
from mcp.server.stdio import stdio_server

from app.mcp.rest import TIMEOUT_S, Rest
from app.mcp.server import make_server


def serve(base_url: str, key: str | None) -> None:
    """Serve until standard input ends.

    Args:
        base_url: Of the running server, such as `http://127.0.0.1:8000`.
        key: What it is shown, where it serves users.
    """
    anyio.run(_serve, base_url, key)


async def _serve(base_url: str, key: str | None) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    # a proxy named in the environment must not get between two local processes
    async with httpx.AsyncClient(
        base_url=base_url, headers=headers, timeout=TIMEOUT_S, trust_env=False
    ) as http:
        rest = Rest(http)
        server = make_server(lambda _: rest)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())
