"""Years and versions: a question that names one means the document that carries it.

Editions of a law, a report or a manual say nearly the same in nearly the same words, and differ in their names.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from retrieval.types import Hit, Passage

STAGE = "edition"
PREFERENCE = 0.2
"""Bonus for the year or version asked for, and penalty for another one; fused scores lie in 0 to 3."""

_YEAR = re.compile(r"(?<![\d.])(?:1[89]|20)\d\d(?![\d.]*\d)")
_VERSION = re.compile(r"(?<![\w.])v?(\d{1,3}(?:\.\d{1,4}){1,3})(?![\d.]*\d)", re.IGNORECASE)
_SAYS_VERSION = re.compile(r"\bv\d|version|release|版", re.IGNORECASE)


def years_of(text: str) -> frozenset[str]:
    """Years from 1800 to 2099 that a text names."""
    return frozenset(_YEAR.findall(text))


def versions_of(text: str) -> frozenset[str]:
    """Versions such as 1.1 or v1.2.3 that a text names, without the v; none where nothing says that it is one."""
    return frozenset(_VERSION.findall(text)) if _SAYS_VERSION.search(text) else frozenset()


def names_edition(question: str) -> bool:
    """Whether a question names a year or a version."""
    return bool(years_of(question) or versions_of(question))


def by_edition(question: str, hits: Sequence[Hit], passages: Mapping[int, Passage]) -> list[Hit]:
    """Reorder hits: a document name, title or heading with the year or version of the question goes first.

    Args:
        question: Any text; one that names no year and no version changes nothing.
        hits: With scores by fusion, best first.
        passages: Of these hits by chunk id; hits without one stay behind those that have one.

    Returns:
        All hits, best first; where a year or a version is named, with the score that they were ordered by.
    """
    if not names_edition(question):
        return list(hits)
    asked = (years_of(question), versions_of(question))
    known = [hit for hit in hits if hit.chunk_id in passages]
    rest = [hit for hit in hits if hit.chunk_id not in passages]
    scored = [replace(hit, score=hit.score + _preference(asked, passages[hit.chunk_id])) for hit in known]
    ordered = sorted(scored, key=lambda hit: -hit.score)
    return [
        replace(hit, scores={**hit.scores, STAGE: hit.score}, ranks={**hit.ranks, STAGE: rank})
        for rank, hit in enumerate(ordered, start=1)
    ] + rest


def _preference(asked: tuple[frozenset[str], frozenset[str]], passage: Passage) -> float:
    """Bonus where the label carries the year and the version asked for, penalty where it carries only others."""
    label = " / ".join([passage.name, passage.title, *passage.heading_path])
    total = 0.0
    for wanted, carried in zip(asked, (years_of(label), versions_of(label)), strict=True):
        if wanted and carried:
            total += PREFERENCE if wanted & carried else -PREFERENCE
    return total
