"""Types of the REST interface's replies about lexicons and the audit trail."""

from typing import Any, Literal, TypedDict

Level = Literal["block", "mask", "flag"]


class Lexicon(TypedDict):
    """A lexicon without its words."""

    name: str
    level: Level
    enabled: bool
    pinyin: bool
    version: int
    words: int


class LexiconContent(TypedDict):
    """A lexicon with its words."""

    name: str
    level: Level
    enabled: bool
    pinyin: bool
    words: list[str]


class Match(TypedDict):
    """A word found in a text, at `[start, end)`."""

    start: int
    end: int
    level: Level
    lexicon: str
    word: str


class Trial(TypedDict):
    """The effect of the lexicons in use on a text; the level is the hardest found."""

    level: Level | None
    text: str
    matches: list[Match]


class Tampering(TypedDict):
    """Something that was done to the rows `seq` to `last` of the trail."""

    seq: int
    last: int
    kind: Literal["changed", "removed", "added", "moved", "rehashed"]
    detail: str


class Verdict(TypedDict):
    """Findings of a look at the whole trail, whose newest row has the number `last` and this hash."""

    whole: bool
    first: int
    last: int
    hash: str
    found: list[Tampering]


class Record(TypedDict):
    """A record of the trail; texts are null where they were deleted or are not kept."""

    seq: int
    at: str
    event: str
    actor: str
    subject: str
    body: dict[str, Any]
    question: str | None
    output: str | None
    hash: str
