"""Decision 0071: ways to cite an answer, judged against gold evidence, and what the answer owes to what is cited."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.measuring.quality.truth import Place, overlap
from generator.fathom_small.explain import Explanation
from retrieval.types import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedScore:
    """How right the cited places of one answer are; all in [0, 1].

    Attributes:
        precision: Share of the places that overlap a gold sentence; None where nothing is cited.
        recall: Share of the gold sentences that a place overlaps.
        exactness: Share of the cited characters that belong to a gold answer; None where nothing is cited.
        coverage: Share of the characters of gold answers that are cited.
    """

    precision: float | None
    recall: float
    exactness: float | None
    coverage: float


def score_places(cited: Sequence[Place], sentences: Sequence[Place], answers: Sequence[Place]) -> CitedScore:
    """Judge cited places, after the citation precision and recall of ALCE (arXiv 2305.14627), with gold evidence.

    Args:
        cited: Places that are cited.
        sentences: Gold sentences, at least one.
        answers: Gold answers, at least one.
    """
    right = [any(overlap(place, sentence) for sentence in sentences) for place in cited]
    found = [any(overlap(place, sentence) for place in cited) for sentence in sentences]
    shown, gold = _characters(cited), _characters(answers)
    return CitedScore(
        precision=sum(right) / len(right) if right else None,
        recall=sum(found) / len(found),
        exactness=len(shown & gold) / len(shown) if shown else None,
        coverage=len(shown & gold) / len(gold),
    )


def _characters(places: Iterable[Place]) -> set[tuple[str, int]]:
    return {(document, at) for document, start, end in places for at in range(start, end)}


def by_attention(explanation: Explanation, passages: Mapping[str, Passage]) -> list[Place]:
    """Cite by attention alone: for each action the range that it looked at most, those that touch joined."""
    places = [
        _place(passages[ranges[0].passage], ranges[0].start, ranges[0].end)
        for ranges in explanation.attention
        if ranges
    ]
    return _joined(places)


def by_text(text: str, passages: Sequence[Passage]) -> list[Place]:
    """Cite after the fact: every place of the passages that reads like the answer, in the order of the passages."""
    said = text.strip()
    places = []
    for passage in passages:
        at = passage.text.find(said) if said else -1
        while at >= 0:
            places.append(_place(passage, at, at + len(said)))
            at = passage.text.find(said, at + 1)
    return list(dict.fromkeys(places))


def most_attended(explanation: Explanation) -> str | None:
    """Key of the passage that all actions together looked at most."""
    mass: dict[str, float] = {}
    for ranges in explanation.attention:
        for item in ranges:
            mass[item.passage] = mass.get(item.passage, 0.0) + item.weight
    return max(mass, key=lambda key: mass[key]) if mass else None


def falls_most(left: Mapping[str, float], key: str | None) -> bool:
    """Whether less of the answer's log-probability is left with this passage masked than with any other one.

    Args:
        left: By passage key, what is left with it masked: `without` or `unseen` of an explanation.
        key: Of the passage.
    """
    return (
        key is not None
        and key in left
        and all(left[key] < value for other, value in left.items() if other != key)
    )


def _place(passage: Passage, start: int, end: int) -> Place:
    return passage.document_id, passage.start + start, passage.start + end


def _joined(places: Iterable[Place]) -> list[Place]:
    joined: list[Place] = []
    for document, start, end in sorted(places):
        if joined and joined[-1][0] == document and start <= joined[-1][2]:
            joined[-1] = (document, joined[-1][1], max(joined[-1][2], end))
        else:
            joined.append((document, start, end))
    return joined
