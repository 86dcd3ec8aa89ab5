"""The route of the Model Context Protocol over HTTP: each call becomes a request to this same application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
from fastapi import APIRouter, FastAPI, Request, Response
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from app.api.access import ANY_SCOPE, RuledRoute, any_key
from app.mcp.rest import TIMEOUT_S, Rest
from app.mcp.server import Context, make_server


@asynccontextmanager
async def _running(app: FastAPI) -> AsyncIterator[None]:
    # No session is kept, for clients of older revisions neither.
    app.state.mcp = manager = StreamableHTTPSessionManager(make_server(_rest_of), stateless=True)
    async with manager.run():
        yield


router = APIRouter(tags=["mcp"], route_class=RuledRoute, lifespan=_running)


@router.post("/mcp", include_in_schema=False)
@any_key(ANY_SCOPE)
async def call_by_protocol(request: Request) -> Response:
    """One message of a client, of any revision of the protocol."""
    return _Served(cast("StreamableHTTPSessionManager", request.app.state.mcp))


class _Served(Response):
    """The reply that the protocol's library writes."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


def _rest_of(context: Context) -> Rest:
    """This application as the caller sees it: with the same key, from the same address, through all that guards it."""
    request = cast("Request", context.request)
    client: tuple[str, int] = (request.client.host, request.client.port) if request.client else ("", 0)
    transport = httpx.ASGITransport(app=request.app, raise_app_exceptions=False, client=client)
    carried: dict[str, Any] = {
        name: request.headers[name] for name in ("authorization", "x-request-id") if name in request.headers
    }
    return Rest(
        httpx.AsyncClient(
            transport=transport,
            base_url=str(request.base_url),
            headers=carried,
            timeout=TIMEOUT_S,
            trust_env=False,
        )
    )
