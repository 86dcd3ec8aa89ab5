#!/usr/bin/env bash
# Guess: what an MCP tool returns is checked against the schema that its server made from the return type, so that a client
# which checks the same schema takes whatever the server let through.
# Seen with the Python SDK, mcp 2.3.0: a tool annotated `-> float` may return NaN or an infinity (the mean of nothing, a ratio to
# zero). The server's check takes it, since it is a float; JSON has no such number, so it is sent as null; and the same SDK's
# client then raises, because null is not of type "number". The call fails on the client's side, as a RuntimeError and not as a
# tool's error. A score that may be missing has to be `float | None`, and NaN be turned into None by the tool: then the schema
# says so and the call succeeds.
# Ends with 1 where that is no longer so. Needs pip and a package index; takes about ten seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mcp==2.3.0
"$folder/venv/bin/python" -W ignore - <<'PY'
import asyncio
import logging
import math

from mcp import Client
from mcp.server import MCPServer

logging.disable(logging.CRITICAL)
server = MCPServer("figures")


@server.tool()
def mean(values: list[float]) -> float:
    """Mean of some values."""
    return math.fsum(values) / len(values) if values else math.nan


@server.tool()
def mean_if_any(values: list[float]) -> float | None:
    """Mean of some values, or nothing."""
    return math.fsum(values) / len(values) if values else None


async def outcome(client, tool, values):
    try:
        reply = await client.call_tool(tool, {"values": values})
    except RuntimeError as error:
        return f"raises {str(error).splitlines()[0]}"
    return f"{'error' if reply.is_error else 'result'} {reply.structured_content}"


async def main():
    async with Client(server) as client:
        for tool in ("mean", "mean_if_any"):
            for values in ([1.0, 2.0], []):
                print(f"{tool}({values}):", await outcome(client, tool, values))
        assert await outcome(client, "mean", [1.0, 2.0]) == "result {'result': 1.5}"
        told = await outcome(client, "mean", [])
        assert told == "raises Invalid structured content returned by tool mean: None is not of type 'number'"
        assert await outcome(client, "mean_if_any", []) == "result {'result': None}"


asyncio.run(main())
PY
