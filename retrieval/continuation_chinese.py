"""Chinese continuations that ask nothing themselves (那起诉离婚呢？), put into the question before them.

What is named takes the place of the phrase that it is parallel to: one with the same head (企业版 for 社区版), the same
unit (三年 for 一年), another name in Latin letters, another phrase with a word in common, another kind of person; else
of the first noun phrase, which is what a Chinese question is about. What is a condition (a clause, 在…上, …期间), or is
a person, an edition, a year or a name without a counterpart, is added in front.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import rjieba

from retrieval.index.analysis import folded


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OPENING = re.compile(
    r"^(?:那么|那|还有|另外|此外|以及|而且|然后|或者|还是|同样|对于|对(?![方象手比应外内])|关于|针对|换成|如果是|[\s，,、])+"
)
_ENDING = re.compile(r"[\s，,。？?！!]*呢?[\s。？?！!]*$")
_ASKING = (
    "什么时候|什么|怎么办|怎么样|怎么|怎样|怎|哪个|哪些|哪里|哪|谁|多长时间|多少|多[久长大高远]|为何|为什么|如何|何时|"
    "何[人处年地]|是否|能否|可否|有没有|是不是|能不能|可不可以|要不要|吗"
)
_SPLIT = re.compile(rf"({_ASKING}|\d{{4}}年|(?<![但于还])是|[^\w\s.\-]+)")
_LINKS = _set(
    "应该 应当 可以 需要 必须 能够 最长 最短 最多 最少 最高 最低 最大 最小 最 的 有 在 由 被 从 会 要 能 得 和 与 跟 或"
)
_CONDITION = re.compile(r"(?:如果|要是|假如|假设|若|当|没有|没|使用|用|涉及|通过)|(?:对方|双方|一方)..")
_CLAUSE_WORDS = _set("是 没有 没 不 不是 已 已经 一直 有 还 未")
_FRAMED = re.compile(
    r"^(?P<before>在?\s*)(?P<core>.+?)(?P<after>\s*(?:的?情况下|的话|的时候|期间|之后|以后|之前|以前|之[中内]|[后前时下中上里内]))$"
)
_NUMBER = "0-9零一二两三四五六七八九十百千万半"
_QUANTITY = re.compile(rf"[{_NUMBER}.]+\s*(?P<unit>个?[^\W\d_{_NUMBER}])")
_LATIN = re.compile(r"[A-Za-z][\w.+\-]*(?:\s+[A-Za-z0-9][\w.+\-]*)*")
_PERSON = re.compile(
    r"(?:[人员者工方民生师妇童官兵]|父母|父亲|母亲|爸爸|妈妈|丈夫|妻子|子女|夫妻|用户|客户|股东|企业主)$"
)
_SCOPE = re.compile(r"(?:版本?|模式|环境|系统|平台|地区|[省市国])$")
_NOUN_TAGS = {"n", "l", "j", "i", "b", "a", "m", "t", "s"}
_EMPTY_TAGS = {"r", "p", "c", "d", "y", "k", "h", "o", "e", "q", "u", "x", "w"}


class _Phrase(NamedTuple):
    """Words of a text side by side, as ranges, and whether something stands before them in their clause."""

    words: Sequence[tuple[int, int, str]]
    governed: bool


def continued_in_chinese(before: str, follow_up: str) -> str | None:
    """The previous question, with the part that a continuation replaces in it or adds to it.

    Args:
        before: A question that stands alone.
        follow_up: What goes on from it and asks nothing itself, such as "那企业版呢？".

    Returns:
        One question; None where the continuation names nothing (还有呢？).
    """
    said = _ENDING.sub("", _OPENING.sub("", follow_up.strip())).strip()
    # 那三年的呢: of something that the question before has
    named = said[:-1] if _QUANTITY.fullmatch(said[:-1]) and said.endswith("的") else said
    if not any(character.isalnum() for character in named):
        return None
    place = _replaced(folded(before), folded(named))
    if place is None:
        return f"{said}，{before.strip()}"
    start, end, first, last = place
    return f"{before[:start]}{named[first:last]}{before[end:]}".strip()


def _replaced(before: str, named: str) -> tuple[int, int, int, int] | None:
    """The replaced range of the previous question, and the range of the new phrase that takes its place."""
    quantity = _QUANTITY.fullmatch(named)
    if quantity is None and _is_clause(named):
        return None
    frame = _FRAMED.fullmatch(named)
    first, last = frame.span("core") if frame else (0, len(named))
    core = named[first:last]
    if quantity:
        found = _same_unit(before, quantity["unit"])
    elif _LATIN.fullmatch(core):
        found = next((match.span() for match in _LATIN.finditer(before)), None)
    else:
        found = _parallel(list(_phrases(before)), core, framed=frame is not None)
    return None if found is None else (*found, first, last)


def _is_clause(named: str) -> bool:
    """Whether the new phrase is a condition: 夫妻一方是军人, not 股份有限公司."""
    words = [word for piece in re.split("(?<![但于还])(是)", named) for word in rjieba.cut(piece)]
    return _CONDITION.match(named) is not None or any(word in _CLAUSE_WORDS for word in words)


def _same_unit(before: str, unit: str) -> tuple[int, int] | None:
    return next((match.span() for match in _QUANTITY.finditer(before) if match["unit"] == unit), None)


def _parallel(phrases: Sequence[_Phrase], core: str, *, framed: bool) -> tuple[int, int] | None:
    """The phrase that is most similar to the new one."""
    starts_with_verb = _tags(core)[:1] == ["v"]
    ranked = []
    for order, phrase in enumerate(phrases):
        whole = _whole(phrase, keep_verb=starts_with_verb)
        for start, end, text in _candidates(phrase, len(core), keep_verb=starts_with_verb):
            head = _common_end(text, core)
            # one character says little, and nothing inside a word: 开车 is no other 火车票
            whole_word = any(end == word[1] for word in phrase.words)
            alike = head if head > 1 or (whole_word and abs(len(text) - len(core)) <= 1) else 0
            # 起诉离婚 is no other kind of what 离婚冷静期 begins with, so all of that goes
            if head == len(text) < len(core) and whole is not None and end < whole[1]:
                end = whole[1]
            ranked.append((alike, -order, start, end))
    best = max(ranked, key=lambda item: item[:2], default=None)
    if best and best[0]:
        return best[2:]
    if framed:
        return None
    named = [item for phrase in phrases if (item := _whole(phrase, keep_verb=starts_with_verb)) is not None]
    shared = [(start, end) for start, end, text in named if _common_part(text, core)]
    if shared:
        return shared[0]
    for kind in (_PERSON, _SCOPE):
        if kind.search(core):
            return next(((start, end) for start, end, text in named if kind.search(text)), None)
    return named[0][:2] if named else None


def _candidates(phrase: _Phrase, length: int, *, keep_verb: bool) -> Iterator[tuple[int, int, str]]:
    """Beginnings of a phrase: up to the end of each of its words, and as long as the new phrase."""
    words = _without_verb(phrase, keep_verb=keep_verb)
    for count in range(1, len(words) + 1):
        yield _joined(words[:count])
    start, end, text = _joined(words)
    if length < end - start == len(text):
        yield start, start + length, text[:length]  # 民事诉讼 of 民事 诉讼时效


def _whole(phrase: _Phrase, *, keep_verb: bool) -> tuple[int, int, str] | None:
    """A phrase without the verbs behind its last noun; None where it has no noun."""
    words = _without_verb(phrase, keep_verb=keep_verb)
    while words and _tag_of(words[-1][2]) not in _NOUN_TAGS:
        words = words[:-1]
    return _joined(words) if words else None


def _without_verb(phrase: _Phrase, *, keep_verb: bool) -> Sequence[tuple[int, int, str]]:
    """A phrase without its governing verb: 如何解除劳动合同; a verb that opens the clause belongs to the phrase."""
    words = phrase.words
    governs = phrase.governed and len(words) > 1 and _tag_of(words[0][2]) == "v"
    return words[1:] if governs and not keep_verb else words


def _joined(words: Sequence[tuple[int, int, str]]) -> tuple[int, int, str]:
    return words[0][0], words[-1][1], "".join(word for _, _, word in words)


def _phrases(text: str) -> Iterator[_Phrase]:
    """Runs of words that say something, parted by asking words, links, particles and punctuation."""
    at, governed = 0, False
    for number, piece in enumerate(_SPLIT.split(text)):
        if number % 2:
            governed = piece[0].isalnum() and not piece[0].isdigit()
            at += len(piece)
            continue
        run: list[tuple[int, int, str]] = []
        for word, tag in rjieba.tag(piece):
            empty = tag[:1] in _EMPTY_TAGS or tag == "f" or word in _LINKS or not word.strip()
            if not empty:
                run.append((at, at + len(word), word))
            elif run:
                yield _Phrase(run, governed)
                run, governed = [], True
            at += len(word)
        if run:
            yield _Phrase(run, governed)


def _tag_of(word: str) -> str:
    return (_tags(word) or [""])[-1]


def _tags(text: str) -> list[str]:
    return ["n" if tag == "vn" else tag if tag == "eng" else tag[:1] for _, tag in rjieba.tag(text)]


def _common_end(first: str, second: str) -> int:
    count = 0
    while count < min(len(first), len(second)) and first[-1 - count] == second[-1 - count]:
        count += 1
    return count


def _common_part(first: str, second: str) -> bool:
    return any(first[at : at + 2] in second for at in range(len(first) - 1))
