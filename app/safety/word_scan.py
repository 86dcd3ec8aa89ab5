"""Words of lexicons in a text that arrives in pieces: each character is folded and compared once.

Kept are the places from which on the text is the beginning of a word. Each new character leaves few of them, and a word
is complete where one of them spells it; the automaton serves as the trie that Aho and Corasick begin with.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.safety.folding import TABLE, is_han, is_invisible, is_word_character
from app.safety.patterns import LONGEST_GAP, LOOK_AHEAD, Pattern, counts
from app.safety.types import Match

_MANY = 2
"""More separators in front of a folded character than hide a word."""
_SOME = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Compiled words.

    Attributes:
        automaton: Trie of the keys; values are their patterns.
        before_gaps: Beginnings of keys behind which the lexicon has a space.
        open_starts: First characters of words that letters may stand in front of.
        match_of: Makes the match of a pattern at a range of the text.
    """

    automaton: Any
    before_gaps: frozenset[str]
    open_starts: frozenset[str]
    match_of: Callable[[Pattern, tuple[int, int]], Match]


@dataclass(slots=True)
class WrittenSoFar:
    """Text as written so far, beside its folded form; see `app.safety.patterns.Written`.

    Attributes:
        folded: Folded characters.
        places: Position of the character that each came from.
        separators: Separators behind the last folded character.
        length: Characters of the text.
    """

    folded: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    separators: int = 0
    length: int = 0
    _newlines: int = 0
    _before: list[int] = field(default_factory=list)
    _joined: list[bool] = field(default_factory=list)
    _behind_word: bool = False

    def add(self, character: str) -> str:
        """Add the next character; returns its folded form."""
        folded = TABLE[ord(character)]
        place, self.length = self.length, self.length + 1
        if not folded:
            if not is_invisible(character):
                self.separators += 1
                self._newlines += character == "\n"
                self._behind_word = False
            return folded
        for number, one in enumerate(folded):
            self.folded.append(one)
            self.places.append(place)
            self._before.append(0 if number else self._gap())
            self._joined.append(self._behind_word)
        self.separators = self._newlines = 0
        self._behind_word = is_word_character(folded[-1])
        return folded

    def _gap(self) -> int:
        if self.separators > LONGEST_GAP or self._newlines > 1:
            return _MANY
        return _SOME if self.separators else 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Range of the text that a range of its folded form came from."""
        return self.places[start], self.places[end - 1] + 1

    def gaps(self, start: int, end: int) -> list[int] | None:
        """Where separators stand in a range of the folded form, counted from its start; None where too many do."""
        found = []
        for at in range(start + 1, end):
            before = self._gap() if at == len(self._before) else self._before[at]
            if before == _MANY:
                return None
            if before:
                found.append(at - start)
        return found

    def aligned(self, start: int, end: int) -> bool:
        """Whether a range of the folded form begins and ends with whole characters of the text."""
        begins = start == 0 or self.places[start - 1] != self.places[start]
        return begins and (end == len(self.places) or self.places[end - 1] != self.places[end])

    def joined_before(self, start: int) -> bool:
        """Whether a letter or digit stands right in front of a folded character."""
        return self._joined[start]

    def joined_after(self, end: int) -> bool:
        """Whether a letter or digit follows the folded character in front of `end` at once."""
        if end == len(self.places) or self._before[end]:
            return False
        near = self.places[end] - self.places[end - 1] <= LOOK_AHEAD
        return near and is_word_character(self.folded[end])


class WordScan:
    """Search for words in one text that arrives in pieces."""

    def __init__(self, words: Words) -> None:
        """Begin with nothing."""
        self._words = words
        self._written = WrittenSoFar()
        self._compared = 0
        self._starts: list[tuple[int, str]] = []
        self._complete: list[tuple[int, int, Sequence[Pattern]]] = []

    def feed(self, text: str) -> int:
        """Add the next piece; returns the first position that may become part of a word when more text follows."""
        written = self._written
        for character in text:
            for one in written.add(character):
                self._compare(one)
        # a start that can't go on now can't later
        self._starts = [start for start in self._starts if self._may_go_on(*start)]
        return written.places[self._starts[0][0]] if self._starts else written.length

    def _compare(self, folded: str) -> None:
        trie, end = self._words.automaton, self._compared + 1
        going_on: list[tuple[int, str]] = []
        for begin, so_far in (*self._starts, (self._compared, "")):
            spelled = so_far + folded
            if trie.match(spelled):
                going_on.append((begin, spelled))
                if spelled in trie:
                    self._complete.append((begin, end, trie.get(spelled)))
        self._starts, self._compared = going_on, end

    def _may_go_on(self, begin: int, spelled: str) -> bool:
        """Whether the characters around and between those from `begin` on allow a word; yes where in doubt."""
        written = self._written
        gaps = written.gaps(begin, len(written.places) + 1)
        if gaps is None:
            return False
        whole = is_word_character(spelled[0]) and spelled[0] not in self._words.open_starts
        if whole and written.joined_before(begin):
            return False
        if not gaps:
            return True
        before_gaps = self._words.before_gaps
        own = {gap for gap in range(1, len(spelled) + 1) if spelled[:gap] in before_gaps}
        return all(gap in own or is_han(spelled[gap - 1]) for gap in gaps) or own.union(gaps).issuperset(
            range(1, len(spelled))
        )

    def matches(self) -> Sequence[Match]:
        """Complete words that have not left, in order of their start."""
        if not self._complete:
            return ()
        found = [
            self._words.match_of(pattern, self._written.span(begin, end))
            for begin, end, patterns in self._complete
            for pattern in patterns
            if counts(pattern, self._written, begin, end)
        ]
        return sorted(found, key=lambda match: (match.start, match.end))

    def leave(self, until: int) -> None:
        """Release the text in front of a position."""
        if self._complete:
            self._complete = [one for one in self._complete if self._written.span(one[0], one[1])[1] > until]
