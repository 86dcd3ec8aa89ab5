"""The route of the Model Context Protocol over HTTP: each call becomes a request to this same application."""

from typing import TYPE_CHECKING, Any, cast

import httpx
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from app.api.access import ANY_SCOPE, RuledRoute, any_key
from app.mcp.rest import TIMEOUT_S, Rest

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from app.mcp.server import Context

router = APIRouter(tags=["mcp"], route_class=RuledRoute)


@router.post("/mcp", include_in_schema=False)
@any_key(ANY_SCOPE)
async def call_by_protocol() -> Response:
    """One message of a client, of any revision of the protocol."""
    return _Served()


class _Served(Response):
    """The reply that the protocol's library writes; no session is kept, for clients of older revisions neither."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        manager = await run_in_threadpool(_make_manager)
        async with manager.run():
            await manager.handle_request(scope, receive, send)


def _make_manager() -> "StreamableHTTPSessionManager":
    """The server of one message; the first loads the library, which takes four tenths of a second."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from app.mcp.server import make_server

    return StreamableHTTPSessionManager(make_server(_rest_of), stateless=True)


def _rest_of(context: "Context") -> Rest:
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
