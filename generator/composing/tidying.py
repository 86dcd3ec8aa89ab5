"""One citation per source: no sentence twice, no two runs of one paragraph, no steps outside of the reading."""

from collections.abc import Sequence

from generator.composing.evidence import EvidenceTable
from generator.composing.layout import Layout
from generator.composing.plan import Plan, Stretch
from generator.composing.terms import terms_of
from generator.types import PartKind, Shape

GAP = 200
"""Most characters between two sentences of one paragraph that are said with them, so that it is quoted once."""
ASKED_FOR = 0.25
"""Share of the question's weight in a command that belongs to the steps although its section was not read."""
SHORTEST_REPEAT = 20
"""Shorter stretches, such as a command or a name, may be said twice."""


def tidied(table: EvidenceTable, plan: Plan) -> Plan:
    """Join the stretches of a plan that stand in one paragraph, and leave out repetitions and steps that were not read.

    Passages overlap, and documents hold copies of each other, so that the same sentence is found twice. Steps under a
    heading of which nothing was read belong to something else.
    """
    kept = _joined(table, _once(table, plan.stretches))
    if plan.shape == Shape.STEPS:
        read = _read(table, kept)
        plan.more = plan.more or len(read) < len(kept)
        kept = _without_bare_headings(read)
    plan.stretches = kept
    return plan


def _once(table: EvidenceTable, stretches: Sequence[Stretch]) -> list[Stretch]:
    """Stretches without those whose text another one, of another passage, has said before."""
    kept: list[Stretch] = []
    for stretch in stretches:
        text = _text(table, stretch)
        said = any(s.passage != stretch.passage and text in _text(table, s) for s in kept)
        if not said or len(text) < SHORTEST_REPEAT:
            kept.append(stretch)
    return kept


def _joined(table: EvidenceTable, stretches: Sequence[Stretch]) -> list[Stretch]:
    """Stretches with those of one paragraph joined, the text between them included."""
    kept: list[Stretch] = []
    for stretch in stretches:
        last = kept[-1] if kept else None
        near = last is not None and last.passage == stretch.passage and 0 <= stretch.start - last.end <= GAP
        if last is not None and near and stretch.kind != PartKind.CODE:
            layout = table.layouts[last.passage]
            line = layout.line_at(last.start)
            if line is not None and stretch.end <= layout.lines[line].end:
                kept[-1] = Stretch(last.passage, last.start, stretch.end, last.kind)
                continue
        kept.append(stretch)
    return kept


def _read(table: EvidenceTable, stretches: Sequence[Stretch]) -> list[Stretch]:
    """Stretches under a heading under which something was read, or a command has the question's terms.

    Steps may have headings with numbers, which part nothing.
    """
    layouts = table.layouts
    sections = {
        (u.passage, _section(layouts[u.passage], u.line))
        for u in table.units
        if u.line is not None
        and any(s.passage == u.passage and s.start < u.end and u.start < s.end for s in stretches)
    }
    named = {
        (s.passage, _section_at(layouts[s.passage], s.start))
        for s in stretches
        if s.kind == PartKind.CODE and table.weights.share(terms_of(_text(table, s))) >= ASKED_FOR
    }
    told = {*sections, *named} if sections else set()
    kept = [s for s in stretches if (s.passage, _section_at(layouts[s.passage], s.start)) in told]
    return kept or list(stretches)


def _without_bare_headings(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Stretches without the headings under which nothing is said."""
    following = [stretch.kind for stretch in stretches[1:]] + [PartKind.HEADING]
    kept = [
        s for s, kind in zip(stretches, following, strict=True) if PartKind.HEADING not in {s.kind} & {kind}
    ]
    return kept or list(stretches)


def _section_at(layout: Layout, position: int) -> int | None:
    line = layout.line_at(position)
    return None if line is None else _section(layout, line)


def _section(layout: Layout, line: int) -> int:
    """Line of the nearest heading above a line that has no number; the first line where there is none."""
    while line > 0 and (layout.lines[line].kind != PartKind.HEADING or layout.numbered(line)):
        line -= 1
    return line


def _text(table: EvidenceTable, stretch: Stretch) -> str:
    return table.layouts[stretch.passage].text(stretch.start, stretch.end).strip()
