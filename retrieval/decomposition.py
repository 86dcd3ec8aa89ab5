"""A question that asks several things, as questions that can be answered one by one.

"How long is it valid, and what does renewal cost?" has two answers, which may stand far apart. Each part keeps what is
said before the questions ("if the job dies halfway, …"), and what it leans on is put in as for a follow-up question.
"""

import re

from retrieval.follow_up import Turn, standalone_question

MOST_PARTS = 3
"""Longest chain of questions that is taken apart; beyond it the question is read as one."""

_HAN = re.compile(r"[\u3400-\u9fff]")
_ASKS_ZH = re.compile(
    r"什么|怎么|怎样|如何|哪|谁|几[年天日月种类条项次核]|最[多少]几个|多少|多[久长大高远]|何时|何处|是否|能否|可否|吗|呢|"
    r"([\u4e00-\u9fff])不\1|有没有"
)
_ASKS_NOTHING_ZH = re.compile(
    r"什么[^，。？]{0,6}[都也][没不]|(?:看看|看一下|知道|了解|清楚|确认|说明)[^，。？]{0,8}(?:什么|哪些?|多少|怎么|如何|是否|有没有)"
)
"""Words of a question that ask nothing: 什么都没写, or a question inside of a wish: 想看看会动哪些文件."""
_ASKS_EN = re.compile(r"\b(?:what|who|whom|whose|when|where|which|why|how)\b", re.IGNORECASE)
_VERB_FIRST_EN = re.compile(
    r"^(?:and |but |so )?(?:is|are|was|were|do|does|did|can|could|will|would|should|may|must|has|have|had)\b",
    re.IGNORECASE,
)
_LINK_EN = re.compile(r"^(?:and|but|so|also),? ", re.IGNORECASE)
_ELLIPTIC_EN = re.compile(
    r"^(?P<ask>what|which|who|where|how (?:much|many|long)) (?P<link>when|if|for|in|on|at|with|after)\b",
    re.IGNORECASE,
)
_AUXILIARY_EN = re.compile(
    r"\b(?:many|much|long|often|is|are|was|were|do|does|did|can|could|will|would|should|may|must|has|have|had)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[?？])\s*|(?<=[。！!])\s*|(?<=[.])\s+(?=[A-Z])")
_JOINED_EN = re.compile(
    r",? (?:and|but) (?=(?:what|who|when|where|which|why|how)\b|(?:is|are|does|do|did|can|will|should) "
    r"(?:it|they|i|we|you|the|a|there)\b)"
    r"|, (?=(?:what|who|when|where|why|how) (?:is|are|does|do|did|can|will|should|many|much|long|often)\b)",
    re.IGNORECASE,
)
_JOINED_ZH = re.compile(r"[，,；;](?:并且|而且|以及|另外|还有)?")
_LEADING = re.compile(
    r"^(?P<context>(?:if|when|once|after|before|for|in|with|while)\b.+?,)\s+(?=\S)", re.IGNORECASE
)
_TELLS_WHEN_EN = re.compile(
    r"^(?:when|where)\b"
    r"(?! (?:is|are|was|were|do|does|did|can|could|will|would|should|may|must|has|have|had|exactly)\b)",
    re.IGNORECASE,
)
"""A clause that says when, as "when the job dies", and asks nothing."""


def sub_questions(question: str) -> tuple[str, ...]:
    """The questions that a question consists of, in order, each to be understood alone.

    Args:
        question: In Chinese or English, as it is understood after earlier turns.

    Returns:
        At least two; nothing where one thing is asked, or more than three.
    """
    chinese = _HAN.search(question) is not None
    said: list[str] = []
    asked: list[str] = []
    for sentence in filter(str.strip, _SENTENCE_END.split(question.strip())):
        parts = _in_chinese(sentence) if chinese else _in_english(sentence)
        if not parts and not asked:
            said.append(sentence.strip())
        asked += parts
    if not 2 <= len(asked) <= MOST_PARTS:
        return ()
    context, first = _context(asked[0], chinese=chinese)
    before = " ".join([*said, context]).strip()
    whole = [" ".join([*said, asked[0]])]
    for part in asked[1:]:
        bare = _with_verb(_LINK_EN.sub("", part), first)
        if _asks(part, chinese=chinese) and before:
            whole.append(f"{before}{'' if chinese else ' '}{bare}")
            continue
        alone = standalone_question(part, [Turn(question=first, answer="")])
        if alone == part or not chinese:
            alone = f"{_subject(first, chinese=chinese)}{'：' if chinese else ': '}{bare}"
        whole.append(alone)
    return tuple(whole)


def _with_verb(part: str, first: str) -> str:
    """A part with the verb that only the first question says, as in "and which when it is full?"."""
    elliptic = _ELLIPTIC_EN.match(part)
    if elliptic is None:
        return part
    at = re.search(rf" {elliptic['link']}\b", first, re.IGNORECASE)
    same = first.lower().startswith(elliptic["ask"].lower())
    return f"{first[: at.start()]} {part[elliptic.start('link') :]}" if same and at else part


def _asks(part: str, *, chinese: bool) -> bool:
    """Whether a part contains its own question, as 如果是16岁呢 does not."""
    if chinese:
        return _asks_in_chinese(part.rstrip("呢？? "))
    return (_ASKS_EN.search(part) is not None and not _TELLS_WHEN_EN.match(part)) or (
        _VERB_FIRST_EN.match(part) is not None
    )


def _asks_in_chinese(part: str) -> bool:
    return _ASKS_ZH.search(_ASKS_NOTHING_ZH.sub("", part)) is not None


def _subject(first: str, *, chinese: bool) -> str:
    """The subject of a question: its text without the asking words."""
    rules = (_ASKS_ZH,) if chinese else (_ASKS_EN, _AUXILIARY_EN)
    for rule in rules:
        first = rule.sub("", first)
    return " ".join(first.strip("?？，, ").split())


def _in_english(sentence: str) -> list[str]:
    """The questions of a sentence; none where it asks nothing."""
    if not (sentence.rstrip().endswith("?") or _ASKS_EN.search(sentence) or _VERB_FIRST_EN.match(sentence)):
        return []
    parts = [part.strip() for part in _JOINED_EN.split(sentence) if part and part.strip()]
    asks = all(_asks(part, chinese=False) for part in parts)
    if len(parts) > 1 and asks and _subject(parts[0], chinese=False):
        return parts
    return [sentence.strip()]


def _in_chinese(sentence: str) -> list[str]:
    if not _asks_in_chinese(sentence):
        return []
    parts: list[str] = []
    for part in _JOINED_ZH.split(sentence):
        if parts and not (_asks_in_chinese(parts[-1]) and _asks_in_chinese(part)):
            parts[-1] = f"{parts[-1]}，{part}"
        else:
            parts.append(part)
    return [part.strip() for part in parts if part.strip()]


def _context(question: str, *, chinese: bool) -> tuple[str, str]:
    """The context in front of the first question, which holds for all of them, and the question without it."""
    if not chinese:
        leading = _LEADING.match(question)
        return (leading["context"], question[leading.end() :]) if leading else ("", question)
    at = max(question.rfind("，"), question.rfind(","))
    if at < 0 or _ASKS_ZH.search(question[:at]):
        return "", question
    return question[: at + 1], question[at + 1 :]
