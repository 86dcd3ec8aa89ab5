"""What else may answer, beside what an answer shows."""

from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.plan import Plan
from generator.types import Evidence, PartKind


def other_evidence(table: EvidenceTable, plan: Plan | None, most: int = 2) -> list[Evidence]:
    """The best units that an answer does not show, best first; for a refusal the best of every passage."""
    found: list[Evidence] = []
    seen: set[int] = set()
    shown = plan.stretches if plan is not None else ()
    for unit in sorted(table.units, key=lambda unit: -unit.score):
        said = any(s.passage == unit.passage and s.start < unit.end and unit.start < s.end for s in shown)
        if said or (plan is None and unit.passage in seen) or _is_heading(table, unit):
            continue
        seen.add(unit.passage)
        key = table.reading.passages[unit.passage].key
        found.append(Evidence(passage=key, start=unit.start, end=unit.end, probability=unit.mass))
        if plan is not None and len(found) == most:
            break
    return found


def _is_heading(table: EvidenceTable, unit: Unit) -> bool:
    return unit.line is not None and table.layouts[unit.passage].lines[unit.line].kind == PartKind.HEADING
