"""Signals that an answer is right, as numbers that a calibration weighs."""

import re
from collections.abc import Mapping, Sequence
from math import log

from generator.composing.choice import defines, has_number
from generator.composing.evidence import EvidenceTable
from generator.composing.plan import Plan, wide_text
from generator.composing.polarity import begins_with_word, takes_side
from generator.composing.question import Asked
from generator.composing.terms import terms_of
from generator.types import Shape

_FIGURE = r"(?<![A-Za-z\d])[A-Za-z\d][A-Za-z\d.\-]*"
_NAME_EN = re.compile(rf"(?<![.?!] )(?<!^)\b[A-Z][\w\-.]+|(?=[A-Za-z.\-]*\d){_FIGURE}")
_NAME_ZH = re.compile(_FIGURE)
_QUANTITY_ZH = re.compile(r"\d[\d.,]*\s*(?:岁|周岁|个|天|日|月|元|万|亿|人|次|小时|分钟)|\d{1,3}年")
"""An age or an amount is a case, not a name: a text says 不满十四周岁 of thirteen."""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LEAST_SAID, _LEAST_OTHER = 0.08, 0.02
"""Probabilities below which the reader only says that it thinks of something else, or of nothing else."""
_LIMIT = 16.0
SIGNALS = (
    "answerable",
    "mass",
    "runner_up",
    "covered",
    "said",
    "names_missing",
    "structure",
    "row",
    "foreign",
    "likeness",
    "fits",
    "first",
    "elsewhere",
)
"""Names of the signals, in the order in which a calibration is fitted."""


def signals(asked: Asked, table: EvidenceTable, plan: Plan) -> dict[str, float]:
    """Signals of a planned answer.

    Args:
        asked: The question, as it was understood.
        table: What was read.
        plan: What would be said.

    Returns:
        answerable: Log-odds that the passages answer, within [-16, 16]. mass: Log of the probability, given an answer,
        of what would be said, at least log 0.08. runner_up: The same of the best unit that would not be said, at least
        than log 0.02. covered, said: Share of the
        question's weight in the answer with, and without, what stands over it. names_missing: Share of the question's
        names and numbers that its passage does not hold. structure, row: 1 for lists and steps, and for rows. foreign:
        1 where the answer is in the other language, so that words say little. likeness: How near the nearest sentence
        of the answer is to the question by meaning, in standard deviations. fits: 1 where the answer has the form that
        was asked for, a number for an amount or a list for a list, -1 where it lacks it, 0 where any will do. first: 1
        where the answer comes from the passage that search puts first. elsewhere: Share of the question's weight in the
        passage that holds most of it.
    """
    inside = [unit for unit in table.units if plan.says(unit)]
    others = [unit.mass for unit in table.units if not plan.says(unit)]
    said = [*(unit.own for unit in inside), terms_of(_text(table, plan))]
    over = [unit.around for unit in inside]
    logit = table.distribution.answerable_logit
    return {
        "answerable": max(-_LIMIT, min(_LIMIT, logit)),
        "mass": log(max(_LEAST_SAID, sum(unit.mass for unit in inside))),
        "runner_up": log(max(_LEAST_OTHER, max(others, default=0.0))),
        "covered": table.weights.share(*said, *over),
        "said": table.weights.share(*said),
        "names_missing": _share_missing(asked.question, table, plan),
        "structure": float(plan.shape in {Shape.LIST, Shape.STEPS}),
        "row": float(plan.shape == Shape.ROW),
        "foreign": float(_is_chinese(asked.question) != _is_chinese(_text(table, plan))),
        "likeness": max((unit.likeness for unit in inside), default=0.0),
        "fits": _fits(asked, table, plan),
        "first": float(any(s.passage == _foremost(table) for s in plan.stretches)),
        "elsewhere": _elsewhere(table),
    }


def _fits(asked: Asked, table: EvidenceTable, plan: Plan) -> float:
    text = _text(table, plan)
    if asked.amount:
        return 1.0 if has_number(text) else -1.0
    if asked.shape == Shape.DEFINITION and asked.subject:
        said = (table.text(unit) for unit in table.units if plan.says(unit))
        return 1.0 if any(defines(sentence, asked.subject) for sentence in said) else -1.0
    if asked.shape == Shape.YES_NO:
        return 1.0 if takes_side(text) or begins_with_word(text) else -1.0
    if asked.shape in {Shape.LIST, Shape.STEPS, Shape.COMPARISON}:
        return 1.0 if plan.shape == asked.shape else -1.0
    return 0.0


def _foremost(table: EvidenceTable) -> int:
    """The passage with the most weight, as search ranks them."""
    weights = [passage.weight for passage in table.reading.passages]
    return weights.index(max(weights))


def _elsewhere(table: EvidenceTable) -> float:
    return max(
        table.weights.share(terms_of(" ".join((wide_text(passage), *passage.headings))))
        for passage in table.reading.passages
    )


def weigh(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Log-odds that an answer is right: a weighted sum of its signals, and the bias under the name "bias"."""
    return weights.get("bias", 0.0) + sum(weights.get(name, 0.0) * value for name, value in values.items())


def _is_chinese(text: str) -> bool:
    """Whether a text is mostly Chinese: one Han character says as much as two letters or more."""
    han = len(_HAN.findall(text))
    return 3 * han > sum(character.isascii() and character.isalpha() for character in text)


def _text(table: EvidenceTable, plan: Plan) -> str:
    return "\n".join(table.layouts[s.passage].text(s.start, s.end) for s in plan.stretches)


def _names(question: str) -> Sequence[str]:
    """Names and numbers of a question in lower case, each once."""
    found = (_NAME_ZH if _HAN.search(question) else _NAME_EN).finditer(question)
    named = (m[0].lower().strip(".-") for m in found if not _QUANTITY_ZH.match(question, m.start()))
    return [name for name in dict.fromkeys(named) if name]


def names_missing(question: str, table: EvidenceTable, plan: Plan) -> Sequence[str]:
    """Names and numbers of a question that the passages of a plan hold in no language."""
    passages = {stretch.passage for stretch in plan.stretches}
    texts = [
        " ".join((wide_text(source), *source.headings)).lower()
        for source in (table.reading.passages[passage] for passage in passages)
    ]
    return [
        name
        for name in _names(question)
        if not any(way in text for way in (name, *table.translations.get(name, ())) for text in texts)
    ]


def _share_missing(question: str, table: EvidenceTable, plan: Plan) -> float:
    names = _names(question)
    return len(names_missing(question, table, plan)) / len(names) if names else 0.0
