"""Plain data of the filter: lexicons, matches and finders. Positions are code points, half-open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Level = Literal["block", "mask", "flag"]
"""Treatment of a text that holds a word: refused as a whole, the word masked, or only recorded."""
LEVELS: tuple[Level, ...] = ("block", "mask", "flag")
MASK = "█"
"""Stands for each character that is masked, so that all positions stay; Markdown gives it no meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """A named list of words.

    Attributes:
        level: What is done where one is found.
        version: Counts its changes, from 1.
        pinyin: Whether words of Chinese are found in pinyin, and by characters of the same sound.
        words: As written; a star at the end of a word (of Latin letters) lets it go on, one in front lets it begin
            earlier: without, only whole words are found.
    """

    name: str
    level: Level
    version: int = 1
    pinyin: bool = False
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A stretch of a text, and why it was found.

    Attributes:
        source: Name of the lexicon, or the kind of personal data.
        word: The lexicon's word as written there; empty for personal data.
    """

    start: int
    end: int
    level: Level
    source: str
    version: int = 1
    word: str = ""


class Scan(Protocol):
    """Search in a text that arrives in pieces; positions are those in the whole text."""

    def feed(self, text: str) -> int:
        """Add the next piece; returns the first position that may become part of a match when more text follows."""

    def matches(self) -> Sequence[Match]:
        """Complete stretches that have not left, in order of their start; they may overlap."""

    def leave(self, until: int) -> None:
        """Release the text in front of a position."""


class Finder(Protocol):
    """Finds stretches in a text."""

    @property
    def levels(self) -> frozenset[Level]:
        """Levels that its matches may have."""

    def find(self, text: str) -> Sequence[Match]:
        """All stretches, by where they begin; they may overlap."""

    def scan(self) -> Scan:
        """Start a text that arrives in pieces; its matches equal `find` in the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finders:
    """Finders for the texts of one request; nothing is searched where both are empty.

    Attributes:
        incoming: For questions, and for passages before they are read.
        outgoing: For all text that leaves.
    """

    incoming: Sequence[Finder] = ()
    outgoing: Sequence[Finder] = ()


def hardest(matches: Iterable[Match]) -> Level | None:
    """The hardest level among matches; None where there are none."""
    found = {match.level for match in matches}
    return next((level for level in LEVELS if level in found), None)


def masked(text: str, matches: Sequence[Match]) -> str:
    """The text with each matched character of level "mask" or "block" replaced by `MASK`; the length stays."""
    characters = list(text)
    for match in matches:
        if match.level != "flag":
            characters[match.start : match.end] = MASK * (match.end - match.start)
    return "".join(characters)
