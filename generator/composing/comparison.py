"""Answers to questions for a difference: both sides, each cited."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from generator.composing.choice import DEFINES, defines
from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.extent import around
from generator.composing.layout import Layout
from generator.composing.plan import MOST_CHARS, Plan, Stretch, bounded, stretch_of_line
from generator.composing.question import Asked
from generator.composing.terms import terms_of
from generator.types import PartKind, Shape

LEAST_HELD = 0.3
"""Share of a side's terms that its sentence must hold."""
SIDE_FLOOR = 1e-3
"""Added to a unit's score, so that the words of a side can find its sentence."""
FEW_ROWS = 4
"""A table that gives each side rows of its own is shown whole up to so many."""
SURE, CERTAIN = 0.5, 0.9
"""Probability of a sentence outside of it from which on a table of both sides must speak of what was asked, and from
which on it is not looked at."""

Held = Callable[[str, int], float]
"""How much of a side (0 or 1) a text holds, in [0, 1]."""


def compose_comparison(table: EvidenceTable, asked: Asked, core: Unit) -> Plan | None:
    """Both sides, each by the sentence that says most of it; one sentence, or one section, where it contrasts them."""
    held = _holder(asked.sides)
    if held is None:
        return None
    table_plan = _compared_in_table(table, asked, held, core)
    if table_plan is not None:
        return table_plan
    whole = replace(asked, manner=True)
    both = max(table.units, key=lambda unit: unit.score * _contrast(table.text(unit), held))
    contrasts = _contrast(table.text(both), held) >= 0.5 and both.score >= 0.2 * core.score
    if contrasts:
        contrasted = _in_section(table, held, [both])
        if contrasted is not None and not contrasted.more:
            return contrasted
    chosen = _sides(table, asked, held)
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


def _sides(table: EvidenceTable, asked: Asked, held: Held) -> list[Unit]:
    """The unit that says most of each side; fewer than two where a side is not named."""
    chosen: list[Unit] = []
    for side in (0, 1):
        best, most = None, 0.0
        for unit in table.units:
            text = table.text(unit)
            own, other = held(text, side), held(text, 1 - side)
            if table.kind(unit) == PartKind.ROW and min(own, other) >= LEAST_HELD:
                continue  # a row of both was looked at as one of its table
            if unit in chosen or table.kind(unit) == PartKind.HEADING or own < LEAST_HELD:
                continue
            worth = (unit.score + SIDE_FLOOR) * max(0.01, own - 0.95 * other)
            if defines(text, asked.sides[side]):
                worth *= DEFINES
            if worth > most:
                best, most = unit, worth
        chosen += [best] if best else []
    return chosen


def _in_section(table: EvidenceTable, held: Held, chosen: Sequence[Unit]) -> Plan | None:
    """What the section of the chosen sentences says of either side; None where they stand in several, or do not fit."""
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


def _compared_in_table(table: EvidenceTable, asked: Asked, held: Held, core: Unit) -> Plan | None:
    """The rows that give both sides a value, those alone that speak of what was asked; None where there are none."""
    beyond = {
        term
        for term in table.weights.weights
        if not any(term in terms_of(side) for side in asked.sides) and not _CONTRASTS.search(term)
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
                asked_for = [i for i in naming if beyond & set(terms_of(texts[i]))]
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


def _holder(sides: Sequence[str]) -> Held | None:
    """Tells how much of a side a text holds; None where there are no two sides that differ.

    A side stands in a text as it is named, or by the terms that only it has: names in Latin letters where both have
    one, single characters where both are Chinese, since texts say it in longer words.
    """
    if len(sides) != 2:
        return None
    named = [_bare(side) for side in sides]
    only = _what_differs(named)
    contained = [named[0] in named[1], named[1] in named[0]]
    if not all(only) and not any(contained):
        return None

    def held(text: str, side: int) -> float:
        low = text.lower()
        if contained[side]:
            return float(named[side] in low.replace(named[1 - side], " "))
        if named[side] in low or not only[side]:
            return float(named[side] in low)
        own = terms_of(text)
        return sum(term in own or _stands_bare(term, low) for term in only[side]) / len(only[side])

    return held


def _bare(side: str) -> str:
    """A side without what it is about: 个税上居民个人, 覆盖写的时候 CephFS, JuiceFS 的做法."""
    low = side.lower().strip()
    for cut in (_ABOUT, _OF_WHAT):
        low = cut.sub("", low).strip() or low
    return low


def _what_differs(sides: Sequence[str]) -> list[set[str]]:
    """Terms that only one side has."""
    latin = [set(_LATIN.findall(side)) for side in sides]
    if all(latin) and latin[0] != latin[1] and any(_HAN.search(side) for side in sides):
        terms = latin
    elif all(_HAN.search(side) and not _LATIN.search(side) for side in sides):
        terms = [{character for character in side if character.isalnum()} for side in sides]
    else:
        terms = [set(terms_of(side)) or set(side.split()) for side in sides]
    return [terms[0] - terms[1], terms[1] - terms[0]]


def _stands_bare(term: str, text: str) -> bool:
    """Whether a text holds a term that is none of its own: a single character, or a name like "list"."""
    if len(term) == 1 and not term.isascii():
        return term in text
    return re.search(rf"(?<![a-z0-9]){re.escape(term)}", text) is not None


_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[a-z][a-z0-9.+\-_/]*")
_ABOUT = re.compile(r"^.{1,14}?(?:上|里|中|方面|的时候|时候?)[，, ]?(?=[\u4e00-\u9fffa-z]{2})")
_OF_WHAT = re.compile(r"的[\u4e00-\u9fff]{1,6}$")


def _without_repeats(stretches: Sequence[Stretch]) -> list[Stretch]:
    kept: list[Stretch] = []
    for stretch in stretches:
        if not any(
            s.passage == stretch.passage and s.start < stretch.end and stretch.start < s.end for s in kept
        ):
            kept.append(stretch)
    return kept
