"""A text on its way to a reader, piece by piece: nothing leaves that may still become a match.

Held back is the shortest end of the text that a finder calls open, and no more. What has left is final.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.safety.types import Finder, Match, masked


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A stretch cleared for output: the text, masked where needed, and its matches, by positions in the whole text."""

    text: str
    matches: Sequence[Match]


class TextScreen:
    """One text, from its first piece to its last."""

    def __init__(self, finders: Sequence[Finder]) -> None:
        """Begin with nothing."""
        self._scans = [finder.scan() for finder in finders]
        self._held = ""
        self._left = 0

    @property
    def released(self) -> int:
        """Characters that have left."""
        return self._left

    def feed(self, text: str) -> Released:
        """Add the next piece; returns the stretch that may leave now."""
        self._held += text
        cut = self._left + len(self._held)
        for scan in self._scans:
            cut = min(cut, scan.feed(text))
        matches = self._matches()
        for match in reversed(matches):  # a match leaves as a whole
            if match.start < cut < match.end:
                cut = match.start
        return self._release(matches, max(cut, self._left))

    def end(self) -> Released:
        """The text is over; gives the rest."""
        return self._release(self._matches(), self._left + len(self._held))

    def _matches(self) -> list[Match]:
        """Matches that reach into the text not released yet, in order of their start."""
        return sorted(
            (match for scan in self._scans for match in scan.matches()), key=lambda match: match.start
        )

    def _release(self, matches: Sequence[Match], cut: int) -> Released:
        leaving = [match for match in matches if match.end <= cut]
        count, left = cut - self._left, self._left
        text = self._held[:count]
        if leaving:
            moved = [replace(one, start=max(0, one.start - left), end=one.end - left) for one in leaving]
            text = masked(text, moved)
        if count:
            self._held, self._left = self._held[count:], cut
            for scan in self._scans:
                scan.leave(cut)
        return Released(text=text, matches=leaving)


def screened(text: str, finders: Sequence[Finder]) -> Released:
    """A whole text at once."""
    matches = [match for finder in finders for match in finder.find(text)]
    return Released(text=masked(text, matches), matches=sorted(matches, key=lambda match: match.start))
