"""An HTTP client that connects to public addresses only: the guard against server-side request forgery.

The guard stands where connections are made. A host's name is resolved once, all its addresses must be public, and
the connection goes to one that was checked; a second look-up could give another. Whatever leads to a connection, a
redirect too, comes through it, and redirects, Host header, SNI and certificates stay the client's own.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

import httpcore
import httpx

from app.errors import InvalidInputError

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpcore.NetworkError, httpcore.ProtocolError)
"""Exceptions of the client for a server that can't be reached; timeouts are apart."""
TIMEOUTS = (TimeoutError, httpx.TimeoutException, httpcore.TimeoutException)

# Global by registry, yet leading to other addresses or machines nearby.
_DETOURS = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")


def public_client(
    *,
    timeout_s: float,
    resolve: Resolve | None = None,
    is_allowed: Callable[[str], bool] | None = None,
) -> httpx.AsyncClient:
    """A client without proxy, cookies or credentials of this machine; it raises `FAILURES` and `TIMEOUTS`.

    A connection to what is not public raises InvalidInputError.

    Args:
        timeout_s: Longest single operation, in seconds.
        resolve: Gives the addresses of a host and port; by default the system's resolver.
        is_allowed: Whether an address may be connected to; by default `is_public`.
    """
    backend = _CheckedBackend(resolve or _system_addresses, is_allowed or is_public)
    return httpx.AsyncClient(transport=_Transport(backend), trust_env=False, timeout=timeout_s)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet, to one machine, and hides no other address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip.version == 6 and ip not in _GLOBAL_UNICAST:
        return False  # loopback, local, mapped IPv4, NAT64, multicast, and what is not given out
    detour = any(ip.version == network.version and ip in network for network in _DETOURS)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not detour


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Makes the connections of a client, each to an address that was checked."""

    def __init__(self, resolve: Resolve, is_allowed: Callable[[str], bool]) -> None:
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the base class gives it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that listens.

        Raises:
            InvalidInputError: There is no address, or one of them is not allowed.
            ConnectError: Nothing listens at any of them.
        """
        failure = httpcore.ConnectError("no address")
        for address in await self._addresses(host, port):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise InvalidInputError(
                "unknown_web_host", f"There is no host {host[:200]!r}.", "Check the address."
            ) from error
        if not found or not all(map(self._is_allowed, found)):
            raise InvalidInputError(
                "address_not_public",
                f"{host[:200]!r} is not a public address, and only these are fetched.",
                "Download the page and upload the file.",
            )
        return found

    async def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        """No socket file is public.

        Raises:
            ConnectError: Always.
        """
        raise httpcore.ConnectError("socket files are not connected to")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._network.sleep(seconds)


class _Transport(httpx.AsyncBaseTransport):
    """A transport like httpx's own on a given network backend, which httpx's does not accept."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(ssl_context=context, network_backend=backend)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its body is read later, as a stream."""
        url = request.url
        response = await self._pool.handle_async_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()


async def _system_addresses(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    entries = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in entries]
