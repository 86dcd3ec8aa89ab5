"""Refusals before any route: foreign pages, foreign host names, bodies beyond the limit, unexpected errors.

A body is counted while it is read, so nothing depends on what the client declares. A request that is
refused early gets its reply at once; what the client still sends is read and thrown away for a short
while, because a connection closed on a sending client loses the reply.
"""

import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.hosts import Hosts
from app.api.problems import reply_to
from app.errors import FathomError, ForbiddenOriginError, InvalidInputError, TooLargeError
from app.settings.schema import Settings

DRAIN_S = 20.0
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))


class GuardMiddleware:
    """The outermost layer that knows our errors."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Guard by the limits and hosts of `settings`."""
        self._app = app
        self._limits = settings.limits
        self._hosts = Hosts(settings.served_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        has_body = "content-length" in headers or "transfer-encoding" in headers
        exchange = _Exchange(receive, send, self._limit(headers), has_body=has_body)
        try:
            self._check_origin(scope["method"], headers)
            _check_address(scope)
            exchange.check_declared(headers.get("content-length"))
            await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:
            if exchange.started:
                raise
            await reply_to(error, scope["path"])(scope, receive, exchange.send)

    def _limit(self, headers: Headers) -> int:
        multipart = headers.get("content-type", "").lower().startswith("multipart/")
        return self._limits.max_request_bytes if multipart else self._limits.max_json_bytes

    def _check_origin(self, method: str, headers: Headers) -> None:
        host = headers.get("host", "")
        if not self._hosts.serves(host):
            raise ForbiddenOriginError(
                "unknown_host",
                f"The host name {host[:300]!r} is not served here.",
                "Use localhost, or add the name to FATHOM_ALLOWED_HOSTS.",
            )
        if method in SAFE_METHODS:
            return
        origin = headers.get("origin")
        foreign = headers.get("sec-fetch-site") == "cross-site"
        if origin is not None:
            foreign = not self._hosts.is_own(origin, host)
        if foreign:
            raise ForbiddenOriginError(
                "foreign_origin",
                "A web page of another site can't change anything here.",
                "Call from the same host and port, or add the page's host with its port to FATHOM_ALLOWED_HOSTS.",
            )


class _Exchange:
    """One request and its reply: counts the body, and reads on after an early reply."""

    def __init__(self, receive: Receive, send: Send, limit: int, *, has_body: bool) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._taken = 0
        self._complete = not has_body
        self.started = False

    def check_declared(self, length: str | None) -> None:
        if length is not None and length.isdecimal() and int(length) > self._limit:
            raise _too_large(self._limit)

    async def receive(self) -> Message:
        message = await self._read()
        if self._taken > self._limit:
            raise _too_large(self._limit)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
        last = not message.get("more_body", False) and message["type"] == "http.response.body"
        if not last or self._complete:
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        await self._drain()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _drain(self) -> None:
        deadline = time.monotonic() + DRAIN_S
        while not self._complete and time.monotonic() < deadline:
            await self._read()

    async def _read(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._taken += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
        else:
            self._complete = True
        return message


def _check_address(scope: Scope) -> None:
    # No path, id or word of a search holds it, and PostgreSQL keeps none.
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        raise InvalidInputError(
            "bad_address", "The address holds the character U+0000.", "Send the address without it."
        )


def _too_large(limit: int) -> FathomError:
    return TooLargeError(
        "request_too_large",
        f"The request body is larger than {limit:,} bytes.",
        "Send fewer or smaller files; `max_request_bytes` and `max_json_bytes` set the limits.",
    )
