"""The part of a sentence that a question for an amount asks for, found by its words, and by most and least."""

import re
from collections.abc import Iterator

from generator.composing.cells import cell_asked_for
from generator.composing.choice import has_number
from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.question import asked_of
from generator.composing.terms import terms_of
from generator.types import PartKind

BOUND = 0.5
"""Added to the share of the question's weight in a clause that says the bound that was asked for, most or least."""
_CLAUSE_END = re.compile(r"[，；。：！？]|[,;:.!?](?=\s)|\s(?:and|or|but|while)\s")
_MOST = re.compile(
    r"最[多长高大晚迟]|上限|不(?:得|能)?超过|不多于|至多|以[下内]|之内"
    r"|\b(?:at (?:most|the latest)|maximum|max|up to|no (?:more|longer|later) than|exceed\w*|limit(?:ed)?"
    r"|longest|latest|within)\b",
    re.IGNORECASE,
)
_LEAST = re.compile(
    r"最[少短低小早]|下限|不(?:得|能)?[少低]于|至少|以上"
    r"|\b(?:at (?:least|the earliest)|minimum|min|no (?:less|fewer|earlier) than|shortest|earliest"
    r"|or (?:above|later|newer))\b",
    re.IGNORECASE,
)


def part_asked_for(table: EvidenceTable, unit: Unit) -> tuple[int, int]:
    """First and last piece of the cell or clause that is asked for; of the whole unit where none stands out.

    Of a sentence with amounts in several clauses that one counts which holds most of the question.
    """
    if table.kind(unit) == PartKind.ROW:
        return cell_asked_for(table, unit)
    whole = unit.first, unit.last
    if not asked_of(table.question).amount:
        return whole
    clauses = [clause for clause in _clauses(table, unit) if has_number(clause[0])]
    if len(clauses) < 2:
        return whole
    scores = [table.weights.share(terms_of(text)) + _bound(table.question, text) for text, _, _ in clauses]
    best = max(scores)
    if scores.count(best) > 1:
        return whole
    _, start, end = clauses[scores.index(best)]
    ranges = table.reading.ranges[unit.passage]
    inside = [i for i in range(unit.first, unit.last + 1) if ranges[i][0] < end and start < ranges[i][1]]
    return (inside[0], inside[-1]) if inside else whole


def _clauses(table: EvidenceTable, unit: Unit) -> Iterator[tuple[str, int, int]]:
    """Text, start and end of each clause of a sentence, in its passage."""
    text, at = table.text(unit), 0
    for end in [*(match.end() for match in _CLAUSE_END.finditer(text)), len(text)]:
        if text[at:end].strip():
            yield text[at:end], unit.start + at, unit.start + end
        at = end


def _bound(question: str, clause: str) -> float:
    return BOUND * any(rule.search(question) and rule.search(clause) for rule in (_MOST, _LEAST))
