"""Evidence for other answers, beside the evidence that an answer shows."""

from generator.composing.evidence import EvidenceTable
from generator.composing.plan import Plan
from generator.types import Evidence, PartKind


def other_evidence(table: EvidenceTable, plan: Plan | None, most: int = 2) -> list[Evidence]:
    """The best units that an answer does not show, best first; for a refusal the best of every passage."""
    found: list[Evidence] = []
    seen: set[int] = set()
    for unit in sorted(table.units, key=lambda unit: -unit.score):
        known = unit.passage in seen if plan is None else plan.says(unit)
        if known or table.kind(unit) == PartKind.HEADING:
            continue
        seen.add(unit.passage)
        key = table.reading.passages[unit.passage].key
        found.append(Evidence(passage=key, start=unit.start, end=unit.end, probability=unit.mass))
        if plan is not None and len(found) == most:
            break
    return found
