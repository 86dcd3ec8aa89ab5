"""Lines with a kind of answer, and the supervision that each kind gives to a reader.

A line has `question`, `context`, `answers` and `kind`: `span` and `freeform` (texts that may stand in the context),
`howto` (the section under a heading), `pair` (the context is relevant, and may hold the answer as a sentence), `yesno`,
`unanswerable`.
"""

import re
from enum import IntEnum
from typing import Any, NamedTuple

KINDS = frozenset(("span", "freeform", "howto", "pair", "yesno", "unanswerable"))
LONGEST_QUESTION = 400
"""Characters; longer ones are whole messages."""
WITHIN_SHARE = 0.7
"""A sentence that fills more of its passage than this does not locate the answer."""
STEPS_WEIGHT = 420
"""Longest answer of a how-to in Latin characters; a third as many Chinese ones."""
MOST_SPANS = 4
BLANK_LINES = re.compile(r"(\n[^\S\n]*\n\s*)")
SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？；\n]")
SHORTEST_CUT = 20


class Supervision(IntEnum):
    """Supervision that an example gives on its passage.

    Attributes:
        RANGES: The ranges given are the answers; without one the passage does not answer.
        RELEVANT: The passage answers, and where is not said.
        WITHIN: The answer is somewhere inside the one range given: weak supervision.
    """

    RANGES = 0
    RELEVANT = 1
    WITHIN = 2


class KindAnswers(NamedTuple):
    """Supervision from one line.

    Attributes:
        spans: Character ranges in the context, ascending.
        supervision: What they say.
        target: Answer in words of its own; None where there is none to write.
    """

    spans: tuple[tuple[int, int], ...]
    supervision: Supervision
    target: str | None = None


def has_kind(line: dict[str, Any]) -> bool:
    """Whether a line is of this form."""
    return line.get("kind") in KINDS and "context" in line and "answer_spans" not in line


def kind_answers(line: dict[str, Any]) -> KindAnswers | None:
    """Supervision from a line; None if it gives none (a long question, an answer that is nowhere)."""
    passage, kind = line["context"], line["kind"]
    if not passage.strip() or len(line["question"]) > LONGEST_QUESTION:
        return None
    texts = [text.strip() for text in line["answers"] or () if text and text.strip()]
    if kind == "unanswerable":
        return KindAnswers((), Supervision.RANGES)
    if kind == "howto":
        texts = [first_block(text) for text in texts if text in passage]
        if not any(texts):
            return None
    spans = _spans(passage, texts)
    if kind == "yesno" or (not spans and kind != "span"):
        target = texts[0] if kind == "freeform" and texts else None
        return KindAnswers((), Supervision.RELEVANT, target)
    if not spans:
        return None
    if kind == "pair":
        start, end = spans[0]
        alone = end - start >= WITHIN_SHARE * len(passage)
        return KindAnswers((), Supervision.RELEVANT) if alone else KindAnswers(spans[:1], Supervision.WITHIN)
    return KindAnswers(spans, Supervision.RANGES)


def _spans(passage: str, texts: list[str]) -> tuple[tuple[int, int], ...]:
    """First range of each text in the passage; texts that do not occur are left out."""
    found = {(at, at + len(text)) for text in texts if text and (at := passage.find(text)) >= 0}
    return tuple(sorted(found)[:MOST_SPANS])


def first_block(text: str) -> str:
    """The first block of an answer, with the block that a colon introduces; a long one is cut at a sentence end.

    Returns:
        The start of the text, empty where no sentence ends early enough.
    """
    blocks = BLANK_LINES.split(text.strip())
    start = blocks[0]
    if start.rstrip().endswith((":", "：")) and len(blocks) > 2:
        start += blocks[1] + blocks[2]
    weight, end = 0, len(start)
    for place, character in enumerate(start):
        weight += 3 if character >= "\u3400" else 1
        if weight > STEPS_WEIGHT:
            end = place
            break
    if end < len(start):
        cut = max((m.end() for m in SENTENCE_END.finditer(start[:end])), default=0)
        start = start[:cut] if cut > SHORTEST_CUT else ""
    return start.rstrip()
