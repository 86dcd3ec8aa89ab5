"""Chinese questions from statements: a span gives way to a question word in place, as the language has it.

A clause that leaves its subject to the sentence gets it from an earlier clause, or from the page's title. Words and
their parts of speech come from a tagger that the caller has (tags of the ICTCLAS set, as jieba gives them).
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from generator.training.synthetic.chinese_words import (
    ADVERBIAL_ENDS,
    ADVERBS,
    EVENTS,
    LINKS,
    ORGANISATIONS,
    PLACES,
    SURNAMES,
    TITLED,
    UNITS,
    VERBS,
)
from generator.training.synthetic.spans import Asked, Kind
from generator.training.synthetic.word_lists import words_of

Tag = Callable[[str], Sequence[tuple[str, str]]]
"""Words of a text with their parts of speech; the words put together are the text."""

H = r"\u3400-\u9fff"
CLAUSE = re.compile(r"[^，,；;：:。！？!?\n]+")
BRACKETS = re.compile(r"（[^（）]*）|\([^()]*\)")
TITLE = re.compile(rf"\A([{H}A-Za-z0-9·]{{2,16}})[ 　]+(?=\1)")
TIME = re.compile(
    r"(?:[在于於自从從]?(?:公元前?)?\d+年(?:初|底|代)?(?:\d+月)?(?:\d+[日号])?(?:上午|下午|晚|起|间)?"
    r"|\d+月(?:\d+[日号])?[晚]?)[ ]?"
)
LINK = re.compile(f"(?:{LINKS})+")
DATE = re.compile(
    r"(?<![\d第.])[12]\d{3}年(?:\d{1,2}月(?:\d{1,2}[日号])?)?(?![代版度间底初级上半当]|[下中]旬|[春夏秋冬]季)|(?<![\d年.])\d{1,2}月\d{1,2}[日号]"
)
COUNT = re.compile(
    rf"(?<![\d.第年月时時-])(?:\d[\d,.]*[十百千万萬亿億]*|[二两兩三四五六七八九十百千万]{{1,6}})[余餘多]? ?"
    rf"(?:{UNITS})(?![月日代级級])"
    r"|(?<![\d.—～~/-])\d[\d.]*[%\uff05](?![—～~-])"
)
QUOTED = re.compile(r"《[^《》]{2,20}》|“[^“”，。]{2,14}”|「[^「」，。]{2,14}」")
PLACING = words_of("位于 位於 来自 來自 前往 在 于 於 到 至 自 赴 从 從 出生于 生于 抵达 抵達 毕业于")
WHY = re.compile("(?<![称稱成改名之作定视視])[为為]什么[？]?\\Z")
""""What as" that reads as "why"."""
BEGINNINGS = tuple(
    words_of("据 據 根据 根據 由于 由於 如果 虽然 雖然 因 随着 隨著 为了 為了 当 當 除 改编 改編 只要 连 連")
)
"""Clauses that begin so say nothing alone."""
EXAMPLES = ("比如", "例如", "如", "包括", "像")
PERIOD = re.compile("(?:之前|以前|时期|時期|初期|期间|期間|以后|以後|之后|之後|以来|以來)")
NOMINAL = ("n", "eng", "j", "zg", "vn", "b", "s", "g", "an", "l")
JOINING = frozenset("的、·和与與及-—“”《》「」 ")
SHORTEST_SUBJECT, LONGEST_SUBJECT = 2, 18
LONGEST_PART = 3
"""A noun as short as this, on a page about something, is a part of that."""
NAMES = ("nr", "ns", "nt", "nz", "eng")
SHORTEST, LONG_ENOUGH, LONGEST, LONGEST_ANSWER = 7, 13, 38, 20


@dataclass(frozen=True, slots=True)
class Word:
    """A tagged word and where it stands in its clause."""

    text: str
    tag: str
    start: int
    end: int

    @property
    def nominal(self) -> bool:
        """Whether it can stand in a name or a noun phrase."""
        return self.tag.startswith(NOMINAL)


def chinese_questions(sentence: str, topic: str, tag: Tag, rng: random.Random) -> list[Asked]:
    """Questions that a sentence answers; ranges are of the sentence.

    Args:
        sentence: One sentence, without those before it.
        topic: What the page is about, in place of its pronouns; empty where that is not known.
        tag: Words and parts of speech.
        rng: Of the variation of questions.
    """
    made = []
    subject = ""
    outside = BRACKETS.sub(lambda match: "\0" * len(match.group()), sentence)
    for match in CLAUSE.finditer(outside):
        text, words = match.group(), _words(match.group(), tag)
        start, own = _subject(words, text)
        if any(word.tag.startswith("r") for word in words[: start + 1]):
            own = subject = topic if text[:1] in tuple("他她它牠其该該") else ""
        subject = own or subject or topic
        if text.count("“") != text.count("”") or text.count("「") != text.count("」"):
            continue
        for kind, word, a, b in _spans(words, text):
            given = [] if own else _words(subject, tag)
            about = bool(topic) and (subject == topic or 0 < len(own) <= LONGEST_PART)
            if not about and not _says_enough(words, (a, b), given):
                continue
            statement = _statement(text, words, (a, b), own, subject, topic)
            question = _typeset(*statement, word, rng) if statement else ""
            if text[a:b] in question or WHY.search(question):
                continue
            if SHORTEST <= len(question) <= LONGEST and b - a <= LONGEST_ANSWER:
                answer = (match.start() + a, match.start() + b)
                made.append(Asked(question, (answer,), kind))
    return made


def _says_enough(words: Sequence[Word], span: tuple[int, int], subject: Sequence[Word]) -> bool:
    """Whether what is left of a clause, with the subject it is given, names something, or is of some length."""
    left = [*subject, *(word for word in words if word.end <= span[0] or word.start >= span[1])]
    named = any(word.tag.startswith(NAMES) and len(word.text) > 1 for word in left)
    return named or sum(len(word.text.strip("\0")) for word in left) >= LONG_ENOUGH


def topic_of(passage: str) -> str:
    """The title that a page of an encyclopedia begins with; empty where there is none."""
    match = TITLE.match(passage)
    return match.group(1) if match else ""


def _words(text: str, tag: Tag) -> list[Word]:
    words, at = [], 0
    for word, kind in tag(text):
        words.append(Word(word, kind, at, at + len(word)))
        at += len(word)
    return words


def _subject(words: Sequence[Word], text: str) -> tuple[int, str]:
    """Number of the first word after links and dates, and the noun phrase that begins there; empty where none does."""
    lead = LINK.match(text)
    at = lead.end() if lead else 0
    time = TIME.match(text, at)
    at = time.end() if time else at
    first = next((i for i, word in enumerate(words) if word.start >= at), len(words))
    end = first
    while end < len(words) and (
        words[end].nominal or words[end].text in JOINING or words[end].tag in {"a", "m", "q", "x"}
    ):
        end += 1
    phrase = text[words[first].start : words[end - 1].end].replace("\0", "") if end > first else ""
    solid = (
        end < len(words) and any(w.nominal for w in words[first:end]) and words[end - 1].text not in JOINING
    )
    return first, phrase.strip() if solid and SHORTEST_SUBJECT <= len(phrase) <= LONGEST_SUBJECT else ""


def _statement(
    text: str, words: Sequence[Word], span: tuple[int, int], own: str, subject: str, topic: str
) -> tuple[str, str] | None:
    """What stands before and after the span, with a subject; None where that is not to be had."""
    before, after = text[: span[0]], text[span[1] :].rstrip()
    link = LINK.match(before)
    before = before[link.end() :] if link else before
    if (after and (after[-1] in ADVERBIAL_ENDS or PERIOD.search(after))) or not any(
        word.tag.startswith("v") or word.text in "是为為" for word in words
    ):
        return None
    if before.startswith(BEGINNINGS) or before.endswith(EXAMPLES):
        return None
    if before.endswith(("、", "和", "及", "与")) or after.startswith(("、", "和", "及", "与", "或")):
        return None
    if before and before[0] in "他她它牠其该該":
        return (subject + before[1:], after) if subject and before[0] in "他她它牠" else None
    if own:
        part = bool(topic) and len(own) <= LONGEST_PART and own[:2] not in topic
        return (f"{topic}的{before}" if part and before.startswith(own) else before), after
    return (subject + before, after) if subject else None


def _spans(words: Sequence[Word], text: str) -> Iterator[tuple[Kind, str, int, int]]:
    """Ranges that can be asked for, none over another one, with the question words that ask for them."""
    taken: list[tuple[int, int]] = []
    bounds = {word.start for word in words}, {word.end for word in words}
    for kind, word, start, end in (*_by_pattern(text), *_names(words, text), *_objects(words, text)):
        whole = start in bounds[0] and end in bounds[1]
        if whole and "\0" not in text[start:end] and not any(a < end and start < b for a, b in taken):
            taken.append((start, end))
            yield kind, word, start, end


def _by_pattern(text: str) -> Iterator[tuple[Kind, str, int, int]]:
    for match in DATE.finditer(text):
        last = match.group()[-1]
        yield Kind.WHEN, "哪一年" if last == "年" else "什么时候" if last == "月" else "哪一天", *match.span()
    for match in COUNT.finditer(text):
        unit = re.search(rf"(?:{UNITS})\Z", match.group())
        yield Kind.HOW_MANY, "多少" + unit.group() if unit else "百分之多少", *match.span()
    for match in QUOTED.finditer(text):
        if not re.search(
            "[是为為以由对對的用了称稱叫名成唱演写出版行表把将將]\\Z|" + "|".join(TITLED),
            text[: match.start()],
        ):
            continue
        titled = next((noun for noun in TITLED if text[: match.start()].endswith(noun)), "")
        yield Kind.WHAT, "\b" * len(titled) + TITLED[titled] if titled else "什么", *match.span()


def _names(words: Sequence[Word], text: str) -> Iterator[tuple[Kind, str, int, int]]:
    """Runs of nouns that begin with a name."""
    i = 0
    while i < len(words):
        j = i
        while j < len(words) and (words[j].nominal or words[j].text == "·"):
            j += 1
        if j == i:
            i += 1
            continue
        start, end = words[i].start, words[j - 1].end
        before = words[i - 1].text if i else ""
        found = _name(words[i:j], before, words[j] if j < len(words) else None, text[start:end])
        if found is not None:
            yield *found, start, end
        i = j


def _name(run: Sequence[Word], before: str, after: Word | None, name: str) -> tuple[Kind, str] | None:
    """How to ask for a run of nouns, by its words and those beside it; None where it is no name, or part of one."""
    acts = after is not None and after.tag.startswith(("v", "d", "p"))
    person = len(run) == 1 and run[0].tag.startswith("nr") and name[0] in SURNAMES and 2 <= len(name) <= 3
    if (person and acts) or ("·" in name[1:-1] and name[-1] != "·" and len(name) >= SHORTEST - 2):
        return Kind.WHO, "谁"
    if not run[0].tag.startswith(NAMES) or (after is not None and (after.text == "的" or after.tag == "f")):
        return None
    organisation = next(
        (word for end, word in ORGANISATIONS.items() if name.endswith(end) and name != end), None
    )
    if organisation is not None and len(name) >= 4:
        return Kind.WHICH, organisation
    place = all(word.tag.startswith("ns") for word in run) or name[-1] in PLACES
    if run[0].tag.startswith("ns") and place and before in PLACING:
        return Kind.WHERE, PLACES.get(name[-1], "哪里") if len(name) > 2 else "哪里"
    return None


def _objects(words: Sequence[Word], text: str) -> Iterator[tuple[Kind, str, int, int]]:
    """The noun phrase that ends a clause after its verb."""
    end = len(words)
    while end and (words[end - 1].tag == "x" and not words[end - 1].text.strip()):
        end -= 1
    first = end
    while first and (
        words[first - 1].nominal or words[first - 1].text in "的、" or words[first - 1].tag in {"a", "m", "q"}
    ):
        first -= 1
    while first < end and (words[first].text in "的、" or (words[first].tag == "a" and first + 1 == end)):
        first += 1
    if not 0 < first < end or not words[end - 1].tag.startswith(("n", "eng")):
        return
    verb, phrase = words[first - 1], text[words[first].start : words[end - 1].end]
    named = verb.tag == "v" and any(word.tag.startswith(NAMES) for word in words[first:end])
    if (verb.text in VERBS or named) and len(phrase.strip()) >= 3:
        placed = verb.text in PLACING and words[first].tag.startswith("ns")
        yield (
            *((Kind.WHERE, "哪里") if placed else (Kind.WHAT, "什么")),
            words[first].start,
            words[end - 1].end,
        )


def _typeset(before: str, after: str, word: str, rng: random.Random) -> str:
    """One text of the parts; some of what is not needed is left out."""
    event = re.search(rf"({EVENTS})[于於]\Z", before)
    bare = word.lstrip("\b")
    if event is not None and not after and word in {"哪一年", "什么时候", "哪一天"}:
        text = before[: event.start()] + "是" + bare + event.group(1) + "的"
    else:
        text = before[: len(before) - (len(word) - len(bare))] + bare + after
    text = text.replace("\0", "")
    text = re.sub(ADVERBS, lambda match: "" if rng.random() < 0.4 else match.group(), text)
    dated = TIME.match(text)
    if dated is not None and rng.random() < 0.4:
        text = text[dated.end() :]
    if re.match("[，、的了过是]", text):
        return ""
    return text.strip(" 、：:·") + ("？" if rng.random() < 0.9 else "")
