"""A text on its way to a reader, piece by piece: nothing leaves that may still become a match.

Held back is the shortest end of the text that a finder calls open, and no more. What has left is final.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.safety.types import Finder, Match, masked

CONTEXT = 64
"""Released characters that are searched again, as the context in front of a match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A stretch cleared for output: the text, masked where needed, and its matches, by positions in the whole text."""

    text: str
    matches: Sequence[Match]


class TextScreen:
    """One text, from its first piece to its last."""

    def __init__(self, finders: Sequence[Finder]) -> None:
        """Begin with nothing."""
        self._finders = finders
        self._context = ""
        self._held = ""
        self._left = 0

    @property
    def released(self) -> int:
        """Characters that have left."""
        return self._left

    def feed(self, text: str) -> Released:
        """Add the next piece; returns the stretch that may leave now."""
        self._held += text
        whole = self._context + self._held
        matches = self._matches(whole)
        cut = min((finder.open_from(whole) for finder in self._finders), default=len(whole))
        for match in reversed(matches):  # a match leaves as a whole
            if match.start < cut < match.end:
                cut = match.start
        return self._release(whole, matches, max(cut, len(self._context)))

    def end(self) -> Released:
        """The text is over; gives the rest."""
        whole = self._context + self._held
        return self._release(whole, self._matches(whole), len(whole))

    def _matches(self, whole: str) -> list[Match]:
        """Matches that reach into the text not released yet, in order of their start."""
        found = [match for finder in self._finders for match in finder.find(whole)]
        return sorted(
            (match for match in found if match.end > len(self._context)), key=lambda match: match.start
        )

    def _release(self, whole: str, matches: Sequence[Match], cut: int) -> Released:
        begin = len(self._context)
        leaving = [match for match in matches if match.end <= cut]
        text = masked(whole, leaving)[begin:cut]
        offset = self._left - begin
        moved = [replace(match, start=match.start + offset, end=match.end + offset) for match in leaving]
        self._left += cut - begin
        self._held = whole[cut:]
        self._context = whole[:cut][-CONTEXT:]
        return Released(text=text, matches=moved)


def screened(text: str, finders: Sequence[Finder]) -> Released:
    """A whole text at once."""
    matches = [match for finder in finders for match in finder.find(text)]
    return Released(text=masked(text, matches), matches=sorted(matches, key=lambda match: match.start))
