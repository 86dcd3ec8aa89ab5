"""The plan of an answer: stretches of passages to copy, in order, with the few words that stand between them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.layout import Layout
from generator.types import Ink, Part, PartKind, Shape, SourcePassage, Token

MOST_CHARS = 1200
"""Longest list, section or table that an answer brings along; `more` records that there is a rest."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters of a passage, or of the text around it, to copy whole.

    Attributes:
        support: See `generator.composing.support`; None where it is not known.
    """

    passage: int
    start: int
    end: int
    kind: PartKind = PartKind.TEXT
    support: float | None = field(default=None, compare=False)


@dataclass(slots=True)
class Plan:
    """The stretches of an answer, its shape and its opening words.

    Attributes:
        shape: Form of the answer.
        stretches: What is copied, in order.
        opening: Words of its own before all else ("Yes. "); empty for none.
        core: The unit that holds the short answer.
        more: Whether something that belongs to it was left out.
    """

    shape: Shape
    stretches: list[Stretch] = field(default_factory=list)
    opening: str = ""
    core: Unit | None = None
    more: bool = False

    @property
    def main(self) -> int:
        """The passage that holds the short answer."""
        return self.core.passage if self.core is not None else self.stretches[0].passage

    def says(self, unit: Unit) -> bool:
        """Whether some of a unit is said."""
        return any(
            s.passage == unit.passage and s.start < unit.end and unit.start < s.end for s in self.stretches
        )


def stretch_of_line(layout: Layout, passage: int, index: int) -> Stretch:
    """A whole line."""
    line = layout.lines[index]
    return Stretch(passage, line.start, line.end, line.kind)


def stretch_of_unit(table: EvidenceTable, unit: Unit) -> Stretch:
    """A sentence, without the white space at its ends."""
    text = table.text(unit)
    start = unit.start + len(text) - len(text.lstrip())
    return Stretch(unit.passage, start, start + len(text.strip()), table.kind(unit))


def bounded(stretches: Sequence[Stretch], most: int = MOST_CHARS) -> tuple[list[Stretch], bool]:
    """As many stretches from the start as fit, at least one; and whether some were left out."""
    kept: list[Stretch] = []
    spent = 0
    for stretch in stretches:
        spent += stretch.end - stretch.start
        if kept and spent > most:
            return kept, True
        kept.append(stretch)
    return kept, False


def joined(plans: Sequence[Plan]) -> Plan:
    """The plans of several questions one after another, without repeated stretches."""
    first = plans[0]
    stretches: list[Stretch] = []
    for stretch in (stretch for plan in plans for stretch in plan.stretches):
        _add(stretches, stretch)
    stretches, cut = bounded(stretches)
    alone = all(plan.stretches == first.stretches for plan in plans)
    return Plan(
        first.shape if alone else Shape.SENTENCE,
        stretches,
        opening=first.opening,
        core=first.core,
        more=cut or any(plan.more for plan in plans),
    )


def _add(stretches: list[Stretch], new: Stretch) -> None:
    """Add a stretch; where it overlaps an earlier one, that one grows instead."""
    for at, old in enumerate(stretches):
        if old.passage == new.passage and old.start < new.end and new.start < old.end:
            stretches[at] = replace(old, start=min(old.start, new.start), end=max(old.end, new.end))
            return
    stretches.append(new)


def tokens_of(plan: Plan, passages: Sequence[SourcePassage]) -> Iterator[Token]:
    """The plan as tokens: neighbours in a document are one copied run, its line ends included."""
    if plan.opening:
        yield Token(text=plan.opening, ink=Ink.WRITTEN)
    last: Stretch | None = None
    for run in _runs(plan.stretches, passages):
        if last is not None:
            yield Token(text=_between(last, run), ink=Ink.WRITTEN)
        source = passages[run.passage]
        text = wide_text(source)[run.start + len(source.before) : run.end + len(source.before)]
        yield Token(
            text=text,
            ink=Ink.COPIED,
            passage=source.key,
            start=run.start,
            end=run.end,
            action="copy",
            support=run.support,
        )
        last = run


def parts_of(plan: Plan, passages: Sequence[SourcePassage], text: str) -> list[Part]:
    """Roles of the stretches of the answer's text."""
    parts: list[Part] = []
    at = 0
    if plan.opening:
        parts.append(Part(answer_start=0, answer_end=len(plan.opening.rstrip()), kind=PartKind.TEXT))
        at = len(plan.opening)
    for stretch in plan.stretches:
        source = passages[stretch.passage]
        said = wide_text(source)[stretch.start + len(source.before) : stretch.end + len(source.before)]
        start = text.find(said, at)
        if start < 0:
            continue
        at = start + len(said)
        parts.append(Part(answer_start=start, answer_end=at, kind=stretch.kind))
    return parts


def wide_text(passage: SourcePassage) -> str:
    """The passage with the text around it."""
    return passage.before + passage.text + passage.after


def _runs(stretches: Sequence[Stretch], passages: Sequence[SourcePassage]) -> list[Stretch]:
    runs: list[Stretch] = []
    for stretch in stretches:
        last = runs[-1] if runs else None
        if last is not None and last.passage == stretch.passage and last.end <= stretch.start:
            source = passages[last.passage]
            gap = wide_text(source)[last.end + len(source.before) : stretch.start + len(source.before)]
            if not gap.strip():
                known = [s for s in (last.support, stretch.support) if s is not None]
                runs[-1] = replace(last, end=stretch.end, support=min(known, default=None))
                continue
        runs.append(stretch)
    return runs


def _between(left: Stretch, right: Stretch) -> str:
    lines = {PartKind.ITEM, PartKind.ROW}
    return "\n" if left.kind in lines and right.kind in lines else "\n\n"
