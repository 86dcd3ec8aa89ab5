"""Sentences, rows and items that were read, each with the probability that the answer lies in it.

A sentence's probability is the sum over the spans inside it: it is right more often than the best span alone, since
spans that differ by a word stand in the same sentence.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from torch import Tensor

from generator.composing.layout import Layout
from generator.composing.terms import TermWeights, terms_of
from generator.types import PartKind, SourcePassage

REACH = 600
"""Characters before a row in which the names are looked for that it does not hold itself."""


class ReadPassages(Protocol):
    """The passages that were read, and where their pieces stand."""

    @property
    def passages(self) -> Sequence[SourcePassage]:
        """In the order in which they were read."""
        ...

    @property
    def ranges(self) -> Sequence[Sequence[tuple[int, int]]]:
        """Character range of every piece, by passage; empty ones show no text."""
        ...


class SpanProbabilities(Protocol):
    """How probable it is of every span that it answers."""

    @property
    def log_joint_PSS(self) -> Tensor:
        """Log-probability of the span from a first to a last piece of a passage; -inf where there can be none."""
        ...

    @property
    def answerable_logit(self) -> float:
        """Log-odds that any span answers."""
        ...


@dataclass(slots=True)
class Unit:
    """A sentence of a passage, with its position, probability and terms.

    Attributes:
        passage: Index of the passage.
        first: First piece in the reading.
        last: Last piece.
        line: Index of its line in the passage's layout; None where it is in none.
        mass: Probability of the spans inside, given that something answers.
        own: Terms of its own text; of a line of figures also those of the name over it.
        around: Terms of the headings above it, and of the line that leads it in.
        likeness: How near it is to the question by meaning, or the sentence over it that asks, in standard deviations;
            0 where nobody knows.
        score: Mass times what shape and words say, set by `composing.choice`.
    """

    passage: int
    start: int
    end: int
    first: int
    last: int
    line: int | None
    mass: float
    own: Counter[str]
    around: Counter[str] = field(default_factory=Counter)
    likeness: float = 0.0
    score: float = 0.0


class EvidenceTable:
    """All units of a reading, with the layouts of their passages and the weights of the question's terms."""

    def __init__(
        self,
        question: str,
        reading: ReadPassages,
        distribution: SpanProbabilities,
        translated: Sequence[tuple[str, Sequence[str]]] = (),
    ) -> None:
        """Sum up the distribution by sentence; empty where no span is possible at all.

        Args:
            question: As it was asked.
            reading: What was read.
            distribution: Of the spans that may answer.
            translated: Words of the question with their translations, see `Request`.
        """
        self.question, self.reading, self.distribution = question, reading, distribution
        self.translations = {word.lower(): others for word, others in translated}
        self.layouts = [Layout(passage) for passage in reading.passages]
        self.probability_PSS: Tensor = distribution.log_joint_PSS.exp()
        self.total = max(1e-12, float(self.probability_PSS.sum()))
        self.units = [unit for passage in range(len(reading.passages)) for unit in self._units_of(passage)]
        self._answer_what_asks()
        self.weights = TermWeights(question, (unit.own for unit in self.units), translated)

    def _answer_what_asks(self) -> None:
        """A sentence under a question, as on a page of questions, gets at least the likeness of that question."""
        for asking, answering in pairwise(self.units):
            if asking.passage == answering.passage and self.text(asking).rstrip().endswith(("?", "？")):
                answering.likeness = max(answering.likeness, asking.likeness)

    def text(self, unit: Unit) -> str:
        """The unit's text."""
        return self.reading.passages[unit.passage].text[unit.start : unit.end]

    def kind(self, unit: Unit) -> PartKind:
        """Role of the line that a unit stands in."""
        return PartKind.TEXT if unit.line is None else self.layouts[unit.passage].lines[unit.line].kind

    def share(self, unit: Unit, *, around: bool = True) -> float:
        """Share of the question's weight in a unit, and in the lines over it."""
        return self.weights.share(unit.own, *([unit.around] if around else []))

    def likeness(self, passage: int, start: int, end: int) -> float:
        """Likeness of the nearest sentence inside a range of a passage, read or not; 0 where nobody knows."""
        source = self.reading.passages[passage]
        inside = [
            near
            for (first, last), near in zip(source.sentences, source.likeness, strict=False)
            if start <= first and last <= end + 1
        ]
        return max(inside, default=0.0)

    def _units_of(self, passage: int) -> Iterator[Unit]:
        source, layout = self.reading.passages[passage], self.layouts[passage]
        ranges = self.reading.ranges[passage]
        shown = [(i, a, b) for i, (a, b) in enumerate(ranges) if b > a]
        above = terms_of(" ".join(source.headings))
        at = 0
        near = dict(zip(source.sentences, source.likeness, strict=True)) if source.likeness else {}
        for start, end in _sentences(source.sentences, layout, len(source.text)):
            while at < len(shown) and shown[at][1] < start:
                at += 1
            stop = at
            while stop < len(shown) and shown[stop][2] <= end:
                stop += 1
            if stop == at:
                continue
            first, last = shown[at][0], shown[stop - 1][0]
            line = layout.line_at(shown[at][1])
            mass = float(self.probability_PSS[passage, first : last + 1, first : last + 1].sum()) / self.total
            around = Counter(above)
            if line is not None:
                around.update(_over(layout, line))
            own = terms_of(source.text[start:end])
            if line is not None and layout.is_tabular(line) and layout.is_label(line - 1):
                own.update(terms_of(layout.text_of(line - 1)))
            yield Unit(passage, start, end, first, last, line, mass, own, around, near.get((start, end), 0.0))


def _sentences(known: Sequence[tuple[int, int]], layout: Layout, length: int) -> Iterator[tuple[int, int]]:
    """The known sentences, else the lines of the passage itself."""
    if known:
        yield from known
        return
    for line in layout.lines:
        if line.start >= 0 and line.end <= length:
            yield line.start, line.end


def _over(layout: Layout, index: int) -> Counter[str]:
    """Terms of the heading above a line, of its lead-in, and of the names of a row."""
    terms: Counter[str] = Counter()
    line = layout.lines[index]
    group = layout.list_of(index)
    if group is not None and group.lead is not None and group.lead != index:
        terms.update(terms_of(layout.text_of(group.lead)))
    first, _ = layout.section_of(index)
    if layout.lines[first].kind == PartKind.HEADING and first != index:
        terms.update(terms_of(layout.text_of(first)))
    if line.kind == PartKind.ROW:
        header = layout.header_of(index)
        if header is not None:
            terms.update(terms_of(layout.text_of(header)))
    if line.kind == PartKind.CODE and index and layout.lines[index - 1].kind == PartKind.TEXT:
        terms.update(terms_of(layout.text_of(index - 1)))
    if layout.is_tabular(index):
        before = layout.text(max(layout.lines[0].start, line.start - REACH), line.start)
        terms.update(terms_of(before))
    return terms
