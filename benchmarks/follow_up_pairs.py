"""Decision 0049: conversations of two questions; the second names what the first was about by a pronoun.

No set of conversations is free to use here, so two questions about one article make one, where both name its title
(the first in its answer, perhaps). In the second the title becomes a pronoun; in Chinese, as an ellipsis, it is left
out between 那 and 呢. Who said the original wanted the title there is the set's author, so the original is what a
perfect rewriting would give.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import opencc
import rjieba

from app.measuring.quality.scores import has_han
from app.measuring.questions.datasets import Question, QuestionSet

_PERSON = re.compile(r"\bborn\b|出生|\d\s*[-–—]\s*\d{4}年.{0,12}[）)]")
_COMPANY = re.compile(r"公司|集团|集團|股份")
_BRACKETED = re.compile(r"[《「“](它|他|该公司)[》」”]")
MOST_CHARS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two turns of a conversation.

    Attributes:
        first: Question of the first turn.
        answer: Its gold answer.
        second: The second question, as its author wrote it.
        pronoun: The same with a pronoun for the title.
        ellipsis: The same without the title, as Chinese leaves it out; empty in English.
    """

    first: str
    answer: str
    second: Question
    pronoun: str
    ellipsis: str


def pairs_of(dataset: QuestionSet, *, seconds_from: int = 0, per_article: int = 3) -> Iterator[Pair]:
    """Make conversations.

    Args:
        dataset: Articles and their questions.
        seconds_from: Position of the first question that may be a second one, so that a split holds.
        per_article: Second questions of one article, at most.
    """
    by_article: dict[int, list[int]] = {}
    for number, question in enumerate(dataset.questions):
        if question.answerable and question.evidence and len(question.asked_of) == 1:
            by_article.setdefault(question.article, []).append(number)
    for article, numbers in by_article.items():
        title = re.sub(r"\s*[（(].*?[)）]", "", dataset.articles[article].title).strip()
        named = {n for n in numbers if _place(title, dataset.questions[n].text) is not None}
        firsts = [
            n for n in numbers if n in named or _place(title, dataset.questions[n].answers[0]) is not None
        ]
        seconds = [n for n in named if n >= seconds_from and len(dataset.questions[n].text) <= MOST_CHARS]
        for number in sorted(seconds)[:per_article]:
            second = dataset.questions[number]
            others = [n for n in firsts if dataset.questions[n].text != second.text]
            if others:
                first = dataset.questions[random.Random(number).choice(others)]
                yield _pair(dataset, first, second, title)


def _pair(dataset: QuestionSet, first: Question, second: Question, title: str) -> Pair:
    start, end = _place(title, second.text) or (0, 0)
    left, right = second.text[:start], second.text[end:]
    begins = dataset.articles[second.article].paragraphs[second.paragraph][:200]
    person = _PERSON.search(begins) is not None and not _COMPANY.search(title)
    if not has_han(second.text):
        return Pair(first=first.text, answer=first.answers[0], second=second, ellipsis="",
                    pronoun=_english(left, right, person=person))  # fmt: skip
    word = "该公司" if _COMPANY.search(title) else "他" if person else "它"
    rest = (left + re.sub("^的", "", right)).rstrip("?？。")
    return Pair(
        first=first.text,
        answer=first.answers[0],
        second=second,
        pronoun=_BRACKETED.sub(r"\1", left + word + right),
        ellipsis=f"那{re.sub('《》|「」|“”', '', rest)}呢？",
    )


def _english(left: str, right: str, *, person: bool) -> str:
    left = re.sub(r"\b(?:the|a|an)\s+$", "", left, flags=re.IGNORECASE)
    possessive = re.match(r"['’](?:s\b)?", right)
    if possessive:
        word, right = ("his" if person else "its"), right[possessive.end() :]
    elif person:
        word = "him" if re.search(r"\b(?:of|to|for|with|by|about|on|in)\s+$", left) else "he"
    else:
        word = "it"
    return f"{left}{word}{right}"


def _place(title: str, text: str) -> tuple[int, int] | None:
    """Where a text names a title as a word of its own, in either script."""
    name, searched = _fold(title), _fold(text)
    if not has_han(name):
        found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", searched)
        return found.span() if found else None
    start = searched.find(name)
    end = start + len(name)
    if start < 0:
        return None
    begins, ends = {}, {0: ("", "x")}
    at = 0
    for word, tag in rjieba.tag(searched):
        begins[at] = ends[at + len(word)] = (word, tag)
        at += len(word)
    if start not in ends or (end not in begins and end != at):
        return None
    following, before = begins.get(end, ("", "x")), ends[start]
    inside = following[1][0] in "nk" or before[1][0] in "namb"  # part of a longer name
    return None if inside else (start, end)


def _fold(text: str) -> str:
    folded = str(_simplifier().convert(text)).lower()
    return folded if len(folded) == len(text) else text.lower()


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
