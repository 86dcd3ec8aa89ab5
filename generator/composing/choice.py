"""Choosing the evidence: which sentence, list, row or section answers, given the shape that the question asks for.

The reader's probability is multiplied by what shape and words say of a unit. The factors were chosen on questions of
our own over documentation, statutes and office files, see `docs/decisions/0076-shapes-of-answers.md`.
"""

import re
from collections.abc import Sequence
from math import exp

from generator.composing.cells import BETWEEN, NAMES
from generator.composing.evidence import EvidenceTable, Unit
from generator.composing.layout import Layout
from generator.composing.polarity import begins_with_word, denies, takes_side
from generator.composing.question import Asked
from generator.composing.terms import terms_of
from generator.types import PartKind, Shape

WORDS = 1.5
"""A unit that holds all of the question's terms, alone or with the lines over it, counts exp(1.5) times as much."""
LIKENESS = 1.0
"""A unit that is nearer to the question by a standard deviation counts e times as much."""
ECHO = 0.05
"""A unit that says nothing beyond the question."""
HEADING = 0.1
"""A heading; the rest of its probability goes to the text under it."""
COLUMN_NAMES = 0.01
"""The row that names the columns: it holds the question's words and no value."""
DEFINES = 6.0
"""A sentence of the form "X is …", where a definition is asked for."""
NUMBERS = 6.0
"""A unit with a number, where an amount is asked for."""
ROW_WORDS = 7.0
"""The same of a row or a line of figures: which row is meant is said by words alone."""
ROW_FLOOR = 0.02
"""Added to the probability of a row."""
OTHER_ROW = 0.02
"""A row without the code that the question names (SKU-6678, EST-1008), where another row has it."""
NAMED_ROW = 8.0
"""A row whose first cell is a name that the question spells out: employees.dept_emp, max-uploads."""
DEFAULT = 3.0
"""A row that says a default, where one is asked for."""
LESS_SAID = 0.1
"""A row beside another that holds all of its words of the question, and more."""
HEADED = 1.5
"""A list or section under a heading whose words all stand in the question counts exp(1.5) times as much."""
SIDES, DENIES = 4.0, 2.0
"""A unit with a permission, duty or possibility, where yes or no is asked for; the second factor where it is denied."""
ENUMERATES = 3.0
"""A sentence that enumerates, where a list is asked for."""
FLOOR = 1e-4
"""Added to each probability, so that words and shape can find units that the reader missed."""

_NUMBER = re.compile(
    r"\d|[一二三四五六七八九十百千万两半]+(?:[年月日天时个元倍次秒米克吨亩人名度]|分之|分钟|小时|周|岁|万|%|毫升"
    r"|公[升里斤]|[千毫厘]米|千克|平方)|\b(?:one|two|three|four|five|six|seven|eight|nine|ten"
    r"|once|twice|hundred|thousand|million|daily|hourly)\b",
    re.IGNORECASE,
)
_ENUMERATION = re.compile(
    r"、[^、。，；]{1,24}、|; .{3,80}; |；.{3,80}；|(?:\b[\w\-/+.]{1,40}(?: [\w\-/+.]{1,40}){0,3}, ){2,}(?:and|or)\b"
    r"| [\w\-/+.]{1,40}, [\w\-/+.]{1,40} (?:and|or) [\w\-/+.]{1,40}"
)
_ECHO_SHARE = 0.85
_SORT_ZH = "(?:模式|机制|功能|方式|方法|策略|插件|服务|系统|制度|行为|人员|语句|查询)?"
"""Nouns that a definition may add to a name: 完整路径过滤模式是指."""
_ITEM_NUMBER = re.compile(
    r"^(?:[（(][\d一二三四五六七八九十]{1,3}[)）]|[\d一二三四五六七八九十]{1,3}[、.．])\s*"
)
_DEFAULT = re.compile(r"默认|\bdefaults?\b", re.IGNORECASE)
_NAMES_END = re.compile("|".join(NAMES))
_SPELT = re.compile(r"\w[._\-/]\w|\d")
_CODE = re.compile(
    r"(?<![\w-])(?=[\w.-]{0,64}\d)(?=[\w.-]{0,64}[A-Za-z-])\w[\w-]*(?:\.\w+)*(?![\w-])", re.ASCII
)
"""A name with a digit in it, as things in tables have: no plain number, which may be an amount or a year.
Its digit is looked for within 64 characters, so that a text without blanks takes no time."""


def score(table: EvidenceTable, asked: Asked) -> None:
    """Set the score of every unit."""
    spread = _spread_headings(table)
    leads = _lead_masses(table)
    asks_default = _DEFAULT.search(asked.question) is not None
    others, less = _rows_of_others(table, asked.question), _rows_that_say_less(table, asked.question)
    for unit in table.units:
        kind = table.kind(unit)
        tabular = unit.line is not None and table.layouts[unit.passage].is_tabular(unit.line)
        mass = unit.mass + spread.get(id(unit), 0.0) + leads.get(id(unit), 0.0)
        words, floor = (ROW_WORDS, ROW_FLOOR) if tabular else (WORDS, FLOOR)
        if tabular:
            floor *= table.share(unit, around=False)
        unit.score = (mass + floor) * exp(
            words * _share(table, unit, tabular=tabular) + LIKENESS * unit.likeness
        )
        text = table.text(unit)
        if kind == PartKind.HEADING or text.rstrip().endswith(("?", "？")):
            unit.score *= HEADING
        elif _names_columns(table, unit):
            unit.score *= COLUMN_NAMES
        elif _echoes(table, unit):
            unit.score *= ECHO
        if id(unit) in others:
            unit.score *= OTHER_ROW
        if id(unit) in less:
            unit.score *= LESS_SAID
        if kind == PartKind.ROW:
            unit.score *= NAMED_ROW if _is_named(text, asked.question) else 1.0
            unit.score *= DEFAULT if asks_default and _DEFAULT.search(text) else 1.0
        unit.score *= _form(asked, text)
    _level(table)


def _form(asked: Asked, text: str) -> float:
    """How much more a unit counts that has the form asked for."""
    factor = 1.0
    if asked.shape == Shape.LIST and enumerates(text):
        factor *= ENUMERATES
    if asked.shape == Shape.YES_NO:
        word = begins_with_word(text)
        factor *= (SIDES if takes_side(text) or word else 1.0) * (DENIES if denies(text) or word else 1.0)
    if asked.amount and has_number(text):
        factor *= NUMBERS
    if asked.shape == Shape.DEFINITION and defines(text, asked.subject):
        factor *= DEFINES
    return factor


def _is_named(row: str, question: str) -> bool:
    """Whether the first cell of a row is a name with signs or digits in it that the question spells out."""
    name = _NAMES_END.split(row.split(BETWEEN)[0])[-1].strip().lower()
    if len(name) < 3 or not _SPELT.search(name):
        return False
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", question.lower()) is not None


def _rows_of_others(table: EvidenceTable, question: str) -> set[int]:
    """Rows that lack a code which the question names and other rows have; by `id` of their units."""
    codes = {match[0].lower() for match in _CODE.finditer(question)}
    rows = [unit for unit in table.units if codes and table.kind(unit) == PartKind.ROW]
    held = {id(row): {match[0].lower() for match in _CODE.finditer(table.text(row))} & codes for row in rows}
    most = max(map(len, held.values()), default=0)
    return {row for row, found in held.items() if len(found) < most}


def _rows_that_say_less(table: EvidenceTable, question: str) -> set[int]:
    """Rows beside which another row of their passage says the same words of the question and more of them."""
    wanted = set(terms_of(question))
    said: dict[int, dict[int, frozenset[str]]] = {}
    for unit in table.units:
        if table.kind(unit) == PartKind.ROW and not _names_columns(table, unit):
            said.setdefault(unit.passage, {})[id(unit)] = frozenset(
                wanted.intersection(terms_of(table.text(unit)))
            )
    return {
        row
        for rows in said.values()
        for row, words in rows.items()
        if any(words < others for others in {*rows.values()})
    }


def _level(table: EvidenceTable) -> None:
    """Take the likeness of the best unit off all scores, so that they compare with those of lists."""
    top = best(table)
    if top is not None:
        level = exp(-LIKENESS * top.likeness)
        for unit in table.units:
            unit.score *= level


def _share(table: EvidenceTable, unit: Unit, *, tabular: bool) -> float:
    """Share of the question's weight; terms near a row count less than its own."""
    whole = table.share(unit)
    return 0.5 * whole + 0.5 * table.share(unit, around=False) if tabular else whole


def _names_columns(table: EvidenceTable, unit: Unit) -> bool:
    """Whether a unit is the first row of a table whose rows do not name their values."""
    layout = table.layouts[unit.passage]
    following = (unit.line or 0) + 1
    return (
        unit.line is not None
        and following < len(layout.lines)
        and layout.lines[unit.line].kind == layout.lines[following].kind == PartKind.ROW
        and layout.header_of(following) == unit.line
    )


def _lead_masses(table: EvidenceTable) -> dict[int, float]:
    """Probability of the line that leads in an item, given to the item: they answer together."""
    by_line = {(u.passage, u.line): u.mass for u in table.units if u.line is not None}
    given: dict[int, float] = {}
    for unit in table.units:
        if unit.line is None or table.kind(unit) != PartKind.ITEM:
            continue
        group = table.layouts[unit.passage].list_of(unit.line)
        if group is not None and group.lead is not None and unit.mass > 0.1:
            given[id(unit)] = by_line.get((unit.passage, group.lead), 0.0)
    return given


def _spread_headings(table: EvidenceTable) -> dict[int, float]:
    """Probability of headings and of sentences that ask, given to the first unit under each."""
    given: dict[int, float] = {}
    waiting = 0.0
    passage = -1
    for unit in table.units:
        if unit.passage != passage:
            waiting, passage = 0.0, unit.passage
        if table.kind(unit) == PartKind.HEADING or table.text(unit).rstrip().endswith(("?", "？")):
            waiting = max(waiting, unit.mass)
        elif waiting:
            given[id(unit)] = waiting
            waiting = 0.0
    return given


def _echoes(table: EvidenceTable, unit: Unit) -> bool:
    """Whether a unit only repeats the question: it has few terms of its own, and leads nothing in."""
    layout = table.layouts[unit.passage]
    if unit.line is not None and layout.leads_in(unit.line) and unit.line + 1 < len(layout.lines):
        return False
    if _NUMBER.search(table.text(unit)):
        return False
    terms = sum(unit.own.values())
    known = sum(count for term, count in unit.own.items() if table.weights.asks_for(term))
    return terms > 0 and known / terms >= _ECHO_SHARE


def has_number(text: str) -> bool:
    """Whether a sentence says a number, an amount or a length of time."""
    return _NUMBER.search(text) is not None


def enumerates(text: str) -> bool:
    """Whether a sentence names several things in a row."""
    return _ENUMERATION.search(text) is not None


def defines(text: str, subject: str) -> bool:
    """Whether a sentence defines the subject: "X is …", "X means …", "X是…", "本法所称X，是指…"."""
    name = re.escape(subject.strip().lower())
    if not name:
        return False
    low = _ITEM_NUMBER.sub("", text.lower().lstrip("-*• "))
    if re.search(
        rf"(?:^|所称的?|[，。、：:（(\"“]){name}[”\"』」]? ?{_SORT_ZH}"
        r"(?:（[^）]*）|\([^)]*\))?，?(?:是指|是|指|，指|系指|即)",
        low,
    ):
        return True
    verb = (
        r"(?:is|are|was|were|means|refers to|stands for|represents)\b(?! (?:not|also|only|used|set|called)\b)"
    )
    return (
        re.match(rf"(?:an? |the |[\"“])?{name}(?:s)?[\"”]?(?: \([^)]*\))?,? {verb}", low) is not None
        or re.match(rf"{name}\s*[:：] ?\w", low) is not None
    )


def best(table: EvidenceTable) -> Unit | None:
    """The unit with the highest score; None where nothing was read."""
    return max(table.units, key=lambda unit: unit.score, default=None)


def ranked(table: EvidenceTable) -> Sequence[Unit]:
    """Units by score, best first."""
    return sorted(table.units, key=lambda unit: -unit.score)


def heading_precision(table: EvidenceTable, layout: Layout, index: int) -> float:
    """Share of a heading's terms that the question holds, in [0, 1]; 0 for other lines and for a single word."""
    if layout.lines[index].kind != PartKind.HEADING:
        return 0.0
    terms = terms_of(layout.text_of(index))
    held = sum(table.weights.asks_for(term) for term in terms)
    return held / len(terms) if held > 1 else 0.0
