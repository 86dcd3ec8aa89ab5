"""Words of all lexicons in one Aho-Corasick automaton: one pass over a text, whatever the number of words.

Alfred V. Aho and Margaret J. Corasick, Efficient string matching, 1975; the automaton is pyahocorasick's.
"""

from collections.abc import Iterable, Iterator, Sequence

import ahocorasick

from app.safety.folding import fold
from app.safety.patterns import Pattern, Written, counts, pattern_of
from app.safety.rescan import Rescan
from app.safety.sounds import Sounds
from app.safety.types import Level, Lexicon, Match, Scan
from app.safety.word_scan import Words, WordScan


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
        self._words = Words(
            automaton=self._automaton,
            before_gaps=frozenset(pattern.key[:gap] for pattern in patterns for gap in pattern.gaps),
            open_starts=frozenset(pattern.key[0] for pattern in patterns if pattern.open_start),
            match_of=lambda pattern, span: match_of(pattern.lexicon, pattern.word, span),
        )
        self._sounds = Sounds([lexicon for lexicon in lexicons if lexicon.pinyin])

    @property
    def levels(self) -> frozenset[Level]:
        """Levels of its lexicons."""
        return frozenset(lexicon.level for lexicon in self.lexicons)

    def find(self, text: str) -> Sequence[Match]:
        """All words in a text, by where they begin.

        Args:
            text: Any text.
        """
        if not self._automaton:
            return ()
        folded = fold(text)
        return _once(self._found(text, folded), self._sounds.find(text, folded) if self._sounds else ())

    def _found(self, text: str, folded: str) -> Iterator[Match]:
        written: Written | None = None
        for last, patterns in self._automaton.iter(folded):
            written = written or Written(text)
            for pattern in patterns:
                begin, end = last + 1 - len(pattern.key), last + 1
                if counts(pattern, written, begin, end):
                    yield match_of(pattern.lexicon, pattern.word, written.span(begin, end))

    def scan(self) -> Scan:
        """Start a text that arrives in pieces."""
        words = WordScan(self._words)
        return BothScans(words, Rescan(self._sounds)) if self._sounds else words


class BothScans:
    """Search for words as written and by their sound, in a text that arrives in pieces."""

    def __init__(self, written: Scan, heard: Scan) -> None:
        """Search with both."""
        self._written, self._heard = written, heard

    def feed(self, text: str) -> int:
        """Add the next piece; returns the first position that may become part of a word when more text follows."""
        return min(self._written.feed(text), self._heard.feed(text))

    def matches(self) -> Sequence[Match]:
        """Complete words that have not left, in order of their start; once where both have one."""
        return _once(self._written.matches(), self._heard.matches())

    def leave(self, until: int) -> None:
        """Release the text in front of a position."""
        self._written.leave(until)
        self._heard.leave(until)


def _once(written: Iterable[Match], heard: Iterable[Match]) -> Sequence[Match]:
    found = list(written)
    known = {(match.start, match.end) for match in found}
    found += [match for match in heard if (match.start, match.end) not in known]
    return sorted(found, key=lambda match: (match.start, match.end))


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
