"""Chinese words found by their sound: in pinyin, in characters of the same sound, and in a mixture of both.

Every Chinese character becomes its most frequent syllable, without tone; what is written in letters stays. A word of
three syllables and more is found in any writing, one of two only where letters are among it: half of all pairs of
characters sound like some other word. A word of one syllable is not found by its sound.
"""

from collections.abc import Iterator, Sequence
from functools import cache

import ahocorasick

from app.safety.folding import BREAK, fold, is_han, is_word_character, places
from app.safety.patterns import Written
from app.safety.types import Lexicon, Match

FEWEST_SYLLABLES = 2
FEWEST_IN_CHARACTERS = 3


def _pinyin(text: str) -> list[str]:
    """Syllables of a text; their tables take a fifth of a second to load, so that only lexicons with sounds do it."""
    from pypinyin import lazy_pinyin

    return lazy_pinyin(text, v_to_u=False)


class _Syllables(dict[int, str]):
    """Syllable by code point, found out when it is first asked for; for `str.translate`."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        syllable = _pinyin(character)[0] if is_han(character) else character
        self[code] = syllable
        return syllable


SYLLABLES = _Syllables()


class Sounds:
    """Words by their sound; false where no lexicon asks for it."""

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        """Compile the words of these lexicons that are of Chinese characters alone."""
        by_key: dict[str, list[tuple[Lexicon, str, frozenset[int], int]]] = {}
        for lexicon in lexicons:
            for word in lexicon.words:
                for syllables in _readings(word):
                    entry = (lexicon, word.strip(), _boundaries(syllables), len(syllables))
                    by_key.setdefault("".join(syllables), []).append(entry)
        self.longest = max(map(len, by_key), default=0)
        self._automaton = ahocorasick.Automaton()
        for key, entries in by_key.items():
            self._automaton.add_word(key, tuple(entries))
        if by_key:
            self._automaton.make_automaton()

    def __bool__(self) -> bool:
        return self.longest > 0

    def find(self, text: str, folded: str | None = None) -> Sequence[Match]:
        """Words in a text by their sound, exact spelling included.

        Args:
            text: As written.
            folded: Its folded form, where it is known.
        """
        return list(self._found(text, fold(text) if folded is None else folded))

    def _found(self, text: str, folded: str) -> Iterator[Match]:
        written: Written | None = None
        units = _units(folded)
        for last, entries in self._automaton.iter(folded.translate(SYLLABLES)):
            written = written or Written(text)
            for lexicon, word, boundaries, syllables in entries:
                begin = last + 1 - max(boundaries)
                if not _aligned(units, begin, last):
                    continue
                first, end = units[begin], units[last] + 1
                if _sounds(written, folded, (first, end), boundaries, syllables):
                    start, stop = written.span(first, end)
                    yield Match(
                        start=start,
                        end=stop,
                        level=lexicon.level,
                        source=lexicon.name,
                        version=lexicon.version,
                        word=word,
                    )

    def open_from(self, text: str) -> int:
        """First position from which on a text may become a word; rather too early than too late."""
        folded = fold(text)
        units, sound = _units(folded), folded.translate(SYLLABLES)
        for begin in range(max(0, len(sound) - self.longest), len(sound)):
            if _starts(units, begin) and self._automaton.match(sound[begin:]):
                return places(text)[units[begin]]
        return len(text)


@cache
def _reading(word: str) -> tuple[tuple[str, ...], ...]:
    """Syllables of a word: character by character, and as the dictionary of phrases has it."""
    single = tuple(SYLLABLES[ord(character)] for character in word)
    phrase = tuple(_pinyin(word))
    return (single,) if phrase == single or len(phrase) != len(word) else (single, phrase)


def _readings(word: str) -> tuple[tuple[str, ...], ...]:
    key = fold(word.strip().strip("*")).replace(BREAK, "")
    if len(key) < FEWEST_SYLLABLES or not all(is_han(character) for character in key):
        return ()
    return _reading(key)


def _boundaries(syllables: Sequence[str]) -> frozenset[int]:
    """Where syllables end, counted in letters from the start of the word."""
    ends, at = set(), 0
    for syllable in syllables:
        at += len(syllable)
        ends.add(at)
    return frozenset(ends)


def _units(folded: str) -> list[int]:
    """For each letter of the sound, the position in the folded text that it comes from."""
    return [place for place, character in enumerate(folded) for _ in SYLLABLES[ord(character)]]


def _starts(units: Sequence[int], at: int) -> bool:
    return at == 0 or units[at - 1] != units[at]


def _aligned(units: Sequence[int], begin: int, last: int) -> bool:
    return _starts(units, begin) and (last + 1 == len(units) or units[last + 1] != units[last])


def _sounds(
    written: Written, folded: str, span: tuple[int, int], boundaries: frozenset[int], syllables: int
) -> bool:
    """Whether a word is written at a range of the folded text: enough of it, whole, and with spaces in their places."""
    first, end = span
    heard = folded[first:end]
    in_characters = all(is_han(character) for character in heard)
    if syllables < (FEWEST_IN_CHARACTERS if in_characters else FEWEST_SYLLABLES):
        return False
    gaps = written.gaps(first, end)
    if gaps is None or not (in_characters or _between_syllables(heard, gaps, boundaries)):
        return False
    if is_word_character(heard[0]) and written.joined_before(first):
        return False
    return not (is_word_character(heard[-1]) and written.joined_after(end))


def _between_syllables(heard: str, gaps: Sequence[int], boundaries: frozenset[int]) -> bool:
    letters = [len(heard[:gap].translate(SYLLABLES)) for gap in gaps]
    return boundaries.issuperset(letters) or set(gaps).issuperset(range(1, len(heard)))
