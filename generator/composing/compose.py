"""Composing an answer: from the evidence and the shape asked for to a plan of stretches to copy.

The sentence comes first and the phrase inside it later: a sentence is right more often, and it can be understood
without its source.
"""

from dataclasses import replace

from generator.composing import choice
from generator.composing.comparison import compose_comparison
from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.extent import around
from generator.composing.lists import compose_list
from generator.composing.plan import Plan
from generator.composing.polarity import begins_with_word, opening, polarity
from generator.composing.question import Asked
from generator.composing.signals import names_missing
from generator.composing.steps import compose_steps
from generator.composing.tidying import tidied
from generator.types import Shape


def compose(table: EvidenceTable, asked: Asked) -> Plan | None:
    """Plan an answer; None where nothing was read."""
    choice.score(table, asked)
    core = choice.best(table)
    if core is None:
        return None
    plan: Plan | None = None
    if asked.shape == Shape.LIST:
        plan = compose_list(table, asked, core)
    elif asked.shape == Shape.STEPS:
        plan = compose_steps(table, core)
    elif asked.shape == Shape.COMPARISON:
        plan = compose_comparison(table, asked, core)
    elif asked.shape == Shape.YES_NO:
        plan = _yes_no(table, asked, core)
    return tidied(table, plan or around(table, asked, core))


def _yes_no(table: EvidenceTable, asked: Asked, core: Unit) -> Plan:
    """The word first where it is plain, then the sentence that says so."""
    plan = around(table, asked, core)
    if asked.negated or not plan.stretches:
        return plan
    layout = table.layouts[core.passage]
    said = [layout.text(stretch.start, stretch.end) for stretch in plan.stretches]
    if begins_with_word(said[0]):
        # the sources say the word themselves; what comes after it says why
        plan = around(table, replace(asked, manner=True), core)
        plan.shape = Shape.YES_NO
        return plan
    says = polarity(asked.question, said[0], table.weights.weights, "\n".join(said))
    unknown = any(not name[0].isdigit() for name in names_missing(asked.question, table, plan))
    if says is None or unknown:  # what is said of one thing says nothing of another
        return plan
    plan.opening = opening(asked.chinese, says)
    plan.shape = Shape.YES_NO
    return plan
