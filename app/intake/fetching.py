"""A page of the web as the source of a document: fetched once, when asked, from public addresses only.

Size and time are capped. A body is asked for as it is; one that comes packed all the same is unpacked piece by piece,
and no piece is made that would go beyond the cap.
"""

import asyncio
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from app.errors import InvalidInputError, TooLargeError, UnavailableError
from app.intake.public_web import FAILURES, TIMEOUTS, Resolve, public_client
from app.intake.record import Upload
from app.library.documents import check_name
from app.settings.groups import LimitSettings
from app.storage import BlobStore, BlobWriter, StoredBlob

WALL_S: Final = 30.0
OPERATION_S: Final = 10.0
MAX_REDIRECTS: Final = 5
MAX_URL_CHARS: Final = 2000
PIECE_BYTES: Final = 65_536
"""Most that is unpacked before it is written and counted."""
HEADERS: Final = {"User-Agent": "Fathom (document import)", "Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A page that lies in the store, and the type its server declared."""

    blob: StoredBlob
    media_type: str | None


async def fetch_upload(
    blobs: BlobStore,
    limits: LimitSettings,
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
    limits = limits
    address = str(checked_url(url))
    check_name(name or address, limits.max_name_chars)
    page = await fetch(address, blobs, limits.max_upload_bytes)
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
        max_bytes: Most bytes of the page, as it is sent and unpacked.
        resolve: Gives the addresses of a host and port; by default the system's resolver.
        is_allowed: Whether an address may be connected to; by default `is_public`.

    Raises:
        InvalidInputError: The address can't be used, is not public, or its server refuses.
        TooLargeError: The page is too large.
        UnavailableError: The server can't be reached or does not answer in time.
    """
    client = public_client(timeout_s=OPERATION_S, resolve=resolve, is_allowed=is_allowed)
    try:
        async with asyncio.timeout(WALL_S), client:
            with store.writer() as writer:
                media_type = await _follow(client, checked_url(url), writer, max_bytes)
                return Fetched(blob=await asyncio.to_thread(writer.commit), media_type=media_type)
    except TIMEOUTS as error:
        raise UnavailableError(
            "url_timeout", f"{_shown(url)} was not delivered in {WALL_S:g} seconds.", "Try again later."
        ) from error
    except FAILURES as error:
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


async def _follow(
    client: httpx.AsyncClient, url: httpx.URL, writer: BlobWriter, max_bytes: int
) -> str | None:
    """Go along redirects, whose own bodies are not read, and write the page; gives the declared media type.

    Raises:
        InvalidInputError: There are too many of them.
    """
    request = client.build_request("GET", url, headers=HEADERS)
    for _ in range(MAX_REDIRECTS + 1):
        url = checked_url(str(request.url))
        response = await client.send(request, stream=True, follow_redirects=False)
        try:
            if response.next_request is None:
                return await _keep(response, url, writer, max_bytes)
            request = response.next_request
        finally:
            await response.aclose()
    raise InvalidInputError(
        "too_many_redirects",
        f"{_shown(str(url))} redirects more than {MAX_REDIRECTS} times.",
        "Give the address of the page itself.",
    )


async def _keep(response: httpx.Response, url: httpx.URL, writer: BlobWriter, max_bytes: int) -> str | None:
    if response.status_code != 200:
        raise InvalidInputError(
            "url_refused",
            f"The server answers {response.status_code} for {_shown(str(url))}.",
            "Check the address in a browser; pages behind a login can't be fetched.",
        )
    body = _Body(writer, response.headers.get("content-encoding", ""), url, max_bytes)
    async for sent in response.aiter_raw():
        await asyncio.to_thread(body.take, sent)
    body.end()
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()[:255] or None


class _Body:
    """Writes a page as it comes, unpacked, and stops at the cap: neither more is read than that, nor made."""

    def __init__(self, writer: BlobWriter, encoding: str, url: httpx.URL, max_bytes: int) -> None:
        """Write the body of `url` to `writer`, unpacked by its Content-Encoding, at most `max_bytes` of it.

        Raises:
            InvalidInputError: The page is packed in another way than gzip or deflate, or several times.
        """
        self._writer = writer
        self._url = url
        self._left_to_read = max_bytes
        self._max_bytes = max_bytes
        encoding = encoding.strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise InvalidInputError(
                "url_packed",
                f"The server packs {_shown(str(url))} as {encoding[:40]!r}, although it was asked not to.",
                "Download the page and upload the file.",
            )
        # Both headers, gzip's and zlib's, are told apart by themselves.
        self._unpack = None if encoding in {"", "identity"} else zlib.decompressobj(zlib.MAX_WBITS + 32)

    def take(self, sent: bytes) -> None:
        """Unpack a piece of the response and write it.

        Raises:
            TooLargeError: The page goes beyond the cap.
            DecodingError: It can't be unpacked, or goes on behind its end.
        """
        self._left_to_read -= len(sent)
        if self._left_to_read < 0:
            raise self._too_large()
        if self._unpack is None:
            self._writer.write(sent)
            return
        if self._unpack.eof:
            raise httpx.DecodingError("the packed page goes on behind its end")
        try:
            full = True
            while full and not self._unpack.eof:
                piece = self._unpack.decompress(sent, PIECE_BYTES)
                if self._writer.size_bytes + len(piece) > self._max_bytes:
                    raise self._too_large()
                self._writer.write(piece)
                sent, full = self._unpack.unconsumed_tail, len(piece) == PIECE_BYTES
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error

    def end(self) -> None:
        """Check that the packed page is complete, with no bytes after its end.

        Raises:
            DecodingError: The packed page is cut off, or goes on behind its end.
        """
        if self._unpack is not None and (not self._unpack.eof or self._unpack.unused_data):
            raise httpx.DecodingError("the packed page does not end where it says")

    def _too_large(self) -> TooLargeError:
        return TooLargeError(
            "file_too_large",
            f"{_shown(str(self._url))} is larger than {self._max_bytes:,} bytes.",
            "Raise FATHOM_LIMITS__MAX_UPLOAD_BYTES, or upload a part of it.",
        )


def _shown(url: str) -> str:
    return repr(url if len(url) <= 200 else url[:200] + "…")
