"""Requests to the REST interface and their replies: connections, keys, problem documents, pages of lists, streams."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Generic, Self, TypedDict, TypeVar, Unpack
from urllib.parse import quote

import httpx

from ui.errors import ApiError, ApiUnreachableError
from ui.names import with_visible_names
from ui.sse import ServerEvent, read_events

PAGE_LIMIT: Final = 100
T = TypeVar("T")
_STREAM_READ_TIMEOUT_S: Final = 60.0  # the interface pings every 10 s


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `next_cursor` is None on the last one."""

    items: list[T]
    next_cursor: str | None


class _Options(TypedDict, total=False):
    """Optional fields of a request."""

    params: dict[str, Any]
    json: dict[str, Any]
    headers: dict[str, str]
    files: list[Any]
    timeout: float


def segment(identifier: str) -> str:
    """Quote an identifier so that it stays one segment of a path."""
    return quote(identifier, safe="")


def _problem(response: httpx.Response) -> ApiError:
    """Read a problem document; a reply that is none (a proxy's page) becomes one."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    return ApiError(
        status=response.status_code,
        code=str(body.get("code") or "http_error"),
        title=str(body.get("title") or f"HTTP {response.status_code}"),
        detail=str(body.get("detail") or ""),
        hint=str(body.get("hint") or ""),
        request_id=str(body.get("request_id") or response.headers.get("x-request-id", "")),
        fields=tuple(f"{e.get('field')}: {e.get('message')}" for e in body.get("errors") or []),
    )


class Connection:
    """Sends requests to the REST interface; safe to share between threads.

    Args:
        base_url: Root of the interface, without `/v1`.
        timeout_s: Longest wait for a reply; streams wait longer.
    """

    def __init__(self, base_url: str, *, timeout_s: float = 30.0) -> None:
        self.base_url = base_url
        # `trust_env=False`: a proxy named in the environment must not get between two local processes.
        # Connections are kept for less time than servers keep theirs (5 s), or both would close at once.
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=2.0)
        self._http = httpx.Client(base_url=base_url, timeout=timeout_s, trust_env=False, limits=limits)
        self._shown: dict[str, str] = {}

    def with_key(self, key: str) -> Self:
        """The same connections for somebody else, whose key is shown.

        Raises:
            ValueError: No key is written like that.
        """
        if not (key.isascii() and key.isprintable()):
            raise ValueError("key_invalid")
        other = copy.copy(self)
        other._shown = {"Authorization": f"Bearer {key}"}
        return other

    def __enter__(self) -> Self:
        """Return itself; the connections close at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _request(self, method: str, path: str, **options: Unpack[_Options]) -> httpx.Response:
        options["headers"] = self._shown | options.get("headers", {})
        try:
            try:
                return self._http.request(method, path, **options)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                # A kept connection that the server closed in this very moment; reading again changes nothing.
                if method != "GET":
                    raise
                return self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise ApiUnreachableError(self.base_url, str(error) or type(error).__name__) from error

    def _send(self, method: str, path: str, **options: Unpack[_Options]) -> httpx.Response:
        response = self._request(method, path, **options)
        if response.is_error:
            raise _problem(response)
        return response

    def _json(self, method: str, path: str, **options: Unpack[_Options]) -> Any:
        response = self._send(method, path, **options)
        if response.status_code == httpx.codes.NO_CONTENT or not response.content:
            return None
        try:
            return with_visible_names(response.json())
        except ValueError as error:
            raise ApiUnreachableError(
                self.base_url, "the reply is no JSON; is this the address of Fathom?"
            ) from error

    def _page(
        self, path: str, cursor: str | None, limit: int, wanted: dict[str, Any] | None = None
    ) -> Page[Any]:
        params = {"limit": limit} | (wanted or {}) | ({"cursor": cursor} if cursor else {})
        body = self._json("GET", path, params=params)
        return Page(list(body["items"]), body.get("next_cursor") if body.get("has_more", True) else None)

    def _all(self, path: str, at_most: int, wanted: dict[str, Any] | None = None) -> list[Any]:
        """The items of a list, page by page, `at_most` of them."""
        found: list[Any] = []
        cursor: str | None = None
        while len(found) < at_most:
            page = self._page(path, cursor, PAGE_LIMIT, wanted)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        return found[:at_most]

    @contextmanager
    def _events(
        self,
        method: str,
        path: str,
        *,
        json: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Iterator[Iterator[ServerEvent | None]]:
        sent = self._shown | {"Accept": "text/event-stream"} | (headers or {})
        timeout = httpx.Timeout(10.0, read=_STREAM_READ_TIMEOUT_S)
        try:
            with self._http.stream(method, path, headers=sent, json=json, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                    raise _problem(response)
                yield read_events(response.iter_bytes())
        except httpx.HTTPError as error:
            raise ApiUnreachableError(self.base_url, str(error) or type(error).__name__) from error

    def _probe(self, path: str) -> dict[str, Any]:
        response = self._request("GET", path)
        try:
            body = response.json()
        except json.JSONDecodeError:
            body = {"status": response.text[:200]}
        found = body if isinstance(body, dict) else {"status": body}
        return {"ok": response.is_success, "http_status": response.status_code} | found
