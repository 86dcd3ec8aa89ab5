"""JSON from clients: refused where it could not be stored or sent back, before anything is made of it.

Python reads more than JSON is: numbers that are none (`NaN`, `1e999`), and halves of UTF-16 pairs, which no text
can hold. PostgreSQL keeps no U+0000. And what is nested very deeply can be read, but not written again.
"""

import json
from collections.abc import Callable, Coroutine
from math import isfinite
from typing import Any, NoReturn

from fastapi import Request, Response

from app.api.access import RuledRoute
from app.errors import InvalidInputError

MAX_DEPTH = 32

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class JsonRequest(Request):
    """A request whose JSON is checked."""

    async def json(self) -> Any:
        """The body's value.

        Raises:
            InvalidInputError: It can't be stored.
        """
        if not hasattr(self, "_checked"):
            self._checked = read_json(await self.body())
        return self._checked


class JsonRoute(RuledRoute):
    """A route whose JSON bodies are checked."""

    def get_route_handler(self) -> Handler:
        """The handler of the route, for checked requests."""
        handle = super().get_route_handler()

        async def handle_checked(request: Request) -> Response:
            return await handle(checked(request))

        return handle_checked


def checked(request: Request) -> JsonRequest:
    """Wrap a request so that its JSON is checked; its body must not have been read, unless it is wrapped already."""
    return request if isinstance(request, JsonRequest) else JsonRequest(request.scope, request.receive)


def read_json(text: str | bytes) -> Any:
    """The value that a JSON text stands for.

    Raises:
        JSONDecodeError: It is no JSON.
        InvalidInputError: It can't be stored: too deep, half a character, a number without end.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        raise
    except RecursionError:
        _refuse(f"is nested more than {MAX_DEPTH} deep")
    except ValueError:  # the bytes are no text, or a number has thousands of digits
        _refuse("can't be read")
    depth, level = 0, [value]
    while level:
        if depth > MAX_DEPTH:
            _refuse(f"is nested more than {MAX_DEPTH} deep")
        depth, level = depth + 1, [inner for outer in level for inner in _parts(outer)]
    return value


def text_value(text: str) -> Any:
    """The value of a JSON text within a query; the text itself where it is no JSON."""
    try:
        return read_json(text)
    except json.JSONDecodeError:
        return text


def _parts(value: Any) -> list[Any]:
    """Members of a value, one level down; a text or number is checked and has none."""
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, list):
        return value
    if isinstance(value, float) and not isfinite(value):
        _refuse("holds a number that JSON does not know, or that is too large")
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            _refuse("holds half a character (a surrogate)")
    if isinstance(value, str) and "\0" in value:
        _refuse("holds the character U+0000")
    return []


def _refuse(why: str) -> NoReturn:
    raise InvalidInputError(
        "bad_json", f"The JSON {why}.", "Send what any JSON reader can read and write again."
    )
