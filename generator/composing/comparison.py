"""Answers to questions for a difference: both sides, each cited."""

import re
from collections.abc import Sequence
from dataclasses import replace
from math import exp

from generator.composing.cells import BETWEEN
from generator.composing.choice import DEFINES, defines
from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.extent import around
from generator.composing.layout import Layout
from generator.composing.plan import MOST_CHARS, Plan, Stretch, bounded, stretch_of_line
from generator.composing.question import Asked
from generator.composing.sides import Held, Sides, sides_of
from generator.composing.terms import terms_of
from generator.types import PartKind, Shape

LEAST_HELD = 0.3
"""Share of a side's terms that its sentence must hold."""
CANDIDATES = 8
"""Units of a side that are looked at."""
SIDE_BY_SIDE, SAME_PASSAGE, PARALLEL = 8.0, 2.0, 2.0
"""Two units count so much more in lines beside each other, in one passage, and (as exp) where all words are shared."""
BOTH_ALIKE = 0.01
"""Of a unit that names the other side as much as its own."""
BOTH_DEFINED = 20.0
"""Of two units that define the sides, where nothing but the difference is asked for."""
SIDE_FLOOR = 1e-3
"""Added to a unit's score, so that the words of a side can find its sentence."""
FEW_ROWS = 4
"""Most rows of a table, with rows of their own for each side, that is shown whole."""
SURE, CERTAIN = 0.5, 0.9
"""Probabilities of a sentence outside of a table of both sides: from the first on the table must have terms of the
question, from the second on the table is not considered."""


def compose_comparison(table: EvidenceTable, asked: Asked, core: Unit) -> Plan | None:
    """Both sides, each by the sentence that says most of it; one sentence, or one section, where it contrasts them."""
    sides = sides_of(asked.sides)
    if sides is None:
        return None
    held = sides.held
    table_plan = _compared_in_table(table, sides, core)
    if table_plan is not None:
        return table_plan
    whole = replace(asked, manner=True)
    both = max(table.units, key=lambda unit: unit.score * _contrast(table.text(unit), held))
    contrasts = _contrast(table.text(both), held) >= 0.5 and both.score >= 0.2 * core.score
    if contrasts:
        contrasted = _in_section(table, held, [both])
        if contrasted is not None and not contrasted.more:
            return contrasted
    chosen = _chosen(table, sides)
    if len(chosen) < 2:
        return _alone(table, whole, both) if contrasts else None
    plan = _in_section(table, held, chosen)
    if plan is not None:
        return plan
    stretches = [s for unit in chosen for s in around(table, whole, unit).stretches]
    stretches, more = bounded(_without_repeats(stretches), MOST_CHARS)
    return Plan(Shape.COMPARISON, stretches, core=chosen[0], more=more)


def _alone(table: EvidenceTable, asked: Asked, both: Unit) -> Plan:
    """The paragraph that sets both sides against each other."""
    plan = around(table, asked, both)
    plan.shape = Shape.COMPARISON
    return plan


def _contrast(text: str, held: Held) -> float:
    """How much a sentence sets both sides against each other; naming both alike ("A or B") is none."""
    bare = _BOTH_ALIKE.sub("", text)
    return min(held(text, 0), held(text, 1)) if _CONTRASTS.search(bare) else 0.0


_BOTH_ALIKE = re.compile(r"分别(?:予以|进行|办理|处理)|予以分别")
_CONTRASTS = re.compile(
    r"\b(?:unlike|whereas|while|but|than|however|compared|instead|rather|differs?|different(?:ly)?|differences?|respectively|"
    r"on the other hand|in contrast)\b|[而但]|则|相比|不同|区别|分别|；|;",
    re.IGNORECASE,
)


def _chosen(table: EvidenceTable, sides: Sides) -> list[Unit]:
    """The two units that say most of the sides together; fewer than two where a side is not named.

    Documents say both sides side by side and in like words, so two sentences that stand together count more than the
    best of each.
    """
    found = [_best_of_side(table, sides, side) for side in (0, 1)]
    pairs = [
        (worth * other * _together(table, sides, unit, beside), unit, beside)
        for unit, worth in found[0]
        for beside, other in found[1]
        if unit is not beside
    ]
    if not pairs:
        return []
    _, unit, beside = max(pairs, key=lambda pair: pair[0])
    return [unit, beside]


def _best_of_side(table: EvidenceTable, sides: Sides, side: int) -> list[tuple[Unit, float]]:
    """The units that say most of a side, best first, with their worth."""
    worths: list[tuple[Unit, float]] = []
    for unit in table.units:
        text = table.text(unit)
        own, other = sides.held(text, side), sides.held(text, 1 - side)
        if table.kind(unit) == PartKind.ROW and min(own, other) >= LEAST_HELD:
            continue  # a row of both was looked at as one of its table
        if table.kind(unit) == PartKind.HEADING or own < LEAST_HELD:
            continue
        worth = (unit.score + SIDE_FLOOR) * max(BOTH_ALIKE, own - other)
        worths.append((unit, worth * DEFINES if defines(text, sides.names[side]) else worth))
    return sorted(worths, key=lambda pair: -pair[1])[:CANDIDATES]


def _together(table: EvidenceTable, sides: Sides, *pair: Unit) -> float:
    """Factor of two units together: for their nearness, for words they share, for definitions of both sides."""
    left, right = pair
    named = {term for name in sides.names for term in terms_of(name)}
    one, other = ({*unit.own} - named for unit in pair)
    factor = exp(PARALLEL * len(one & other) / max(1, min(len(one), len(other))))
    if not sides.in_what and all(
        defines(table.text(unit), name) for unit, name in zip(pair, sides.names, strict=True)
    ):
        factor *= BOTH_DEFINED
    if left.passage != right.passage or left.line is None or right.line is None:
        return factor
    return factor * (SIDE_BY_SIDE if abs(left.line - right.line) <= 2 else SAME_PASSAGE)


def _in_section(table: EvidenceTable, held: Held, chosen: Sequence[Unit]) -> Plan | None:
    """The sentences on either side in the section of the chosen ones; None for several sections or a bad fit."""
    passages = {unit.passage for unit in chosen}
    lines = [unit.line for unit in chosen if unit.line is not None]
    if len(passages) > 1 or len(lines) < len(chosen):
        return None
    passage = passages.pop()
    layout = table.layouts[passage]
    sections = {_stretch_of_text(layout, line) for line in lines}
    if len(sections) > 1:
        return None
    first, last = sections.pop()
    wanted = [
        stretch_of_line(layout, passage, i)
        for i in range(first, last + 1)
        if layout.lines[i].kind in {PartKind.TEXT, PartKind.ITEM, PartKind.ROW}
        and (max(held(layout.text_of(i), side) for side in (0, 1)) >= LEAST_HELD or i in lines)
    ]
    stretches, more = bounded(wanted)
    top = max(chosen, key=lambda unit: unit.score)
    if not all(any(s.start <= u.start and u.end <= s.end + 1 for s in stretches) for u in chosen):
        return None
    return Plan(Shape.COMPARISON, stretches, core=top, more=more)


def _stretch_of_text(layout: Layout, index: int) -> tuple[int, int]:
    """Lines of an article, or those between two headings."""
    article = layout.article_of(index)
    if article is not None:
        return article
    first = last = index
    while first > 0 and layout.lines[first - 1].kind != PartKind.HEADING:
        first -= 1
    while last + 1 < len(layout.lines) and layout.lines[last + 1].kind != PartKind.HEADING:
        last += 1
    return first, last


def _compared_in_table(table: EvidenceTable, sides: Sides, core: Unit) -> Plan | None:
    """The rows that give both sides a value and have terms of the question; None where there are none."""
    held = sides.held
    beyond = {
        term
        for term in table.weights.weights
        if not any(term in terms_of(name) for name in sides.names) and not _CONTRASTS.search(term)
    }
    surest = max(table.units, key=lambda unit: unit.mass)
    for passage, layout in enumerate(table.layouts):
        length = len(table.reading.passages[passage].text)
        for group in layout.lists:
            first = layout.lines[group.first]
            if first.kind != PartKind.ROW or group.last == group.first or not 0 <= first.start < length:
                continue
            indices = range(group.first, group.last + 1)
            texts = {i: layout.text_of(i) for i in indices}
            naming = [i for i in indices if min(held(texts[i], 0), held(texts[i], 1)) >= LEAST_HELD]
            one_each = [any(held(texts[i], side) >= LEAST_HELD for i in indices) for side in (0, 1)]
            if len(naming) * 2 > len(texts) and len(naming) > 1:
                asked_for = [i for i in naming if beyond & set(terms_of(texts[i])) and not _alike(texts[i])]
                inside = surest.passage == passage and surest.line in indices
                if beyond and not inside and surest.mass >= (CERTAIN if asked_for else SURE):
                    continue
                rows = asked_for or naming
            elif all(one_each) and len(texts) <= FEW_ROWS:
                rows = list(indices)
            else:
                continue
            stretches, more = bounded([stretch_of_line(layout, passage, i) for i in rows])
            units = [u for u in table.units if u.passage == passage and u.line in rows]
            top = max(units, key=lambda unit: unit.score, default=core)
            return Plan(Shape.COMPARISON, stretches, core=top, more=more)
    return None


def _alike(row: str) -> bool:
    """Whether a row gives both sides the same value, so that it says no difference."""
    values = [cell.rpartition(": ")[2].strip() for cell in row.split(BETWEEN)[1:]]
    return len(values) > 1 and len({*values}) == 1


def _without_repeats(stretches: Sequence[Stretch]) -> list[Stretch]:
    kept: list[Stretch] = []
    for stretch in stretches:
        if not any(
            s.passage == stretch.passage and s.start < stretch.end and stretch.start < s.end for s in kept
        ):
            kept.append(stretch)
    return kept
