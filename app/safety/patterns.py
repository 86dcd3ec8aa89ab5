"""Words of a lexicon as the automaton knows them, and whether a place where one was found counts.

The automaton runs over folded text, in which all separators are gone. So "a s s", "ass" and "has some" look alike to
it, and a place is looked at again in the text as written:

- A word of Latin letters is found whole: no letter or digit joins it at either end.
- Between its letters stands nothing, or something between every two of them ("w o r d", "w.o.r.d"); where the lexicon
  has a space, either may be. So "pen is" is not another word.
- Between characters of Chinese anything up to `LONGEST_GAP` separators may stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.safety.folding import BREAK, fold, is_han, is_invisible, is_separator, is_word_character, places
from app.safety.types import Lexicon

LONGEST_GAP = 3
"""Most separators between two characters of a word."""
LOOK_AHEAD = 64
"""Characters behind a word within which a letter that joins it is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A word, folded.

    Attributes:
        lexicon: Where it comes from.
        word: As written there.
        key: Its folded characters.
        gaps: Positions in the key, from 1, before which the lexicon has a space.
        han: Whether it is of Chinese characters alone.
        open_start: Whether letters may stand in front.
        open_end: Whether letters may follow.
    """

    lexicon: Lexicon
    word: str
    key: str
    gaps: frozenset[int]
    han: bool
    open_start: bool = False
    open_end: bool = False


def pattern_of(lexicon: Lexicon, word: str) -> Pattern | None:
    """A word of a lexicon, folded; None where nothing of it is left."""
    bare = word.strip()
    core = bare.strip("*")
    key = fold(core).replace(BREAK, "")
    if not key:
        return None
    return Pattern(
        lexicon=lexicon,
        word=bare,
        key=key,
        gaps=frozenset(_gaps_of(core)),
        han=all(is_han(character) for character in key),
        open_start=bare.startswith("*"),
        open_end=bare.endswith("*"),
    )


def _gaps_of(word: str) -> Sequence[int]:
    counted, found = 0, []
    for character in word:
        if is_separator(character) and counted:
            found.append(counted)
        counted += len(fold(character).replace(BREAK, ""))
    return found


class Written:
    """A text as written, beside its folded form: the characters between and around folded ones."""

    def __init__(self, text: str) -> None:
        """Prepare a text."""
        self.text = text
        self.places = places(text)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Range of the text that a range of its folded form came from."""
        return self.places[start], self.places[end - 1] + 1

    def gaps(self, start: int, end: int) -> list[int] | None:
        """Where separators stand in a range of the folded form, counted from its start.

        Returns:
            None where more stand between two characters than hide a word.
        """
        found = []
        for at in range(start + 1, end):
            left, right = self.places[at - 1] + 1, self.places[at]
            if right <= left:
                continue
            between = [character for character in self.text[left:right] if not is_invisible(character)]
            if len(between) > LONGEST_GAP or between.count("\n") > 1:
                return None
            if between:
                found.append(at - start)
        return found

    def aligned(self, start: int, end: int) -> bool:
        """Whether a range of the folded form begins and ends with whole characters of the text."""
        begins = start == 0 or self.places[start - 1] != self.places[start]
        return begins and (end == len(self.places) or self.places[end - 1] != self.places[end])

    def joined_before(self, start: int) -> bool:
        """Whether a letter or digit stands right in front of a folded character."""
        text, place = self.text, self.places[start]
        before = next((text[at] for at in range(place - 1, -1, -1) if not is_invisible(text[at])), "")
        return is_word_character(fold(before)[-1:])

    def joined_after(self, end: int) -> bool:
        """Whether a letter or digit follows the folded character in front of `end` at once."""
        place = self.places[end - 1] + 1
        after = next((one for one in self.text[place : place + LOOK_AHEAD] if not is_invisible(one)), "")
        return is_word_character(fold(after)[:1])


class Places(Protocol):
    """Text as written, beside its folded form, for `counts`."""

    def gaps(self, start: int, end: int) -> list[int] | None:
        """Where separators stand in a range; None where too many do."""

    def aligned(self, start: int, end: int) -> bool:
        """Whether a range begins and ends with whole characters of the text."""

    def joined_before(self, start: int) -> bool:
        """Whether a letter or digit stands right in front of it."""

    def joined_after(self, end: int) -> bool:
        """Whether a letter or digit follows it at once."""


def counts(pattern: Pattern, written: Places, start: int, end: int) -> bool:
    """Whether a word stands at a range of the folded text, as the module's rules have it."""
    gaps = written.gaps(start, end) if written.aligned(start, end) else None
    if gaps is None or not (pattern.han or _spaced_alike(pattern.gaps, gaps, len(pattern.key))):
        return False
    if not pattern.open_start and is_word_character(pattern.key[0]) and written.joined_before(start):
        return False
    return pattern.open_end or not is_word_character(pattern.key[-1]) or not written.joined_after(end)


def _spaced_alike(own: frozenset[int], found: Sequence[int], length: int) -> bool:
    """Whether separators stand only where the word has some, or between all of its characters."""
    return own.issuperset(found) or own.union(found).issuperset(range(1, length))
