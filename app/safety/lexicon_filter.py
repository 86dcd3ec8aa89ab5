"""Words of all lexicons in one Aho-Corasick automaton: one pass over a text, whatever the number of words.

Alfred V. Aho and Margaret J. Corasick, Efficient string matching, 1975; the automaton is pyahocorasick's.
"""

from collections.abc import Iterable, Iterator, Sequence

import ahocorasick

from app.safety.folding import fold, is_han, is_word_character, places
from app.safety.patterns import LONGEST_GAP, Pattern, Written, counts, pattern_of
from app.safety.sounds import Sounds
from app.safety.types import Lexicon, Match

CONTEXT = 8
"""Folded characters in front of the longest word that are looked at too."""


class LexiconFilter:
    """The compiled words of some lexicons; safe to share between threads."""

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        """Compile: about a second for 300,000 words."""
        self.lexicons = tuple(lexicons)
        patterns = [
            pattern
            for lexicon in lexicons
            for word in lexicon.words
            if (pattern := pattern_of(lexicon, word)) is not None
        ]
        self._automaton = automaton_of(patterns)
        self._longest = max((len(pattern.key) for pattern in patterns), default=0)
        self._before_gaps = frozenset(pattern.key[:gap] for pattern in patterns for gap in pattern.gaps)
        self._open_starts = frozenset(pattern.key[0] for pattern in patterns if pattern.open_start)
        self._sounds = Sounds([lexicon for lexicon in lexicons if lexicon.pinyin])

    def find(self, text: str) -> Sequence[Match]:
        """All words in a text, by where they begin.

        Args:
            text: Any text.
        """
        if not self._longest:
            return ()
        folded = fold(text)
        found = list(self._found(text, folded))
        if self._sounds:
            known = {(match.start, match.end) for match in found}
            found += [
                match for match in self._sounds.find(text, folded) if (match.start, match.end) not in known
            ]
        return sorted(found, key=lambda match: (match.start, match.end))

    def _found(self, text: str, folded: str) -> Iterator[Match]:
        written: Written | None = None
        for last, patterns in self._automaton.iter(folded):
            written = written or Written(text)
            for pattern in patterns:
                begin, end = last + 1 - len(pattern.key), last + 1
                if counts(pattern, written, begin, end):
                    yield match_of(pattern.lexicon, pattern.word, written.span(begin, end))

    def open_from(self, text: str) -> int:
        """First position of the end of `text` that may become part of a word when more text follows."""
        if not self._longest:
            return len(text)
        at, folded = self._tail(text)
        first = self._first_open(text[at:], folded)
        if self._sounds:
            first = min(first, self._sounds.first_open(folded))
        return at + places(text[at:])[first] if first < len(folded) else len(text)

    def _tail(self, text: str) -> tuple[int, str]:
        """Where the end of a text begins that is long enough for the longest word, and its folded form."""
        longest = max(self._longest, self._sounds.longest) + CONTEXT
        step = longest * (1 + LONGEST_GAP)
        at = len(text)
        folded = ""
        while at > 0 and len(folded) < longest:  # characters that show nothing take room
            at = max(0, at - step)
            folded = fold(text[at:])
        return at, folded

    def _first_open(self, tail: str, folded: str) -> int:
        """Position in the folded tail; its length where nothing is open."""
        written: Written | None = None
        for begin in range(max(0, len(folded) - self._longest), len(folded)):
            if self._automaton.match(folded[begin:]):
                # a letter more shows what follows the last character
                written = written or Written(tail + "x")
                if self._may_go_on(written, folded, begin):
                    return begin
        return len(folded)

    def _may_go_on(self, written: Written, folded: str, begin: int) -> bool:
        """Whether the characters around and between those from `begin` on allow a word; yes where in doubt."""
        gaps = written.gaps(begin, len(folded) + 1)
        if gaps is None:
            return False
        whole = is_word_character(folded[begin]) and folded[begin] not in self._open_starts
        if whole and written.joined_before(written.places[begin]):
            return False
        start = folded[begin:]
        own = {gap for gap in range(1, len(start) + 1) if start[:gap] in self._before_gaps}
        return all(gap in own or is_han(start[gap - 1]) for gap in gaps) or own.union(gaps).issuperset(
            range(1, len(start))
        )


def automaton_of(patterns: Iterable[Pattern]) -> "ahocorasick.Automaton":
    """An automaton whose values are the patterns of a key."""
    by_key: dict[str, list[Pattern]] = {}
    for pattern in patterns:
        by_key.setdefault(pattern.key, []).append(pattern)
    automaton = ahocorasick.Automaton()
    for key, same in by_key.items():
        automaton.add_word(key, tuple(same))
    automaton.make_automaton()
    return automaton


def match_of(lexicon: Lexicon, word: str, span: tuple[int, int]) -> Match:
    """A place where a word of a lexicon stands."""
    return Match(
        start=span[0],
        end=span[1],
        level=lexicon.level,
        source=lexicon.name,
        version=lexicon.version,
        word=word,
    )
