"""Answers to questions for several things: a list that the document sets as one, or sentences side by side."""

from collections import Counter

from generator.composing import choice
from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.extent import of_list, whole_list
from generator.composing.list_choice import ListChoice, best_list
from generator.composing.plan import Plan, bounded, stretch_of_unit
from generator.composing.question import Asked
from generator.composing.terms import terms_of
from generator.types import PartKind, Shape

LIST_SHARE, LIST_SHARE_OF_OTHERS = 0.35, 0.15
"""A list replaces the best sentence where its score is at least this share of the sentence's: first of a sentence that
enumerates, and of others."""
ENOUGH_MASS = 0.25
"""A sentence that enumerates is taken instead of a list that the reader thinks nothing of, from this probability on."""
ENOUGH_WORDS = 0.5
"""Share of the question's weight in a sentence that names the things itself."""
SIBLING_SHARE = 0.2
"""Of the best sentence's score, for a further sentence of a list that is not set as items."""
SIBLINGS = 6


def compose_list(table: EvidenceTable, asked: Asked, core: Unit) -> Plan | None:
    """A list that was set as one, else the sentences that enumerate together."""
    found = best_list(table)
    if found is not None and _enumerates_itself(table, core, found):
        found = None
    share = LIST_SHARE if choice.enumerates(table.text(core)) else LIST_SHARE_OF_OTHERS
    if found is not None and found.score >= share * core.score:
        layout = table.layouts[found.passage]
        inside = [
            unit
            for unit in table.units
            if unit.passage == found.passage
            and unit.line is not None
            and layout.list_of(unit.line) == found.group
        ]
        if not inside:  # none of it was read: its heading or lead-in is what was asked for
            stretches, more = whole_list(layout, found.passage, found.group)
            return Plan(Shape.LIST, stretches, core=None, more=more)
        return of_list(table, asked, max(inside, key=lambda unit: unit.score), found.group)
    if table.kind(core) != PartKind.TEXT:
        return None
    return _siblings(table, core)


def _enumerates_itself(table: EvidenceTable, core: Unit, found: ListChoice) -> bool:
    """Whether a sentence names the things that are asked for, so that no list is needed, not even its own."""
    if not choice.enumerates(table.text(core)) or core.mass < ENOUGH_MASS:
        return False
    if found.mass < core.mass / 4:
        return True
    lead = found.group.lead
    announced = terms_of(table.layouts[found.passage].text_of(lead)) if lead is not None else Counter()
    own = table.share(core, around=False)
    return core.line != lead and own >= ENOUGH_WORDS and own > table.weights.share(announced)


def _siblings(table: EvidenceTable, core: Unit) -> Plan | None:
    """Sentences that answer together, in the order of their documents; None where there is only one."""
    share = table.share(core)
    chosen = [
        unit
        for unit in choice.ranked(table)[: 3 * SIBLINGS]
        if unit.score >= SIBLING_SHARE * core.score
        and table.share(unit) >= 0.6 * share
        and unit.line is not None
        and table.layouts[unit.passage].lines[unit.line].kind in {PartKind.TEXT, PartKind.ITEM}
    ][:SIBLINGS]
    if len(chosen) < 2:
        return None
    chosen.sort(key=lambda unit: (unit.passage != core.passage, unit.passage, unit.start))
    stretches, more = bounded([stretch_of_unit(table, unit) for unit in chosen])
    return Plan(Shape.LIST, stretches, core=core, more=more)
