"""The choice of a list: which of the lists in documents a question asks for.

The reader's probability says little of a list, since each item holds a part of the answer; the line that leads it in,
the heading over it and its words say more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from generator.composing.actors import asks_of_another
from generator.composing.choice import HEADED, LIKENESS, heading_precision
from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.layout import ARTICLE, ListGroup
from generator.composing.negation import negates
from generator.composing.question import asking_part
from generator.composing.terms import terms_of
from generator.types import PartKind

WORDS = 4.0
"""A list counts exp(4) times as much where all of the question's terms stand over it, exp(2) times in its items."""
FLOOR = 0.1
"""Added to the probability of a list."""
NEXT_TO_IT = 0.7
"""Share of the probability of the lines before and behind a list that counts for it."""
LEAD_PRECISION = 2.0
"""A list whose lead-in has no term that the question lacks counts exp(2) times as much."""
NO_LEAD = 0.5
"""A list that no line leads in."""
EXCEPTED, RULE, EXCEPTION = 2.0, 0.3, 0.5
"""A list of exceptions where those are asked for; one of the rule there; and one of exceptions elsewhere."""
EXAMPLES = 0.4
"""A list that is led in as examples, where none were asked for."""
OF_ANOTHER = 0.05
"""A list of rights or duties of another party than the question asks about."""
BESIDE = 0.3
"""A list that stands beside a passage that was found, not in it."""
BARE = 20
"""Characters of a lead-in up to which the sentence before it names the subject of the list: "There are two:"."""
_ANNOUNCING = re.compile(
    rf"{ARTICLE.pattern}|下列|以下|如下|之一|情形|必须|应当|符合|具备|属于|\b(?:following|below|includes?|including)\b",
    re.IGNORECASE,
)
"""Words that lead a list in, whatever it is a list of."""
_EXAMPLES = re.compile(r"示例|例如|比如|举例|\bexamples?\b|\bfor instance\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[。！？])|(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True)
class ListChoice:
    """A list of a passage with the score of all that belongs to it.

    Attributes:
        passage: Index of the passage.
        group: Its items and their lead-in.
        score: Comparable with those of units.
        mass: Probability of what stands in it, and of some of what stands next to it.
    """

    passage: int
    group: ListGroup
    score: float
    mass: float


def best_list(table: EvidenceTable) -> ListChoice | None:
    """The list that the question asks for most likely; None where no passage has one."""
    return max(lists_by_score(table), key=lambda found: found.score, default=None)


def lists_by_score(table: EvidenceTable) -> Sequence[ListChoice]:
    """Lists of at least two items, best first."""
    negated = negates(asking_part(table.question))
    found = [
        _choice(table, passage, group, negated=negated)
        for passage, layout in enumerate(table.layouts)
        for group in layout.lists
        if group.last > group.first and (group.lead is not None or _inside(table, passage, group))
    ]
    return sorted(found, key=lambda one: -one.score)


def _choice(table: EvidenceTable, passage: int, group: ListGroup, *, negated: bool) -> ListChoice:
    layout, source = table.layouts[passage], table.reading.passages[passage]
    first, _ = layout.section_of(group.first)
    mass = _mass(table, passage, group)
    total = (mass + FLOOR) * source.weight**0.5 * exp(WORDS * _share(table, passage, group, first))
    total *= exp(HEADED * heading_precision(table, layout, first))
    total *= NO_LEAD if group.lead is None else exp(_announced(table, passage, group.lead))
    total *= 1.0 if _inside(table, passage, group) else BESIDE
    lead = "" if group.lead is None else layout.text_of(group.lead)
    if negates(_announcement(lead)):
        total *= EXCEPTED if negated else EXCEPTION
    elif negated:
        total *= RULE
    if asks_of_another(asking_part(table.question), _last_sentence(lead)):
        total *= OF_ANOTHER
    if _EXAMPLES.search(_last_sentence(lead)) and not _EXAMPLES.search(table.question):
        total *= EXAMPLES
    return ListChoice(passage, group, total, mass)


def _mass(table: EvidenceTable, passage: int, group: ListGroup) -> float:
    """Probability of a list, its lead-in included, and of a part of the lines before and behind it."""
    lead = [] if group.lead is None else [group.lead]
    members = {*range(group.first, group.last + 1), *lead}
    beside = {group.last + 1, *(line - 1 for line in lead)} - members
    units = [unit for unit in table.units if unit.passage == passage and unit.line is not None]
    own, others = (_sum(units, lines) for lines in (members, beside))
    return own + NEXT_TO_IT * others


def _sum(units: Sequence[Unit], lines: set[int]) -> float:
    return sum(unit.mass for unit in units if unit.line in lines)


def _share(table: EvidenceTable, passage: int, group: ListGroup, first: int) -> float:
    """Share of the question's weight over a list, and half of that in its items; `first` is the line of its heading."""
    layout, share = table.layouts[passage], table.weights.share
    over = [terms_of(layout.text_of(group.lead))] if group.lead is not None else []
    if layout.lines[first].kind == PartKind.HEADING:
        over.append(terms_of(layout.text_of(first)))
    path = terms_of(" ".join(table.reading.passages[passage].headings))
    items = terms_of(layout.text(layout.lines[group.first].start, layout.lines[group.last].end))
    whole = share(*over) + 0.5 * share(*over, path, items)
    if group.lead is None:
        return whole
    # of a paragraph, the last sentence says what the list is of
    announced = terms_of(_last_sentence(layout.text_of(group.lead)))
    return (whole + share(announced, *over[1:]) + 0.5 * share(items)) / 2


def _announced(table: EvidenceTable, passage: int, lead: int) -> float:
    """How much the line that leads a list in speaks for it: by its words and, where it was found, by its meaning."""
    layout = table.layouts[passage]
    terms = terms_of(_ANNOUNCING.sub(" ", _last_sentence(layout.text_of(lead))))
    held = sum(term in table.weights.weights for term in terms)
    line = layout.lines[lead]
    near = table.likeness(passage, line.start, line.end)
    return LEAD_PRECISION * held / max(1, len(terms)) + LIKENESS * near


def _announcement(lead: str) -> str:
    """The last sentence of a lead-in, and that before it where the last says nothing of its own: "There are two:"."""
    last = _last_sentence(lead)
    before = lead[: len(lead.rstrip()) - len(last.rstrip())]
    return _last_sentence(before) + last if before.strip() and len(last) <= BARE else last


def _last_sentence(text: str) -> str:
    return next((part for part in reversed(_SENTENCE_END.split(text)) if part.strip()), text)


def _inside(table: EvidenceTable, passage: int, group: ListGroup) -> bool:
    """Whether a list, or its lead-in, has a part in the passage that was found and not only around it."""
    layout = table.layouts[passage]
    start = layout.lines[group.first if group.lead is None else group.lead].start
    return start < len(table.reading.passages[passage].text) and layout.lines[group.last].end > 0
