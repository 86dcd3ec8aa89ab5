"""Neighbours of hits: the passages before and after each hit, within its section."""

from collections.abc import Mapping, Sequence

from retrieval.types import Hit, Passage

STAGE = "neighbours"


def section_around(passage: Passage, beside: Sequence[Passage]) -> list[Passage]:
    """The passages that continue one, on both sides, within its section.

    The section is what stands under the passage's own headings, sub-sections included. It ends where the next passage
    belongs to another, or where one is missing.

    Args:
        passage: The passage found.
        beside: Other passages of its document, in any order.

    Returns:
        In reading order, without the passage itself.
    """
    path = tuple(passage.heading_path)
    solid = [p for p in beside if p.start < p.end]
    by_start, by_end = {p.start: p for p in solid}, {p.end: p for p in solid}
    before: list[Passage] = []
    at = by_end.get(passage.start)
    while at is not None and _under(at, path):
        before.append(at)
        at = by_end.get(at.start)
    after: list[Passage] = []
    at = by_start.get(passage.end)
    while at is not None and _under(at, path):
        after.append(at)
        at = by_start.get(at.end)
    return [*reversed(before), *after]


def expand(
    hits: Sequence[Hit], passages: Mapping[int, Passage], beside: Mapping[int, Sequence[Passage]]
) -> list[tuple[Hit, Passage]]:
    """Neighbours of hits, the best hit's first, each once, without passages that are hits themselves.

    Args:
        hits: Ranked hits.
        passages: Their passages by chunk id.
        beside: Passages around each hit, by its chunk id.

    Returns:
        Neighbours as hits with the score of the one that they stand beside, and its rank under "neighbours".
    """
    seen = {hit.chunk_id for hit in hits}
    found: list[tuple[Hit, Passage]] = []
    for rank, hit in enumerate(hits, start=1):
        for passage in section_around(passages[hit.chunk_id], beside.get(hit.chunk_id, ())):
            if passage.chunk_id not in seen:
                seen.add(passage.chunk_id)
                found.append((Hit(chunk_id=passage.chunk_id, score=hit.score, ranks={STAGE: rank}), passage))
    return found


def _under(passage: Passage, path: tuple[str, ...]) -> bool:
    return tuple(passage.heading_path[: len(path)]) == path
