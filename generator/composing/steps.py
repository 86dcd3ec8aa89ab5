"""Answers to questions for steps: commands and numbered items of one section, with the lines that announce them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import exp

from generator.composing import choice
from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.layout import Layout
from generator.composing.plan import MOST_CHARS, Plan, Stretch, bounded, stretch_of_line
from generator.composing.terms import terms_of
from generator.types import PartKind, Shape

SECTION_WORDS = 3.0
"""A section that holds all of the question's terms in its heading counts exp(6) times as much as one without any."""
SECTION_LIKENESS = 1.0
"""A section with a sentence that is nearer to the question by a standard deviation counts exp(1) times as much."""
SECTION_FLOOR, SECTION_MASS = 0.1, 0.5
"""Added to the reader's probability, which says little of steps, and the power to which the sum is raised."""
MOST_OF_SEVERAL = 600
"""Most characters of the steps under several headings that are given together."""
SURE_MASS = 0.5
"""Probability of an item from which on its list is taken instead of the steps of another section."""
LONGEST_CODE = 500
"""A longer block of code is output or a listing, and is left out of steps."""
_PROMPT = re.compile(r"^\$ \S", re.MULTILINE)
_TYPED = re.compile(r"\$ \S|# ")


def compose_steps(table: EvidenceTable, core: Unit) -> Plan | None:
    """The steps of the section that answers: items and commands with the lines that announce them."""
    found = best_section(table)
    if found is None:
        return None
    passage, first, last = found
    if _is_sure_item(table, core) and not (core.passage == passage and first <= (core.line or 0) <= last):
        return None  # the list around it says what to do
    layout = table.layouts[passage]
    wanted = _procedure(layout, passage, first, last)
    inside = [unit for unit in table.units if unit.passage == passage and unit.line is not None]
    inside = [unit for unit in inside if unit.line is not None and first <= unit.line <= last]
    top = max(inside, key=lambda unit: unit.score, default=core)
    if top.passage == passage and top.line is not None and layout.lines[top.line].kind == PartKind.CODE:
        wanted = _with_line(wanted, layout, passage, top.line)
    fitting = _fitting(layout, wanted, (first, last), top) if top.passage == passage else wanted
    stretches, more = bounded(fitting)
    return Plan(Shape.STEPS, stretches, core=top, more=more or len(fitting) < len(wanted))


def _is_sure_item(table: EvidenceTable, core: Unit) -> bool:
    """Whether a unit that the reader is sure of is an item of a list with a line that leads it in."""
    if core.line is None or core.mass < SURE_MASS or table.kind(core) != PartKind.ITEM:
        return False
    group = table.layouts[core.passage].list_of(core.line)
    return group is not None and group.lead is not None


def _with_line(wanted: list[Stretch], layout: Layout, passage: int, index: int) -> list[Stretch]:
    """The steps with one more block of code, and the line that announces it."""
    lines = [index - 1, index] if layout.leads_in(index - 1) else [index]
    added = [stretch_of_line(layout, passage, i) for i in lines]
    return sorted({*wanted, *added}, key=lambda stretch: stretch.start)


def _fitting(layout: Layout, wanted: list[Stretch], within: tuple[int, int], core: Unit) -> list[Stretch]:
    """Where all steps together are too long those under the heading of the best unit, or else those from it on."""
    several = sum(stretch.kind == PartKind.HEADING for stretch in wanted) > 1
    if core.line is None or _length(wanted) <= (MOST_OF_SEVERAL if several else MOST_CHARS):
        return wanted
    first, last = _part_of(layout, within, core.line)
    inside = [s for s in wanted if layout.lines[first].start <= s.start < layout.lines[last].end]
    wanted = inside if len(inside) > 1 else wanted
    if _length(wanted) > MOST_CHARS:
        wanted = [part for stretch in wanted for part in _commands(layout, stretch)]
    if _length(wanted) <= MOST_CHARS:
        return wanted
    at = next((i for i, s in enumerate(wanted) if s.start <= core.start < s.end), 0)
    if at and wanted[at].kind == PartKind.CODE:
        at -= 1
    return wanted[at:]


def _commands(layout: Layout, stretch: Stretch) -> list[Stretch]:
    """A block of code, of a session at a prompt only the lines that are typed and the remarks over them."""
    text = layout.text(stretch.start, stretch.end)
    if stretch.kind != PartKind.CODE or not _PROMPT.search(text):
        return [stretch]
    typed: list[Stretch] = []
    at, goes_on = stretch.start, False
    for line in text.splitlines(keepends=True):
        end = at + len(line.rstrip())
        if goes_on or _TYPED.match(line):
            goes_on = line.rstrip().endswith("\\")
            last = typed[-1] if typed else None
            if last is not None and not layout.text(last.end, at).strip():
                typed[-1] = replace(last, end=end)
            else:
                typed.append(replace(stretch, start=at, end=end))
        at += len(line)
    return typed


def _length(stretches: Sequence[Stretch]) -> int:
    return sum(stretch.end - stretch.start for stretch in stretches)


def _part_of(layout: Layout, within: tuple[int, int], line: int) -> tuple[int, int]:
    """Lines under the heading over a line, as far as they lie within others; under all numbered ones beside it, too."""
    heads = [i for i in range(within[0], within[1] + 1) if layout.lines[i].kind == PartKind.HEADING]
    at = next((k for k in range(len(heads) - 1, -1, -1) if heads[k] <= line), None)
    if at is None:
        return within
    first = last = at
    if layout.numbered(heads[at]):
        while first and layout.numbered(heads[first - 1]):
            first -= 1
        while last + 1 < len(heads) and layout.numbered(heads[last + 1]):
            last += 1
    return heads[first], heads[last + 1] - 1 if last + 1 < len(heads) else within[1]


def best_section(table: EvidenceTable) -> tuple[int, int, int] | None:
    """Passage, first and last line of the section with steps that the question asks about most likely.

    The reader's probability says little of steps, as of lists; headings and words say more.
    """
    return max(sections_by_score(table), default=(0.0, None))[1]


def sections_by_score(table: EvidenceTable) -> list[tuple[float, tuple[int, int, int]]]:
    """All sections with steps: score, passage, first and last line."""
    found: list[tuple[float, tuple[int, int, int]]] = []
    for passage, layout in enumerate(table.layouts):
        source = table.reading.passages[passage]
        inside = [i for i, line in enumerate(layout.lines) if line.end > 0 and line.start < len(source.text)]
        for first, last in sorted({_whole(layout, layout.section_of(index)) for index in inside}):
            if not _procedure(layout, passage, first, last):
                continue
            mass = sum(
                u.mass for u in table.units if u.passage == passage and first <= (u.line or -1) <= last
            )
            named = (
                terms_of(layout.text_of(first)) if layout.lines[first].kind == PartKind.HEADING else Counter()
            )
            text = terms_of(layout.text(layout.lines[first].start, layout.lines[last].end))
            over = terms_of(" ".join(source.headings))
            share = (
                table.weights.share(named)
                + table.weights.share(named, text)
                + 0.5 * table.weights.share(over)
            )
            total = (mass + SECTION_FLOOR) ** SECTION_MASS * source.weight**0.5 * exp(SECTION_WORDS * share)
            total *= exp(choice.HEADED * choice.heading_precision(table, layout, first))
            near = table.likeness(passage, layout.lines[first].start, layout.lines[last].end)
            total *= exp(SECTION_LIKENESS * near)
            found.append((total, (passage, first, last)))
    return found


def _whole(layout: Layout, section: tuple[int, int]) -> tuple[int, int]:
    """A section, or that around it where its heading has a number as one of several steps."""
    first, _ = section
    level = layout.lines[first].level
    if layout.lines[first].kind != PartKind.HEADING or not _STEP_HEADING.match(layout.text_of(first)):
        return section
    while first > 0 and not 0 < layout.lines[first].level < level:
        first -= 1
    return layout.section_of(first)


def _procedure(layout: Layout, passage: int, first: int, last: int) -> list[Stretch]:
    """Instruction lines of a section; empty where it has neither commands nor numbered items.

    Of a section with further ones in it each says its own, under its heading where there are several.
    """
    lines = layout.lines
    starts = [i for i in range(first, last + 1) if i == first or lines[i].kind == PartKind.HEADING]
    ordered = sum(lines[i].kind == PartKind.HEADING and layout.numbered(i) for i in starts) > 1
    parts: list[tuple[int, set[int]]] = []
    for start, end in zip(starts, [*starts[1:], last + 1], strict=True):
        steps = _steps_under(layout, start, end - 1)
        if not steps and ordered and layout.numbered(start) and start + 1 < end:
            steps = {start + 1}  # a step that is told in words
        if steps:
            parts.append((start, steps))
    chosen = {index for _, steps in parts for index in steps}
    if len(parts) > 1:
        chosen.update(start for start, _ in parts if lines[start].kind == PartKind.HEADING)
    return [stretch_of_line(layout, passage, i) for i in sorted(chosen)]


def _steps_under(layout: Layout, first: int, last: int) -> set[int]:
    """Instruction lines under one heading, with the lines that announce them."""
    lines = layout.lines
    codes = [i for i in range(first, last + 1) if lines[i].kind == PartKind.CODE and _is_command(layout, i)]
    items = [i for i in range(first, last + 1) if lines[i].kind == PartKind.ITEM]
    numbered = [i for i in items if layout.numbered(i)]
    announced = len(items) > 1 and items[0] > 0 and _ANNOUNCES_STEPS.search(layout.text_of(items[0] - 1))
    if not codes and len(numbered) < 2 and not announced:
        return set()
    chosen: set[int] = set()
    for index in codes:
        chosen.add(index)
        if index > first and lines[index - 1].kind in {PartKind.TEXT, PartKind.ITEM}:
            chosen.add(index - 1)
    chosen.update(numbered or (items if not codes else []))
    start = min(chosen, default=first)
    if start > first and layout.leads_in(start - 1):
        chosen.add(start - 1)
    if chosen and lines[first].kind == PartKind.HEADING and min(chosen) == first + 1:
        chosen.add(first)
    return chosen


_ANNOUNCES_STEPS = re.compile(
    r"\bsteps?\b|\bprocedure\b|\b(?:click|select|choose|fill in|press|tap|type|enter)\b"
    r"|步骤|流程|点击|单击|选择|填[写入]|输入",
    re.IGNORECASE,
)

_STEP_HEADING = re.compile(r"\W*(?:step \d|第\s?[一二三四五六七八九十\d]+\s?步)", re.IGNORECASE)
_CLAUSE = re.compile(r"[，。；,;]|\.\s")


def _is_command(layout: Layout, index: int) -> bool:
    """Whether a block of code is something to type: short, and not announced as output."""
    text = layout.text_of(index)
    if len(text) > LONGEST_CODE:
        return False
    before = _CLAUSE.split(layout.text_of(index - 1).lower().rstrip(" :："))[-1] if index else ""
    return not any(sign in before for sign in ("output", "result", "输出", "结果", "返回", "similar to"))
