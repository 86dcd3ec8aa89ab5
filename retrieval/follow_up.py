"""Follow-up questions: detect that a question depends on earlier turns, and complete it.

Rules for Chinese and English, no model. A question leans on the conversation where it opens or ends like a
continuation ("And…", "那…呢？"), says nothing of its own ("Why?"), or holds a pronoun whose antecedent is not in the
question. The last follows binding: a pronoun that is the object of a verb does not mean a noun of its own clause, a
possessive or a subject often does.

What it needs is carried from the question before: what asks nothing itself ("And in the Enterprise edition?") gets
that whole question in front; any other its content words, since a reader answers the first of two questions. Which of
them is meant is left to retrieval and to the reader: a phrase chosen by rules was the right one in half of the
conversations of development sets.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import rjieba

from retrieval.continuation_chinese import continued_in_chinese
from retrieval.continuation_english import continued_in_english
from retrieval.index.analysis import folded

SHORT_ANSWER = 40
"""Characters of an answer that may be a name."""

_HEADING = re.compile(r"([^:：]+)(?:: |：)")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An earlier question of a conversation and its answer, empty where there was none."""

    question: str
    answer: str = ""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


class _Word(NamedTuple):
    """A word of a folded text, with jieba's part of speech in Chinese."""

    start: int
    end: int
    text: str
    tag: str = ""


def standalone_question(question: str, history: Sequence[Turn]) -> str:
    """A question as it is understood after earlier turns.

    Args:
        question: As asked.
        history: Earlier turns, oldest first; each is understood from those before it. One that was made to stand
            alone already stays as it is.

    Returns:
        The question itself, unchanged, where it stands alone or where nothing came before it.
    """
    before: Turn | None = None
    for turn in history:
        before = Turn(question=_after(turn.question, before), answer=turn.answer)
    return _after(question, before)


def _after(question: str, before: Turn | None) -> str:
    """A question as it is understood after one turn whose question stands alone."""
    if before is None:
        return question
    continues = _continues(question)
    if not _content(question) or (continues and not _asks(question)):
        return _continued(before.question, question) or f"{before.question} {question}"
    if not continues and not _has_open_pronoun(question):
        return question
    known = {word.text for word in _words(question)}
    carried = [
        before.question[word.start : word.end] for word in _content(before.question) if word.text not in known
    ]
    if _PERSON.search(folded(question)) and _ASKS_WHO.search(folded(before.question)):
        carried += [before.answer.strip()] if 0 < len(before.answer.strip()) <= SHORT_ANSWER else []
    colon = "：" if _HAN.search(question) else ": "
    return f"{' '.join(dict.fromkeys(carried))}{colon}{question}" if carried else question


def _continued(before: str, question: str) -> str | None:
    """One question from two, where the second replaces or adds a phrase in the language of the first."""
    chinese = _HAN.search(before) is not None
    if not _content(question) or not _content(before) or chinese != (_HAN.search(question) is not None):
        return None
    return (continued_in_chinese if chinese else continued_in_english)(before, question)


def _continues(question: str) -> bool:
    """Whether a question opens, or ends, as a continuation of the previous one."""
    text = folded(question).strip()
    if not _HAN.search(text):
        return _CONTINUATION.match(text) is not None
    words = _words(question)
    opens = bool(words) and words[0].text in _OPENINGS
    return opens or (text.rstrip("?？ ").endswith("呢") and not _asks(question))


def _asks(question: str) -> bool:
    """Whether a question contains its own asking words."""
    text = folded(question)
    if _HAN.search(text):
        return _ASKING.search(text) is not None
    if _CONDITION.match(text):
        return False
    return any(word.text in _ASKING_ENGLISH for word in _words(_WHAT_ABOUT.sub("", text)))


def _has_open_pronoun(question: str) -> bool:
    """Whether a question holds a pronoun, or points at a thing, that it does not name itself."""
    heading = _HEADING.match(question)
    if heading and _content(heading[1]):
        return False  # what stands before a colon is what it is about, as in what this module makes
    words = _words(question)
    if _HAN.search(question):
        content = _content(question)
        if len(content) == 1 and content[0].tag == "v" and len(content[0].text) <= _LONGEST_BARE_VERB:
            return True  # what was named before is left out: 怎么修改？
        return any(_open_in_chinese(words, place) for place in range(len(words)))
    if _POINTS.search(folded(question).strip()):
        return True
    return any(_open_in_english([word.text for word in words], place) for place in range(len(words)))


def _words(text: str) -> list[_Word]:
    """Words of a text in order, folded; in English also the marks that end a clause."""
    plain = folded(text)
    if not _HAN.search(plain):
        return [_Word(*match.span(), match.group()) for match in _ENGLISH_WORD.finditer(plain)]
    words, at = [], 0
    for piece in _PERSONAL.split(plain):
        tagged = [(piece, "r")] if _PERSONAL.fullmatch(piece) else rjieba.tag(piece)
        for word, tag in tagged:
            if word.strip():
                words.append(_Word(at, at + len(word), word, tag))
            at += len(word)
    return words


def _content(text: str) -> list[_Word]:
    """The words that carry the subject of a text."""
    words = _words(text)
    if _HAN.search(text):
        return [
            w
            for w in words
            if w.text[0].isalnum() and w.tag not in _EMPTY_TAGS and w.text not in _EMPTY_CHINESE
        ]
    return [w for w in words if _tells(w.text)]


# ---------------------------------------------------------------------- English
_ENGLISH_WORD = re.compile(r"[^\W_]+(?:['’\-.][^\W_]+)*|[,;:]")
_CONTINUATION = re.compile(
    r"(?:and|but|or|also|plus)\b"
    r"|(?:so|then),? (?:what|how|why|who|when|where|which|is|are|was|were|does|do|did|can)\b"
    r"|(?:what|how) about\b|(?:the )?same (?:question )?(?:for|with)\b"
    r"|(?:what|who|where|anything|anyone) else\W*$|which ones?\W*$"
)
_POINTS = re.compile(
    r"\b(?:is|was|are|were|does|did|do|about|of|for|to|with|after|before|than|like|from) (?:this|that|these|those)\W*$"
    r"|^(?:is|was|does|did|do|are|were|can) (?:this|that|these|those)\b"
    r"|\b(?:this|that|these|those) (?:ones?|case|cases|version)\b|\bthe (?:former|latter|other one|others)\b"
)
_WHAT_ABOUT = re.compile(r"\b(?:what|how) about\b")
_CONDITION = re.compile(
    r"\W*(?:(?:and|but|or|also) )?(?:even )?(?:if|unless|although|though|because)\b"
    r"(?!.*\b(?:who|what|how|when|where|which|why)\b)[^,]*$"
)
_AUXILIARY = _set(
    "do does did is are was were has have had can could will would should may might must been be"
)
_ASKING_ENGLISH = _AUXILIARY | _set("what who whom whose when where which why how")
_CLAUSE_BREAKS = _set("when if because and or but that who which while after before until since so , ; :")
_SUBJECTS = _set("he she they")
_POSSESSIVES = _set("its his their")
_OBJECTS = _set("it him them her hers")
_EMPTY_ENGLISH = _AUXILIARY | _set(
    "a an and or but the i me my mine we us our you your he him his she her hers it its they them their this "
    "that these those there here what when where which who whom whose why how if in on at by for from of off "
    "to with about as than then so not no any some many much more most also too else please tell say based "
    "according given"
)
_EXPLETIVE = re.compile(
    r"it (?:takes?|took|costs?|means?|called|rains?|snows?|\w+ that\b"
    r"|(?:\w+ )?(?:legal|illegal|possible|necessary|important|safe|ok|okay|normal|true|easy|hard|better|worth|good|bad|"
    r"difficult|common|rude|time)\b)"
)


def _tells(word: str) -> bool:
    return word[0].isalnum() and re.sub(r"['’].*", "", word) not in _EMPTY_ENGLISH


def _open_in_english(words: Sequence[str], place: int) -> bool:
    """Whether a word is a pronoun that means nothing in its question."""
    word = re.sub(r"['’].*", "", words[place])
    if word not in _SUBJECTS | _POSSESSIVES | _OBJECTS or _EXPLETIVE.match(" ".join(words[place:])):
        return False
    breaks = max((i for i, other in enumerate(words[:place]) if other in _CLAUSE_BREAKS), default=-1)
    earlier, clause = words[: breaks + 1], words[breaks + 1 : place]
    if any(_tells(other) for other in earlier):
        return False
    owns = word == "her" and place + 1 < len(words) and _tells(words[place + 1])
    subject = not clause or clause[-1] in _AUXILIARY
    if word in _OBJECTS and not owns and not subject:
        return True  # what its clause names is something else
    # what stands before the auxiliary is asked for, not meant: "what year did it…"
    asked = next((i for i, other in enumerate(clause) if other in _AUXILIARY), -1)
    return not any(_tells(other) for other in clause[asked + 1 :])


# ---------------------------------------------------------------------- Chinese
# Split off before the segmentation, which makes 它位 of 它位在.
_PERSONAL = re.compile(r"((?<!其)[它他她牠]们?)")
_OPENINGS = _set("那 那么 还有 另外 此外 以及 而且 然后 或者 还是 同样")
_THIRD_PERSON = _set("其 其中 前者 后者")
_DEMONSTRATIVES = _set("这 这个 这些 这种 这类 这样 那 那个 那些 那种 那样 这里 那里 这家 那家 这位 那位")
_POINTING = re.compile(r"[该此](?![外后前时次])[\u4e00-\u9fff]{1,2}")
_ASKING = re.compile(r"什么|怎|哪|谁|几|多少|为何|如何|何[时人处年地]|多[久长大高远]|是否|吗")
_EMPTY_CHINESE = _set(
    "什么 怎么 怎样 怎么办 怎么样 如何 为什么 为何 谁 哪 哪个 哪些 哪里 哪儿 哪一个 哪种 几 几个 多少 多久 "
    "多长 多长时间 多大 何时 何处 何人 何年 是否 请问 是 有 在 于 为 会 能 可以 要 有没有 是不是 呢 吗 钱 "
    "时候"
)
_LONGEST_BARE_VERB = 2
_EMPTY_TAGS = _set("r p c d y f k h o e q u uj ul uz ug uv ud")


def _open_in_chinese(words: Sequence[_Word], place: int) -> bool:
    """Whether a word is a pronoun, or points at a thing, that its question does not name."""
    word = words[place].text
    following = words[place + 1] if place + 1 < len(words) else _Word(0, 0, "")
    points = word in _DEMONSTRATIVES or _POINTING.fullmatch(word) is not None
    points = points or (word in {"该", "此"} and _names(following))
    if not points and word not in _THIRD_PERSON and not _PERSONAL.fullmatch(word):
        return False
    before = list(words[:place])
    if points and before and (_names(before[-1]) or before[-1].text in "”」》"):
        return False  # in apposition: “…”这个名字
    owns = word == "其" or following.text == "的"
    governed = bool(before) and before[-1].tag[:1] in {"v", "p"}
    if points or (governed and not owns):
        # what its clause names is something else
        breaks = max((i for i, other in enumerate(before) if other.tag in {"x", "w"}), default=-1)
        before = before[: breaks + 1]
    return not any(_names(other) and not _asked_for(before, i) for i, other in enumerate(before))


def _asked_for(words: Sequence[_Word], place: int) -> bool:
    """Whether a noun follows an asking word, and so refers to nothing yet: 哪一个宗教."""
    place -= 1
    while place >= 0 and words[place].tag in {"m", "q"} and not _ASKING.search(words[place].text):
        place -= 1
    return place >= 0 and _ASKING.search(words[place].text) is not None


def _names(word: _Word) -> bool:
    return (word.tag[:1] in {"n", "l", "j", "i"} or word.tag == "eng") and word.text not in _EMPTY_CHINESE


# ---------------------------------------------------------------------- both
_PERSON = re.compile(r"\b(?:he|she|him|his|her)\b|(?<!其)[他她]")
_ASKS_WHO = re.compile(r"\b(?:who|whom|whose)\b|谁|哪[一]?[位个]?人|何人|哪位")
