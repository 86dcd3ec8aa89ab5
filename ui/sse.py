"""Server-sent events from bytes, as the WHATWG stream format defines them.

Knows nothing of HTTP. Lines end with CR, LF or CRLF only: `str.splitlines` would also cut at U+2028 and
others, which may stand inside the JSON of an event.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event; `last_id` is the id to resume from."""

    name: str
    data: str
    last_id: str | None


def _lines(parts: Iterable[bytes]) -> Iterator[str]:
    """Cut a byte stream at CR, LF and CRLF."""
    rest = b""
    for part in parts:
        rest += part
        # A CR at the very end may be half of a CRLF: it waits for the next bytes.
        complete = rest[:-1] if rest.endswith(b"\r") else rest
        pieces = complete.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest = pieces.pop() + rest[len(complete) :]
        for piece in pieces:
            yield piece.decode("utf-8", errors="replace")


def read_events(parts: Iterable[bytes]) -> Iterator[ServerEvent | None]:
    """Read events from the bytes of a response.

    Args:
        parts: The body, in pieces of any size.

    Yields:
        Each event, and `None` for a comment (a ping), so that a reader wakes up while nothing happens.
    """
    name, data, last_id = "message", list[str](), None
    for line in _lines(parts):
        if line == "":
            if data:
                yield ServerEvent(name, "\n".join(data), last_id)
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "":
            yield None
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            last_id = value
