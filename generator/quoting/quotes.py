"""Which stretches of a sentence stand word for word in the passages: greedy longest runs of equal words.

The runs are the extractive fragments of Grusky et al. (Newsroom, arXiv 1804.11283), taken longest first. Compared are
whole words, numbers, single Han characters and single marks, so a run never begins or ends inside a word. White space,
full and half width, ligatures and the form of quotation marks and dashes do not count; letter case does.

Knows nothing of servers and prompts.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from generator.types import SourcePassage

INVISIBLE = "\u00ad\u200b-\u200d\u2060\ufeff"
"""Characters that show nothing, for a character class: soft hyphen, zero-width space and joiners, byte order mark."""

_HAN = r"\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(
    rf"[{_HAN}]|(?:(?![{_HAN}])[\w\u0300-\u036f])(?:(?![{_HAN}])[\w\u0300-\u036f{INVISIBLE}])*|\.{{3}}|\S"
)
_IS_HAN = re.compile(f"[{_HAN}]")
_DROPPED = re.compile(rf"[{INVISIBLE}]")
_ALIKE = (
    dict.fromkeys(range(0x2018, 0x201C), "'")  # single quotation marks
    | dict.fromkeys(range(0x201C, 0x2020), '"')  # double ones
    | dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")  # hyphens, dashes, minus
)

# A run of fewer words is as likely chance as a quote; one with a number says something sooner.
_LEAST = 3.0
_LEAST_WITH_NUMBER = 1.5
_LEAST_WHOLE = 1.0
_HAN_WORDS = 0.5  # Chinese words have about two characters


@dataclass(frozen=True, slots=True)
class Quote:
    """`sentence[start:end]` stands in the passage at `[source_start, source_end)`.

    The two texts may differ in what is not compared; the passage's is the one to show.
    """

    start: int
    end: int
    passage: SourcePassage
    source_start: int
    source_end: int

    @property
    def text(self) -> str:
        """The words of the passage."""
        return self.passage.text[self.source_start : self.source_end]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit of comparison with its position; `words` is its share in the length of a run."""

    text: str
    start: int
    end: int
    words: float


def kept_ranges(passage: SourcePassage) -> list[tuple[int, int]]:
    """The readable ranges of a passage; ranges with only white space between them are merged."""
    joined: list[tuple[int, int]] = []
    for start, end in passage.kept or [(0, len(passage.text))]:
        if joined and not passage.text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


class QuoteFinder:
    """Finds quotes of the passages within their readable ranges.

    Args:
        passages: In the order of their numbers, which begin with 1.
    """

    def __init__(self, passages: Sequence[SourcePassage]) -> None:
        self._sources = [_Source(passage) for passage in passages]

    def quotes(self, sentence: str, cited: frozenset[int] = frozenset()) -> list[Quote]:
        """The runs that are quotes, in order and without overlap.

        Args:
            sentence: A sentence of an answer.
            cited: Numbers of the passages that it names; where several have a run, one of these is taken.
        """
        units = list(_units(sentence))
        texts = [unit.text for unit in units]
        for source in self._sources:
            source.matcher.set_seq1(texts)
        numbered = sorted(enumerate(self._sources, 1), key=lambda item: item[0] not in cited)
        return [run.quote(units) for run in _longest_runs(units, [source for _, source in numbered])]

    def holds(self, text: str) -> bool:
        """Whether a passage has this very text, character by character."""
        return any(text in source.passage.text for source in self._sources)


class _Source:
    """A passage with its units; a unit that equals no other separates its readable ranges."""

    def __init__(self, passage: SourcePassage) -> None:
        self.passage = passage
        self.units: list[_Unit] = []
        for start, end in kept_ranges(passage):
            self.units += [*_units(passage.text[start:end], start), _Unit("\n", end, end, 0.0)]
        self.matcher: SequenceMatcher[str] = SequenceMatcher(autojunk=False)
        self.matcher.set_seq2([unit.text for unit in self.units])


def _units(text: str, offset: int = 0) -> Iterator[_Unit]:
    for match in _UNIT.finditer(text):
        plain = unicodedata.normalize("NFKC", _DROPPED.sub("", match.group())).translate(_ALIKE)
        if plain:
            words = _HAN_WORDS if _IS_HAN.match(plain) else float(plain[0].isalnum() or plain[0] == "_")
            yield _Unit(plain, offset + match.start(), offset + match.end(), words)


@dataclass(frozen=True, slots=True)
class _Run:
    """`units[first:last]` of the sentence equal the source's units from `there` on."""

    first: int
    last: int
    source: _Source
    there: int

    def quote(self, units: Sequence[_Unit]) -> Quote:
        begin, end = self.source.units[self.there], self.source.units[self.there + self.last - self.first - 1]
        return Quote(
            units[self.first].start, units[self.last - 1].end, self.source.passage, begin.start, end.end
        )


def _longest_runs(units: Sequence[_Unit], sources: Sequence[_Source]) -> list[_Run]:
    """The longest run, then the longest left and right of it, and so on; of equal ones the first source's."""
    runs: list[_Run] = []
    gaps = [(0, len(units))]
    while gaps:
        low, high = gaps.pop()
        best: _Run | None = None
        for source in sources:
            at, there, size = source.matcher.find_longest_match(low, high)
            if size > (best.last - best.first if best else 0):
                best = _Run(at, at + size, source, there)
        # Nothing longer is left in this gap, and one unit is a quote only where it is the whole sentence.
        if best is None or (best.last - best.first == 1 and high - low < len(units)):
            continue
        gaps += [(low, best.first), (best.last, high)]
        first, last = _without_loose_marks(units, best.first, best.last)
        if _says_something(units, first, last):
            runs.append(_Run(first, last, best.source, best.there + first - best.first))
    return sorted(runs, key=lambda run: run.first)


def _without_loose_marks(units: Sequence[_Unit], first: int, last: int) -> tuple[int, int]:
    """A run without the marks at its ends, except at the ends of the sentence."""
    while first < last and first > 0 and not units[first].words:
        first += 1
    while first < last and last < len(units) and not units[last - 1].words:
        last -= 1
    return first, last


def _says_something(units: Sequence[_Unit], first: int, last: int) -> bool:
    run = units[first:last]
    words = sum(unit.words for unit in run)
    if words == sum(unit.words for unit in units):
        return words >= _LEAST_WHOLE
    has_number = any(character.isdigit() for unit in run for character in unit.text)
    return words >= (_LEAST_WITH_NUMBER if has_number else _LEAST)
