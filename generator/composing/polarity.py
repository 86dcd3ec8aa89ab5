"""Whether a sentence says yes or no to a question, where that is plain; None where it is not.

A question asks for leave ("can", 能), for a duty ("must", 需要) or for a fact, and only words of the same kind answer
it: that something must be done says nothing of whether it may. A wrong word would say the opposite of its source, so
the rules give none where a sentence is conditional, where it says both and neither clause is near to the question,
where a yes would answer a question that is negated itself, or where the question has a number that the sentence lacks.
"""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from generator.composing.question import without_choice
from generator.composing.terms import terms_of

LEAST_SPOKEN_EN, LEAST_SPOKEN_ZH = 0.12, 0.05
"""Least share of the question's weight in a text on its subject; pairs of characters match less often."""
LEAST_HELD_EN, LEAST_HELD_ZH = 0.5, 0.25
"""The same of a clause that decides alone: between two that say the opposite, or of a fact."""

_HAN = re.compile(r"[\u4e00-\u9fff]")
_CLAUSE_EN = re.compile(
    r"[,;:.—–]\s|\b(?:but|unless|except|although|though|while|whereas|if|when|because|and)\b", re.IGNORECASE
)
_CLAUSE_ZH = re.compile(r"[，；：。,;:]|但是?|除非")
_EXCEPT = re.compile(
    r"\b(?:unless|except|only if|only when|otherwise|depends?|without|whether)\b|除非|但.*除外|除.*外|例外|但书|的除外"
    r"|另有规定|是否|取决于",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"^\W*(?:(yes|是的|可以|能|会|对|支持)|(no|not (?:currently|yet)|不是|不可以|不能|不会|不支持|不行|否))"
    r"(?:[\s,.，。;；!！:：]|$)",
    re.IGNORECASE,
)
_NOT_EN = re.compile(
    r"(?:\b(?:not|never|no longer|cannot|un(?:supported|able|affected))\b|n't\b)", re.IGNORECASE
)
_NOT_ZH = re.compile(
    r"不(?!同|仅|但|论|管|断|良|超过|足|少于|低于|满|动产|可抗力)|未(?!成年|来)|没|尚无|并无|非(?!常|政府|公有|法|营利|机动|遗)"
)
_LIMITS = re.compile(r"\b(?:only|just|no)\b|[只仅]|不一定|不保证|未必", re.IGNORECASE)
"""Words with which a sentence says of something else that it is so."""
_UNDOES = re.compile(r"\bun\w+|否[定认]|拒[绝收]", re.IGNORECASE)
_VERSION = re.compile(r"(?<![\d.])\d+(?:\.\d+)+(?![\d.]*\d)")
_SINCE = re.compile(
    r"(?:\b(?:since|requires?|from|as of|starting (?:with|from)|at least)|自从?|从)"
    r"(?: (?:\w+ )?(?:version )?)?\s*v?(\d+(?:\.\d+)+)"
    r"|(\d+(?:\.\d+)+) ?(?:or (?:later|newer|above|higher)|and (?:later|above)|\+"
    r"|(?:版本)?(?:[及或]?(?:以上|以后|之后|更高)|起|开始))",
    re.IGNORECASE,
)
"""Versions from which on something is there."""


class _Kind(Enum):
    """Kind of a question for yes or no: permission, duty or fact."""

    LEAVE = "leave"
    DUTY = "duty"
    FACT = "fact"


class _Words(NamedTuple):
    """Words that say yes or no to questions of a kind."""

    yes: re.Pattern[str]
    no: re.Pattern[str]


def _words(yes: str, no: str) -> _Words:
    return _Words(re.compile(yes, re.IGNORECASE), re.compile(no, re.IGNORECASE))


_NOT = r"(?:not|n't|never|no longer)(?: (?:currently|yet|be|directly|officially|been))*"
_LEAVE_EN = _words(
    r"\b(?:(?<!only )(?:can|may|supports?|accepts?|allows?|enables?|permits?)|(?:is|are|be|been|being)(?: \w+ly)? "
    r"(?:supported|allowed|permitted|possible|accepted)|able to|possible to|compatible with|lets you)\b",
    r"\b(?:cannot|(?:can|may|must|should|could)(?: |(?=n't))"
    + _NOT
    + r"|(?:do|does|did|is|are|was|were)(?: |(?=n't))"
    + _NOT
    + r" (?:support|allow|accept|permit|possible|able|recommend|advis|suitable|available)\w*"
    r"|unsupported|prohibited|forbidden|(?:should|must|be) avoid(?:ed)?|avoid \w+ing|discouraged|unable|impossible"
    r"|disallowed|no longer (?:support|allow|accept|possible|available)\w*)",
)
_DUTY_EN = _words(
    r"\b(?:must|(?:is|are|be) (?:required|mandatory|necessary|needed)|requires?|needs? to|ha(?:ve|s) to|mandatory)\b",
    r"\b(?:(?:do|does|is|are)(?: |(?=n't))"
    + _NOT
    + r" (?:need|require|have to|necessary|mandatory)\w*|no need to|optional|not required|needn't)",
)
_LEAVE_ZH = _words(
    r"(?<!不)可以(?!不)|均能|都能|(?<![只仅])能够|(?<![只仅不可性功职才万智潜动热节])能(?=[^力源耗量否级够不])|(?<!不)允许|(?<![只仅不])支持(?!不)|有权|(?<!不)享有|准予"
    r"|(?<![不许认只])可(?=由|在|用|直接|随时|自行|通过|共用|同时|选择|被|正常|安全|部署)|均可",
    r"不得(?!不|超过|少于|低于|高于|已)|不可以?(?!抗|避免|不)|不能(?!不)|不准|禁止|严禁|请勿|切勿|勿将|不予|不应|无权|不支持|不允许|无法|不建议|不推荐"
    r"|不宜|应该?避免|不要(?!求)|尚不|暂不|不适用|不享[有受]?|不承担|未支持|不会",
)
_DUTY_ZH = _words(
    r"(?<!不)必须|(?<!不)应当|(?<!不)应该|(?<!不)需要|(?<![不无])需(?=[^要求])|须(?=[^知])|务必",
    r"不需要|无需|无须|不必|不用|不需(?!要)|不要求|可以不|可不|免于|不收取?|不带",
)
_FACT_EN = _words(r"(?!)", r"(?!)")
_FACT_ZH = _words(r"(?!)", r"不会|不影响|不再")
_BY_KIND = {
    (_Kind.LEAVE, False): _LEAVE_EN, (_Kind.DUTY, False): _DUTY_EN, (_Kind.FACT, False): _FACT_EN,
    (_Kind.LEAVE, True): _LEAVE_ZH, (_Kind.DUTY, True): _DUTY_ZH, (_Kind.FACT, True): _FACT_ZH,
}  # fmt: skip

_ASKS_EN = (
    (
        _Kind.LEAVE,
        re.compile(
            r"(?:^|[,;:] |\b(?:so|and|then) )(?:can|could|may)\b|\bis it (?:possible|allowed|ok|okay|safe|legal|fine)\b"
            r"|\b(?:am i|are we|are you|is \w+) (?:allowed|able|permitted)\b"
            r"|\b(?:possible|supported|allowed|permitted)\W*$"
            r"|^(?:do|does) .*\b(?:support|allow|accept|permit)\b|\b(?:can|may) (?:i|we|you|he|she|it|they|my|our)\b",
            re.IGNORECASE,
        ),
    ),
    (
        _Kind.DUTY,
        re.compile(
            r"(?:^|[,;:] |\b(?:so|and|then) )must\b|\b(?:do|does) .*\b(?:need|require|have to)\b"
            r"|\b(?:is|are) .*\b(?:required|necessary|needed|mandatory)\b",
            re.IGNORECASE,
        ),
    ),
)
_ASKS_ZH = (
    (
        _Kind.LEAVE,
        re.compile(
            r"能(?!力|源|耗|量)|可以|可不可以|可否|行不行|行吗|行不$|允许|支持|准吗|让.{0,12}吗|有权|享有"
        ),
    ),
    (_Kind.DUTY, re.compile(r"(?<!只)要(?!是|求|么)|必须|应当|应该|需要?|非得|也得|还得|用不用|该不该")),
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
    spoken = whole or sentence
    chinese = _HAN.search(sentence) is not None
    too_old = _comes_later(question, sentence)
    if _EXCEPT.search(sentence) or not (too_old or _numbers(question) <= _numbers(spoken)):
        return None
    least_spoken = 0.0 if too_old else LEAST_SPOKEN_ZH if chinese else LEAST_SPOKEN_EN
    if _held(spoken, weights) <= least_spoken:
        return None
    asked_chinese = _HAN.search(question) is not None
    kind = _kind_of(question, chinese=asked_chinese)
    if too_old:
        return False if kind == _Kind.LEAVE and not _negates(question, chinese=asked_chinese) else None
    if _words_of(_Kind.LEAVE, asked_chinese).no.search(without_choice(question)):
        return None
    negated = _negates(question, chinese=asked_chinese)
    clauses = [part for part in (_CLAUSE_ZH if chinese else _CLAUSE_EN).split(sentence) if part.strip()]
    words = _words_of(kind, chinese)
    says = {clause: said for clause in clauses if (said := _said(clause, words, chinese=chinese)) is not None}
    if not says:
        unclear = negated or kind == _Kind.DUTY or words.no.search(sentence)
        return None if unclear else _denied(clauses, weights, chinese=chinese)
    nearest = max(says, key=lambda clause: _held(clause, weights))
    said = says[nearest]
    alone = len(set(says.values())) == 1
    if said:
        elsewhere = sentence.replace(nearest, " ", 1)
        alone = alone and not (_NOT_ZH if chinese else _NOT_EN).search(elsewhere)
        if negated or _LIMITS.search(elsewhere):
            return None
    near = _held(nearest, weights) >= (LEAST_HELD_ZH if chinese else LEAST_HELD_EN)
    return said if alone or near else None


def _words_of(kind: _Kind, chinese: bool) -> _Words:
    return _BY_KIND[kind, chinese]


def _kind_of(question: str, *, chinese: bool) -> _Kind:
    asks = _ASKS_ZH if chinese else _ASKS_EN
    return next((kind for kind, pattern in asks if pattern.search(question.strip())), _Kind.FACT)


def _negates(question: str, *, chinese: bool) -> bool:
    """Whether a question has a negation of its own: "without", 不重启."""
    asked = without_choice(question)
    if chinese:
        return _NOT_ZH.search(re.sub(r"[不没][？?]?$", "", asked)) is not None
    return re.search(r"\b(?:without|no|neither|only)\b", asked, re.IGNORECASE) is not None or bool(
        _NOT_EN.search(asked)
    )


def _said(clause: str, words: _Words, *, chinese: bool) -> bool | None:
    """Polarity of a clause by the words of a kind; None where it has none of them, or denies them twice."""
    denied = words.no.findall(clause)
    rest = words.no.sub(" ", clause)
    if denied:
        other = _NOT_ZH if chinese else _NOT_EN
        twice = len(denied) > 1 or other.search(rest) or _UNDOES.search(rest)
        return None if twice else False
    if words.yes.search(rest) and not (_NOT_ZH if chinese else _NOT_EN).search(rest):
        return None if _LIMITS.search(rest) else True
    return None


def _denied(clauses: Sequence[str], weights: Mapping[str, float], *, chinese: bool) -> bool | None:
    """False where the clause nearest to the question, near enough, has a single negation: 缓存会丢吗, 缓存不会丢."""
    nearest = max(clauses, key=lambda clause: _held(clause, weights), default="")
    if _held(nearest, weights) < (LEAST_HELD_ZH if chinese else LEAST_HELD_EN):
        return None
    negations = (_NOT_ZH if chinese else _NOT_EN).findall(nearest)
    if len(negations) != 1 or negations[0] == "非" or _LIMITS.search(nearest):
        return None
    return False


def _comes_later(question: str, sentence: str) -> bool:
    """Whether a sentence dates something to a later version than the question asks about."""
    asked = _VERSION.findall(question)
    since = [first or last for first, last in _SINCE.findall(sentence)]
    return len(asked) == len(since) == 1 and _as_version(asked[0]) < _as_version(since[0])


def _as_version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _held(text: str, weights: Mapping[str, float]) -> float:
    """Share of the question's weight in a text."""
    terms = terms_of(text)
    return sum(weight for term, weight in weights.items() if term in terms) / (sum(weights.values()) or 1.0)


def takes_side(sentence: str) -> bool:
    """Whether a sentence says that something may, must, can or can't be, as an answer of yes or no does."""
    return any(
        pattern.search(sentence)
        for words in (_LEAVE_EN, _DUTY_EN, _LEAVE_ZH, _DUTY_ZH, _FACT_ZH)
        for pattern in words
    )


def denies(sentence: str) -> bool:
    """Whether a sentence says that something can't or must not be, or need not."""
    return any(words.no.search(sentence) for words in (_LEAVE_EN, _DUTY_EN, _LEAVE_ZH, _DUTY_ZH, _FACT_ZH))


def begins_with_word(sentence: str) -> bool:
    """Whether a sentence says yes or no itself before all else."""
    return _LEADING.match(sentence) is not None


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,]\d+)*", text))


def opening(question_chinese: bool, says: bool) -> str:
    """The word that an answer begins with."""
    if question_chinese:
        return "是。" if says else "否。"
    return "Yes. " if says else "No. "
