"""A page of the web as the source of a document: fetched once, when asked, from public addresses only.

The guard against server-side request forgery: the host's name is resolved once, all its addresses must be public,
and the connection goes to the address that was checked (a second look-up could give another). Redirects are
followed by hand, each checked as the first address was. Size and time are capped. No proxy, cookie or credential of
this machine is used.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from app.errors import InvalidInputError, TooLargeError, UnavailableError
from app.runtime import Runtime
from app.services.documents import Upload, check_name
from app.storage import BlobStore, BlobWriter, StoredBlob

WALL_S = 30.0
OPERATION_S = 10.0
MAX_REDIRECTS = 5
MAX_URL_CHARS = 2000
USER_AGENT = "Fathom (document import)"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Global by registry, yet leading to other addresses or machines nearby.
_DETOURS = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A page that lies in the store, and the type its server declared."""

    blob: StoredBlob
    media_type: str | None


async def fetch_upload(
    runtime: Runtime,
    url: str,
    *,
    name: str | None = None,
    external_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Upload:
    """Fetch a page as an upload, named by its address where no name is given; see `fetch`.

    Raises:
        InvalidInputError: The name can't be used.
    """
    limits = runtime.settings.limits
    address = str(checked_url(url))
    check_name(name or address, limits.max_name_chars)
    page = await fetch(address, runtime.blobs, limits.max_upload_bytes)
    return Upload(
        name=name or address,
        blob=page.blob,
        media_type=page.media_type,
        external_id=external_id,
        metadata=metadata,
    )


async def fetch(
    url: str,
    store: BlobStore,
    max_bytes: int,
    *,
    resolve: Resolve | None = None,
    is_allowed: Callable[[str], bool] | None = None,
) -> Fetched:
    """Fetch a page into the store.

    Args:
        url: An http or https address.
        store: Where the bytes go; nothing stays there if this raises.
        max_bytes: Most bytes of the page, decompressed.
        resolve: Gives the addresses of a host and port; by default the system's resolver.
        is_allowed: Whether an address may be connected to; by default `is_public`.

    Raises:
        InvalidInputError: The address can't be used, is not public, or its server refuses.
        TooLargeError: The page is too large.
        UnavailableError: The server can't be reached or does not answer in time.
    """
    guard = _Guard(resolve or _system_addresses, is_allowed or is_public)
    try:
        async with asyncio.timeout(WALL_S):
            with store.writer() as writer:
                media_type = await _follow(checked_url(url), guard, writer, max_bytes)
                return Fetched(blob=await asyncio.to_thread(writer.commit), media_type=media_type)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise UnavailableError(
            "url_timeout", f"{_shown(url)} was not delivered in {WALL_S:g} seconds.", "Try again later."
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnavailableError(
            "url_unreachable",
            f"{_shown(url)} can't be fetched: {type(error).__name__}.",
            "Check the address in a browser, and try again.",
        ) from error


def checked_url(url: str) -> httpx.URL:
    """The address as it will be used, without its fragment.

    Raises:
        InvalidInputError: It is no plain http or https address.
    """
    try:
        parsed = httpx.URL(url.strip()).copy_with(fragment=None)
        plain = parsed.scheme in {"http", "https"} and bool(parsed.host) and not parsed.userinfo
        plain = plain and (parsed.port is None or 0 < parsed.port < 65536)
    except (httpx.InvalidURL, UnicodeError, ValueError):
        plain = False
    if not plain or len(url) > MAX_URL_CHARS:
        raise InvalidInputError(
            "bad_url",
            f"{_shown(url)} can't be fetched.",
            "Give a whole address that begins with https:// or http://, without user name and password.",
        )
    return parsed


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


@dataclass(frozen=True, slots=True)
class _Guard:
    resolve: Resolve
    is_allowed: Callable[[str], bool]

    async def addresses(self, url: httpx.URL) -> Sequence[str]:
        """Addresses of the host, all allowed.

        Raises:
            InvalidInputError: There is none, or one of them is not allowed.
        """
        try:
            found = await self.resolve(url.raw_host.decode("ascii"), url.port or _port_of(url))
        except (OSError, UnicodeError) as error:
            raise InvalidInputError(
                "unknown_web_host", f"There is no host {_shown(url.host)}.", "Check the address."
            ) from error
        if not found or not all(map(self.is_allowed, found)):
            raise InvalidInputError(
                "address_not_public",
                f"{_shown(url.host)} is not a public address, and only these are fetched.",
                "Download the page and upload the file.",
            )
        return found


async def _system_addresses(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    entries = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in entries]


async def _follow(url: httpx.URL, guard: _Guard, writer: BlobWriter, max_bytes: int) -> str | None:
    """Go along redirects and write the page; gives the declared media type.

    Raises:
        InvalidInputError: There are too many of them.
    """
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=OPERATION_S) as client:
        for _ in range(MAX_REDIRECTS + 1):
            response = await _connect(client, url, await guard.addresses(url))
            try:
                if response.status_code not in _REDIRECTS or "location" not in response.headers:
                    return await _keep(response, url, writer, max_bytes)
                url = checked_url(str(url.join(response.headers["location"])))
            finally:
                await response.aclose()
    raise InvalidInputError(
        "too_many_redirects",
        f"{_shown(str(url))} redirects more than {MAX_REDIRECTS} times.",
        "Give the address of the page itself.",
    )


async def _connect(client: httpx.AsyncClient, url: httpx.URL, addresses: Sequence[str]) -> httpx.Response:
    """Ask the host at one of its checked addresses, of which there is one at least; where nothing listens, at the next.

    Raises:
        ConnectError: Nothing listens at any of them.
    """
    host = url.raw_host.decode("ascii")
    headers = {"Host": url.netloc.decode("ascii"), "User-Agent": USER_AGENT, "Accept": "*/*"}
    failure = httpx.ConnectError("no address")
    for address in addresses:
        request = client.build_request(
            "GET", url.copy_with(host=address), headers=headers, extensions={"sni_hostname": host}
        )
        try:
            return await client.send(request, stream=True)
        except httpx.ConnectError as error:
            failure = error
    raise failure


async def _keep(response: httpx.Response, url: httpx.URL, writer: BlobWriter, max_bytes: int) -> str | None:
    if response.status_code != 200:
        raise InvalidInputError(
            "url_refused",
            f"The server answers {response.status_code} for {_shown(str(url))}.",
            "Check the address in a browser; pages behind a login can't be fetched.",
        )
    async for piece in response.aiter_bytes():
        await asyncio.to_thread(writer.write, piece)
        if writer.size_bytes > max_bytes:
            raise TooLargeError(
                "file_too_large",
                f"{_shown(str(url))} is larger than {max_bytes:,} bytes.",
                "Raise FATHOM_LIMITS__MAX_UPLOAD_BYTES, or upload a part of it.",
            )
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()[:255] or None


def _port_of(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80


def _shown(url: str) -> str:
    return repr(url if len(url) <= 200 else url[:200] + "…")
