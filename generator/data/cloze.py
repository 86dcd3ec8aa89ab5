"""Questions without labels: a sentence with a blank that the rest of its passage fills.

A span that stands in a passage more than once is blanked in one sentence; that sentence, taken out of the passage, is
the question, and the other places of the span are its answers (recurring span selection, Splinter, arXiv 2101.00438).
The blank is the question word of the language, so that what is learned carries over to questions.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from itertools import pairwise

from generator.data.examples import Example, spread

SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
PART_OF_NUMBER = re.compile(r"\d[.,/:]? | [.,/:]\d| %")
HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
LONGEST_WORDS, LONGEST_HAN = 6, 10
SHORTEST_HAN = 2
FUNCTION_HAN = frozenset(
    "的了是在和也不被与與及之就都而到对對将將会會从從以并並他"
    "她它我你您这這那有为為上中后後前等所其但或于於使又该該说說"
)
FUNCTION_SHARE = 0.03
"""Words of other writing in more passages than this share are function words."""
NAMED = 0.6
"""How much sooner a span with a capital or a digit is asked for, against the draw of [0, 1)."""
QUESTION_WORDS, QUESTION_HAN = 18, 36
"""Longest question; text farther from the blank is cut."""
GROUP = 8
"""Number of neighbouring passages that may serve as each other's distractors."""
COMMON_SHARE = 0.01
"""Spans in more passages than this share say nothing of any."""


def cloze_examples(
    passages: Sequence[str], source: str, rng: random.Random, most: int = 2, limit: int | None = None
) -> list[Example]:
    """Make cloze questions of passages.

    Args:
        passages: Texts; those without a recurring span give nothing.
        source: Name that the examples carry.
        rng: Of the choice of spans and blanks.
        most: Questions a passage at most.
        limit: Questions in all at most, spread evenly; None for all.
    """
    words = Counter(w for passage in passages for w in {m.group().casefold() for m in WORD.finditer(passage)})
    function = {w for w, n in words.items() if n > max(3.0, FUNCTION_SHARE * len(passages)) and w.isalpha()}
    found = [_recurring(passage, function) for passage in passages]
    passages_with = Counter(span for spans in found for span in spans)
    common = max(3.0, COMMON_SHARE * len(passages))
    examples = []
    for number, (passage, spans) in enumerate(zip(passages, found, strict=True)):
        rank = {span: rng.random() - NAMED * _named(passage, spans[span][0]) for span in sorted(spans)}
        made = 0
        for span in sorted((s for s in spans if passages_with[s] <= common), key=rank.__getitem__):
            if made == most:
                break
            example = _blank(passage, spans[span], f"{source}#{number // GROUP}", source, rng)
            if example is not None:
                examples.append(example)
                made += 1
    return spread(examples, limit)


def _named(passage: str, place: tuple[int, int]) -> bool:
    text = passage[place[0] : place[1]]
    return any(c.isupper() or c.isdigit() for c in text)


def _recurring(passage: str, function: Set[str]) -> dict[str, list[tuple[int, int]]]:
    """Places of the longest spans that occur more than once; of each, those within a longer one are left out."""
    places: dict[str, list[tuple[int, int]]] = {}
    for start, end in _candidates(passage, function):
        places.setdefault(passage[start:end].casefold(), []).append((start, end))
    kept: dict[str, list[tuple[int, int]]] = {}
    taken: list[tuple[int, int]] = []
    for span in sorted((s for s in places if len(places[s]) > 1), key=lambda s: (-len(s), s)):
        free = [p for p in places[span] if not any(a < p[1] and p[0] < b for a, b in taken)]
        if len(free) > 1:
            kept[span] = free
            taken += free
    return kept


def _candidates(passage: str, function: Set[str]) -> Iterator[tuple[int, int]]:
    words = [m.span() for m in WORD.finditer(passage) if not HAN_RUN.search(m.group())]
    for first in range(len(words)):
        for last in range(first, min(first + LONGEST_WORDS, len(words))):
            if last > first and passage[words[last - 1][1] : words[last][0]] not in (" ", "-"):
                break
            start, end = words[first][0], words[last][1]
            edges = {passage[a:b].casefold() for a, b in (words[first], words[last])}
            whole = not PART_OF_NUMBER.search(
                passage[max(0, start - 2) : start] + " " + passage[end : end + 2]
            )
            if whole and not edges & function and (end - start > 2 or not passage[start:end].islower()):
                yield start, end
    for run in HAN_RUN.finditer(passage):
        for start in range(run.start(), run.end() - SHORTEST_HAN + 1):
            if passage[start] in FUNCTION_HAN:
                continue
            for end in range(start + SHORTEST_HAN, min(start + LONGEST_HAN, run.end()) + 1):
                if passage[end - 1] not in FUNCTION_HAN:
                    yield start, end


def _blank(
    passage: str, places: Sequence[tuple[int, int]], group: str, source: str, rng: random.Random
) -> Example | None:
    """Take the sentence of one place as the question; None where no other place is left outside of it."""
    sentences = sentence_ranges(passage)
    order = list(places)
    rng.shuffle(order)
    for start, end in order:
        a, b = next(((a, b) for a, b in sentences if a <= start and end <= b), (start, end))
        rest = passage[:a] + passage[b:]
        answers = [(s, e) if e <= a else (s - (b - a), e - (b - a)) for s, e in places if e <= a or s >= b]
        question = blanked(passage[a:start], passage[start:end], passage[end:b])
        if answers and question:
            return Example(
                question=question, passage=rest, answers=tuple(sorted(answers)), group=group, source=source
            )
    return None


def sentence_ranges(passage: str) -> list[tuple[int, int]]:
    """Where sentences stand, as `[start, end)` characters; they cover the text."""
    cuts = [0, *(m.end() for m in SENTENCE_END.finditer(passage)), len(passage)]
    return [(a, b) for a, b in pairwise(cuts) if b > a]


def blanked(before: str, span: str, after: str) -> str:
    """The sentence with a question word in place of the span; empty where too little is left to ask by."""
    if HAN_RUN.search(before + span + after):
        blank = "多少" if span.isdigit() else "什么"
        half = QUESTION_HAN // 2
        before, after = before.lstrip()[-half:], after.rstrip()[:half]
        return before + blank + after if len(before + after) >= SHORTEST_HAN * 4 else ""
    blank = (
        "how many" if span.isdigit() and len(span) != len("1999") else "when" if span.isdigit() else "what"
    )
    left, right = before.split(), after.split()
    half = QUESTION_WORDS // 2
    left, right = left[-half:], right[:half]
    return " ".join([*left, blank, *right]) if len(left) + len(right) >= half // 2 else ""
