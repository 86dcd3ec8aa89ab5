"""Support of each source of an answer: the probability that its quotation holds the answer.

Confidence speaks of the answer as a whole. A source has signals of its own: whether something that is not said answers
nearly as well, and how far back in the search it stands. Stretches of one passage share them, since all but its best
sentence were chosen by structure: a lead-in, further items, the names of columns.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import exp, log

from generator.composing.evidence import EvidenceTable
from generator.composing.plan import Plan
from generator.composing.signals import weigh
from generator.types import SUPPORTED, Shape

SUPPORT_SIGNALS = ("confidence", "margin", "rank", "arranged")
"""Names of the signals, in the order in which a calibration is fitted."""
ARRANGED = frozenset({Shape.LIST, Shape.STEPS, Shape.ROW, Shape.COMPARISON})
"""Shapes that are chosen by structure: that another unit scores higher says nothing against them."""
_LEAST = 1e-6
_LIMIT = 8.0


def support_signals(table: EvidenceTable, plan: Plan, passage: int) -> dict[str, float]:
    """Signals of one source of a planned answer, beside the log-odds of its confidence.

    Args:
        table: What was read, with the scores of its units.
        plan: What would be said.
        passage: Index of a passage that the plan copies from.

    Returns:
        margin: Log of the best score said of the passage over the best that is not said, within [-8, 8]; 0 for what is
        arranged. rank: Log of the passage's weight, which falls with its rank in the search; at most 0. arranged: 1 for
        lists, steps, rows and comparisons.
    """
    inside = max((u.score for u in table.units if u.passage == passage and plan.says(u)), default=0.0)
    others = max((u.score for u in table.units if not plan.says(u)), default=0.0)
    margin = log(max(_LEAST, inside)) - log(max(_LEAST, others))
    arranged = plan.shape in ARRANGED
    return {
        "margin": 0.0 if arranged else max(-_LIMIT, min(_LIMIT, margin)),
        "rank": min(0.0, log(table.reading.passages[passage].weight)),
        "arranged": float(arranged),
    }


def supported(table: EvidenceTable, plan: Plan, confidence: float, weights: Mapping[str, float]) -> Plan:
    """A plan whose stretches tell their support, without those of further passages that have too little.

    The main passage stays, and so do both sides of a comparison.

    Args:
        table: What was read.
        plan: What would be said.
        confidence: Log-odds that the whole answer is right.
        weights: Fitted, by signal, with the bias under the name "bias"; without any the plan stays as it is.
    """
    if not weights:
        return plan
    support: dict[int, float] = {}
    for passage in {stretch.passage for stretch in plan.stretches}:
        values = {"confidence": confidence, **support_signals(table, plan, passage)}
        support[passage] = 1.0 / (1.0 + exp(-weigh(values, weights)))
    stays = {plan.main} | {p for p in support if plan.shape == Shape.COMPARISON or support[p] >= SUPPORTED}
    told = [replace(s, support=support[s.passage]) for s in plan.stretches if s.passage in stays]
    return replace(plan, stretches=told)
