"""Search in a text that arrives in pieces, by a finder that reads the end of the text again with each piece."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from app.safety.types import Match

CONTEXT = 64
"""Released characters that are searched again, as the context in front of a match."""


class EndFinder(Protocol):
    """Finds stretches in a text, and how much of its end may still become one."""

    def find(self, text: str) -> Sequence[Match]:
        """All stretches, by where they begin; they may overlap."""

    def open_from(self, text: str) -> int:
        """First position of the end of `text` that may become part of a match when more text follows."""


class Rescan:
    """Search in one text by such a finder; see `app.safety.types.Scan`."""

    def __init__(self, finder: EndFinder) -> None:
        """Begin with nothing."""
        self._finder = finder
        self._kept = ""
        self._begin = 0
        self._left = 0

    def feed(self, text: str) -> int:
        """Add the next piece; returns the first position that may become part of a match when more text follows."""
        self._kept += text
        return self._begin + self._finder.open_from(self._kept)

    def matches(self) -> Sequence[Match]:
        """Complete matches that have not left, in order of their start."""
        begin = self._begin
        return [
            replace(match, start=match.start + begin, end=match.end + begin) if begin else match
            for match in self._finder.find(self._kept)
            if match.end + begin > self._left
        ]

    def leave(self, until: int) -> None:
        """Release the text in front of a position."""
        begin = max(self._begin, until - CONTEXT)
        self._kept, self._begin, self._left = self._kept[begin - self._begin :], begin, until
