"""Places in documents as addresses: `fathom://documents/ID`, with `?start=…&end=…` for a range of characters."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from app.mcp.rest import CallError

SCHEME: Final = "fathom"
TEMPLATE: Final = f"{SCHEME}://documents/{{document}}{{?start,end}}"
"""As RFC 6570 has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Characters `[start, end)` of a document's text; None stands for its beginning and its end."""

    document: str
    start: int | None = None
    end: int | None = None

    @property
    def uri(self) -> str:
        """The address of the place."""
        given = {name: value for name in ("start", "end") if (value := getattr(self, name)) is not None}
        return f"{SCHEME}://documents/{quote(self.document, safe='')}" + (
            f"?{urlencode(given)}" if given else ""
        )


def place_of(text: str) -> Place:
    """The place that an address, or the id of a document, names.

    Raises:
        CallError: It is no such address.
    """
    if "://" not in text:
        return Place(document=text)
    place = _parsed(text)
    if place is None:
        raise CallError(
            f"{text[:100]!r} is not the address of a document. "
            f"An address is like {SCHEME}://documents/doc_…?start=0&end=100; `search` and `list` give them.",
            "bad_address",
        )
    return place


def _parsed(text: str) -> Place | None:
    try:
        parts = urlsplit(text)
        query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        given = {name: _number(value) for name, value in query}
    except ValueError:
        return None
    document = unquote(parts.path.removeprefix("/"))
    known = (parts.scheme, parts.netloc) == (SCHEME, "documents") and not parts.fragment
    if not known or not document or len(given) < len(query) or not given.keys() <= {"start", "end"}:
        return None
    return Place(document=document, **given)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise ValueError(text)
    return int(text)
