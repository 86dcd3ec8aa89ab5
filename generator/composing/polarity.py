"""Whether a sentence says yes or no to a question, where that is plain; None where it is not.

A wrong word would say the opposite of its source, so the rules give none where a sentence is conditional in both
directions, where the question itself is negated, or where the negation belongs to another clause than the one that
shares the question's words.
"""

import re
from collections.abc import Mapping

from generator.composing.terms import terms_of

_CLAUSE_EN = re.compile(
    r"[,;:.—–]\s|\b(?:but|unless|except|although|though|while|whereas|if|when|because)\b", re.IGNORECASE
)
_CLAUSE_ZH = re.compile(r"[，；：。,;:]|但是?|除非")
_NO_EN = re.compile(
    r"\b(?:not|cannot|can't|n't|never|no|neither|nor|without|prohibited|forbidden|unsupported|unable|impossible|"
    r"disallowed|incompatible|refuses?|lacks?)\b|n't\b",
    re.IGNORECASE,
)
_YES_EN = re.compile(
    r"\b(?:can|may|is|are|was|were|does|do|supports?|supported|allows?|allowed|enables?|possible|able|must|should|will|"
    r"has|have|required|needs?|uses?|provides?|includes?|works?)\b",
    re.IGNORECASE,
)
_NO_ZH = re.compile(
    r"不得|不能|不可|不准|禁止|严禁|不予|不应|无权|不需要|无需|不必|不支持|不属于|不享有|不承担|不受|不适用|没有|不是|不会|未|不再|不"
)
_YES_ZH = re.compile(
    r"可以|应当|应该|有权|必须|允许|支持|能够|需要|属于|享有|承担|适用|会|能|是|有|准予|依法"
)
_DOUBLE_ZH = re.compile(
    r"不得不|并非不|不是不|无不|未必不|不仅|不但|不论|不管|无论|不同|不少|不断|不超过|不满|不足|不低于|不少于|不动产|不良|不正当|不可抗力|未成年|未来"
)
_LEADING = re.compile(
    r"^\W*(?:(yes|是的|可以|能|会|对|支持)|(no|不是|不可以|不能|不会|不支持|不行|否))(?:[\s,.，。;；!！:：]|$)",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"\b(?:unless|except|only if|only when|otherwise|depends?)\b|除非|但.*除外|除.*外|例外|但书|的除外|另有规定",
    re.IGNORECASE,
)


def polarity(sentence: str, weights: Mapping[str, float]) -> bool | None:
    """Say whether a sentence answers yes (True) or no (False); None where that is not plain.

    Args:
        sentence: The sentence that answers.
        weights: Weight of the terms of a question that is not negated itself.
    """
    leading = _LEADING.match(sentence)
    if leading:
        return leading[1] is not None
    if _EXCEPT.search(sentence):
        return None
    chinese = re.search(r"[\u4e00-\u9fff]", sentence) is not None
    clause = _nearest_clause(sentence, weights, _CLAUSE_ZH if chinese else _CLAUSE_EN)
    if clause is None:
        return None
    no, yes = (_NO_ZH, _YES_ZH) if chinese else (_NO_EN, _YES_EN)
    bare = _DOUBLE_ZH.sub("", clause) if chinese else re.sub(r"\bnot only\b", "", clause, flags=re.IGNORECASE)
    negations = len(no.findall(bare))
    if negations > 1:
        return None
    if negations == 1:
        return False
    return True if yes.search(bare) else None


def _nearest_clause(sentence: str, weights: Mapping[str, float], cut: re.Pattern[str]) -> str | None:
    """The clause with most of the question's weight; None where it holds less than a third of it."""
    clauses = [part for part in cut.split(sentence) if part and part.strip()]
    total = sum(weights.values()) or 1.0

    def held(clause: str) -> float:
        terms = terms_of(clause)
        return sum(weight for term, weight in weights.items() if term in terms) / total

    clause = max(clauses, key=held, default=None)
    return clause if clause is not None and held(clause) >= 1 / 3 else None


def opening(question_chinese: bool, says: bool) -> str:
    """The word that an answer begins with."""
    if question_chinese:
        return "是。" if says else "否。"
    return "Yes. " if says else "No. "
