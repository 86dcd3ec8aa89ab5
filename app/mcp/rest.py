"""The REST interface as tools call it: JSON in and out, and failures as sentences."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

TIMEOUT_S: Final = 600.0
"""Longest wait for a reply; an answer may wait in its queue first."""
PAGE: Final = 200


class CallError(Exception):
    """A call that failed, in a sentence that helps the caller to do better."""

    def __init__(self, message: str, code: str) -> None:
        """Give the reason in `message`; `code` is a stable word for it."""
        super().__init__(message)
        self.message = message
        self.code = code


class Rest:
    """The interface of one server."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Call by `http`, whose base address is that of the server and which carries the caller's key."""
        self._http = http
        self.base_url = str(http.base_url).rstrip("/")

    async def get(self, *segments: str, **params: Any) -> Any:
        """Read `/v1/` and these segments, with parameters where they are not None.

        Raises:
            CallError: The server refused, failed, or is not there.
        """
        given = {name: value for name, value in params.items() if value is not None}
        return await self._call("GET", segments, params=given)

    async def post(self, *segments: str, body: Mapping[str, Any]) -> Any:
        """Send JSON to `/v1/` and these segments, without values that are None.

        Raises:
            CallError: The server refused, failed, or is not there.
        """
        given = {name: value for name, value in body.items() if value is not None}
        return await self._call("POST", segments, json=given)

    async def all_collections(self) -> list[dict[str, Any]]:
        """Every collection that the caller may read, oldest first.

        Raises:
            CallError: The server refused, failed, or is not there.
        """
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = await self.get("collections", cursor=cursor, limit=PAGE)
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def _call(self, method: str, segments: tuple[str, ...], **options: Any) -> Any:
        path = "/v1/" + "/".join(quote(segment, safe="") for segment in segments)
        try:
            reply = await self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise CallError(
                f"Fathom can't be reached at {self.base_url}: {str(error) or type(error).__name__}. "
                "Start it with `make run` or `fathom serve`, or name its address.",
                "unreachable",
            ) from error
        except ValueError as error:
            raise CallError(
                "The arguments hold a number that JSON does not have.", "bad_arguments"
            ) from error
        if reply.is_error:
            raise _refusal(reply)
        return reply.json()


def _refusal(reply: httpx.Response) -> CallError:
    try:
        problem = reply.json()
        code, told = str(problem["code"]), str(problem.get("detail") or problem["title"])
    except (ValueError, LookupError, TypeError):
        return CallError(f"The server replied with status {reply.status_code}.", "http_error")
    fields = "; ".join(f"{item.get('field')}: {item.get('message')}" for item in problem.get("errors") or [])
    return CallError(" ".join(filter(None, (told, fields, problem.get("hint")))), code)
