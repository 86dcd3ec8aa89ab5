"""Whether a sentence says yes or no to a question, where that is plain; None where it is not.

A wrong word would say the opposite of its source, so the rules give none where a sentence is conditional in both
directions, where the question itself is negated, where it names a number that the sentence does not, or where the
negation belongs to another clause than the one that shares the question's words.
"""

import re
from collections.abc import Mapping

from generator.composing.question import without_choice
from generator.composing.terms import terms_of

LEAST_HELD_EN, LEAST_HELD_ZH = 0.5, 0.25
"""Share of the question's weight in a clause that speaks about what was asked; pairs of characters match less often."""
_ANY_NEGATION = re.compile(
    r"\b(?:not|no|never|without|neither|nor|only|un\w+)\b|[不无非未]|没有", re.IGNORECASE
)
_CLAUSE_EN = re.compile(
    r"[,;:.—–]\s|\b(?:but|unless|except|although|though|while|whereas|if|when|because)\b", re.IGNORECASE
)
_CLAUSE_ZH = re.compile(r"[，；：。,;:]|但是?|除非")
_NO_EN = re.compile(
    r"\b(?:can(?:not|'t| not)|could not|couldn't|may not|must not|(?:is|are|was|were) (?:not|no longer|never)|isn't|"
    r"aren't|(?:do|does|did|will)(?: not|n't)|never|no longer|prohibited|forbidden|(?:should|must|be) avoid(?:ed)?|"
    r"discouraged|unsupported|unable|impossible|disallowed)\b",
    re.IGNORECASE,
)
_YES_EN = re.compile(
    r"\b(?:can|may|supports?|supported|allows?|allowed|enables?|possible|able to|must|required?|requires|needs? to|"
    r"permit(?:s|ted)?)\b",
    re.IGNORECASE,
)
_NO_ZH = re.compile(
    r"不得|不能|不可以|不可|不准|禁止|严禁|避免|不建议|不推荐|不宜|请勿|切勿|不予|不应|无权|不需要|无需|不必|不支持|不享[有受]|不承担|不适用|不会|不影响"
)
_YES_ZH = re.compile(r"可以|应当|应该|有权|必须|允许|支持|能够|需要|享有|准予")
_DOUBLE_ZH = re.compile(
    r"不得不|并非不[能得]?|不是不[能得]?|无不|未必不|不可抗力|不仅|不但|不论|不管|无论|不同|不少|不断|不超过|不满|不足|不低于|不少于|不动产|"
    r"不良|不正当|未成年|未来"
)
_ASKS_LEAVE_EN = re.compile(
    r"^(?:can|could|may|must|should|is it (?:possible|allowed|ok|okay|safe|legal|required|necessary)"
    r"|(?:do|does) .*\b(?:support|allow|need|require|have to)\b"
    r"|(?:is|are) .*\b(?:supported|allowed|possible|required|needed|permitted|able)\b)",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^\W*(?:(yes|是的|可以|能|会|对|支持)|(no|不是|不可以|不能|不会|不支持|不行|否))(?:[\s,.，。;；!！:：]|$)",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"\b(?:unless|except|only if|only when|otherwise|depends?)\b|除非|但.*除外|除.*外|例外|但书|的除外|另有规定",
    re.IGNORECASE,
)


def polarity(
    question: str, sentence: str, weights: Mapping[str, float], whole: str | None = None
) -> bool | None:
    """Say whether a sentence answers yes (True) or no (False); None where that is not plain.

    Args:
        question: Not put in the negative itself ("isn't it …?").
        sentence: The sentence that answers.
        weights: Weight of the question's terms.
        whole: What is said beside the sentence, itself included: an item holds words that its lead-in lacks.
    """
    leading = _LEADING.match(sentence)
    if leading:
        return leading[1] is not None
    chinese = re.search(r"[\u4e00-\u9fff]", sentence) is not None
    if _EXCEPT.search(sentence) or not _numbers(question) <= _numbers(whole or sentence):
        return None
    if not chinese and not _ASKS_LEAVE_EN.match(question.strip()):
        return None
    clause = _nearest_clause(sentence, whole or sentence, weights, chinese=chinese)
    if clause is None:
        return None
    no, yes = (_NO_ZH, _YES_ZH) if chinese else (_NO_EN, _YES_EN)
    bare = _without_negations_of(question, _without_double(clause, chinese=chinese), no)
    if bare is None:
        return None
    negations = no.findall(bare)
    if len(negations) > 1:
        return None
    if negations:
        return None if _ANY_NEGATION.search(bare.replace(negations[0], " ", 1)) else False
    return True if yes.search(bare) and not _ANY_NEGATION.search(bare) else None


def takes_side(sentence: str) -> bool:
    """Whether a sentence says that something may, must, can or can't be, as an answer of yes or no does."""
    return any(words.search(sentence) for words in (_NO_EN, _YES_EN, _NO_ZH, _YES_ZH))


def denies(sentence: str) -> bool:
    """Whether a sentence says that something can't or must not be."""
    return _NO_EN.search(sentence) is not None or _NO_ZH.search(sentence) is not None


def begins_with_word(sentence: str) -> bool:
    """Whether a sentence says yes or no itself before all else."""
    return _LEADING.match(sentence) is not None


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,]\d+)*", text))


def _without_double(text: str, *, chinese: bool) -> str:
    """A text without the words that look like a negation and are none."""
    return _DOUBLE_ZH.sub("", text) if chinese else re.sub(r"\bnot only\b", "", text, flags=re.IGNORECASE)


def _without_negations_of(question: str, clause: str, no: re.Pattern[str]) -> str | None:
    """A clause without the negations that the question has too; None where the question has one of its own.

    "Is smoking prohibited?" is answered with yes by "Smoking is prohibited", and "Does it run without a network?" by
    "It runs without a network".
    """
    bare = clause.lower()
    asked = _without_double(without_choice(question), chinese=no is _NO_ZH).lower()
    for found in no.finditer(asked):
        # one character alone, as in 不支付, says nothing without the next
        word = asked[found.start() : found.end() + (len(found[0]) == 1)]
        if word not in bare:
            return None
        bare = bare.replace(word, " ", 1)
    return bare


def _nearest_clause(sentence: str, whole: str, weights: Mapping[str, float], *, chinese: bool) -> str | None:
    """The clause with most of the question's weight; None where that is too little."""
    cut, least = (_CLAUSE_ZH, LEAST_HELD_ZH) if chinese else (_CLAUSE_EN, LEAST_HELD_EN)
    clauses = [part for part in cut.split(sentence) if part and part.strip()]
    total = sum(weights.values()) or 1.0

    def held(clause: str) -> float:
        terms = terms_of(clause)
        return sum(weight for term, weight in weights.items() if term in terms) / total

    clause = max(clauses, key=held, default=None)
    spoken = clause if whole == sentence else whole
    return clause if clause is not None and spoken is not None and held(spoken) >= least else None


def opening(question_chinese: bool, says: bool) -> str:
    """The word that an answer begins with."""
    if question_chinese:
        return "是。" if says else "否。"
    return "Yes. " if says else "No. "
