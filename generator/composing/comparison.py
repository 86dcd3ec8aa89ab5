"""Answers to questions for a difference: both sides, each cited."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.extent import around
from generator.composing.plan import MOST_CHARS, Plan, Stretch, bounded, stretch_of_line
from generator.composing.question import Asked
from generator.composing.terms import terms_of
from generator.types import PartKind, Shape

LEAST_HELD = 0.3
"""Share of a side's terms that its sentence must hold."""
SIDE_FLOOR = 1e-3
"""Added to a unit's score, so that the words of a side can find its sentence."""


def compose_comparison(table: EvidenceTable, asked: Asked, core: Unit) -> Plan | None:
    """Both sides, each by the sentence that says most of it; one sentence where it names both."""
    if len(asked.sides) != 2:
        return None
    only = _what_differs(asked.sides)
    if not all(only):
        return None
    table_plan = _compared_in_table(table, only, core)
    if table_plan is not None:
        return table_plan

    def held(unit: Unit, side: set[str]) -> float:
        text = table.text(unit).lower()
        return sum(term in unit.own or _stands_bare(term, text) for term in side) / len(side)

    both = max(table.units, key=lambda unit: unit.score * min(held(unit, only[0]), held(unit, only[1])))
    if min(held(both, only[0]), held(both, only[1])) >= 0.5 and both.score >= 0.2 * core.score:
        plan = around(table, replace(asked, manner=True), both)
        plan.shape = Shape.COMPARISON
        return plan
    chosen = _sides(table, only, held)
    if len(chosen) < len(only):
        return None
    whole = replace(asked, manner=True)
    stretches = [s for unit in chosen for s in around(table, whole, unit).stretches]
    stretches, more = bounded(_without_repeats(stretches), MOST_CHARS)
    return Plan(Shape.COMPARISON, stretches, core=chosen[0], more=more)


def _sides(
    table: EvidenceTable, only: Sequence[set[str]], held: Callable[[Unit, set[str]], float]
) -> list[Unit]:
    """The unit that says most of each side; fewer than two where a side is not named."""
    chosen: list[Unit] = []
    for side, other in (only, only[::-1]):
        best, most = None, 0.0
        for unit in table.units:
            if unit in chosen or table.kind(unit) == PartKind.HEADING or held(unit, side) < LEAST_HELD:
                continue
            worth = (unit.score + SIDE_FLOOR) * max(0.01, held(unit, side) - 0.3 * held(unit, other))
            if worth > most:
                best, most = unit, worth
        chosen += [best] if best else []
    return chosen


def _compared_in_table(table: EvidenceTable, only: Sequence[set[str]], core: Unit) -> Plan | None:
    """The table whose rows name both sides, each with its value; None where there is none."""
    for passage, layout in enumerate(table.layouts):
        length = len(table.reading.passages[passage].text)
        for group in layout.lists:
            first, last = layout.lines[group.first], layout.lines[group.last]
            if first.kind != PartKind.ROW or group.last == group.first or not 0 <= first.start < length:
                continue
            terms = [terms_of(layout.text_of(i)) for i in range(group.first, group.last + 1)]
            naming = [all(any(term in row for term in side) for side in only) for row in terms]
            if sum(naming) * 2 > len(naming) and sum(naming) > 1:
                rows = [stretch_of_line(layout, passage, i) for i in range(group.first, group.last + 1)]
                stretches, more = bounded(rows)
                inside = [
                    u for u in table.units if u.passage == passage and first.start <= u.start < last.end
                ]
                top = max(inside, key=lambda unit: unit.score, default=core)
                return Plan(Shape.COMPARISON, stretches, core=top, more=more)
    return None


def _what_differs(sides: Sequence[str]) -> list[set[str]]:
    """Terms that only one side has; single characters where both are Chinese, since texts say it in longer words."""
    if all(not any("a" <= c <= "z" for c in side.lower()) for side in sides):
        bare = [_OF_WHAT.sub("", side) if _OF_WHAT.sub("", side) else side for side in sides]
        terms = [{character for character in side if character.isalnum()} for side in bare]
    else:
        terms = [set(terms_of(side)) or set(side.lower().split()) for side in sides]
    return [terms[0] - terms[1], terms[1] - terms[0]]


def _stands_bare(term: str, text: str) -> bool:
    """Whether a text holds a term that is none of its own: a single character, or a name like "list"."""
    if len(term) == 1 and not term.isascii():
        return term in text
    return not terms_of(term) and re.search(rf"\b{re.escape(term)}", text) is not None


_OF_WHAT = re.compile(r"的[\u4e00-\u9fff]{1,6}$")


def _without_repeats(stretches: Sequence[Stretch]) -> list[Stretch]:
    kept: list[Stretch] = []
    for stretch in stretches:
        if not any(
            s.passage == stretch.passage and s.start < stretch.end and stretch.start < s.end for s in kept
        ):
            kept.append(stretch)
    return kept
