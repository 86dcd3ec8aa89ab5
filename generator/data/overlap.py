"""Training examples that touch development data: the same question, or a stretch of the same passage."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from generator.data.examples import Example

log = logging.getLogger(__name__)

WORD = re.compile(r"[^\W_]+")
SHARED = 50
"""Characters, marks and case aside, from which on two passages touch."""
BLOCK = SHARED // 2
"""A shared stretch holds at least one whole block of this length, counted from the start of either passage."""


class HeldOut:
    """Questions and passages that training must not see."""

    def __init__(self, examples: Iterable[Example]) -> None:
        self.questions: set[str] = set()
        self.blocks: dict[str, list[tuple[int, int]]] = {}
        self.passages: list[str] = []
        seen = set()
        for example in examples:
            self.questions.add(_plain(example.question))
            passage = _plain(example.passage)
            if passage not in seen:
                seen.add(passage)
                self._index(passage)

    def _index(self, passage: str) -> None:
        for at in range(0, len(passage) - BLOCK + 1, BLOCK):
            self.blocks.setdefault(passage[at : at + BLOCK], []).append((len(self.passages), at))
        self.passages.append(passage)

    def has_question(self, question: str) -> bool:
        """Whether it is asked there."""
        return _plain(question) in self.questions

    def has_part_of(self, passage: str) -> bool:
        """Whether `SHARED` characters in a row stand in a passage there."""
        passage = _plain(passage)
        for at in range(len(passage) - BLOCK + 1):
            for number, place in self.blocks.get(passage[at : at + BLOCK], ()):
                if _shared(passage, at, self.passages[number], place) >= SHARED:
                    return True
        return False


def without_overlap(examples: Sequence[Example], held_out: HeldOut) -> list[Example]:
    """The examples that touch nothing that is held out; how many of which set were dropped is logged."""
    touching = {text: held_out.has_part_of(text) for text in {example.passage for example in examples}}
    kept = []
    dropped: Counter[str] = Counter()
    for example in examples:
        if touching[example.passage]:
            dropped[f"{example.source}: passage"] += 1
        elif held_out.has_question(example.question):
            dropped[f"{example.source}: question"] += 1
        else:
            kept.append(example)
    if dropped:
        log.info("left out, for they touch a development part: %s", dict(sorted(dropped.items())))
    return kept


def _plain(text: str) -> str:
    """Words alone: rules of tables and other markup are alike everywhere."""
    return " ".join(WORD.findall(text.casefold()))


def _shared(one: str, at: int, other: str, place: int) -> int:
    """Length of the stretch that is equal around the two places."""
    back = 0
    while at - back > 0 and place - back > 0 and one[at - back - 1] == other[place - back - 1]:
        back += 1
    on = 0
    while at + on < len(one) and place + on < len(other) and one[at + on] == other[place + on]:
        on += 1
    return back + on
