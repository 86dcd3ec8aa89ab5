"""Against near-duplicates: hits that say something new go before hits that repeat, and no source fills the list."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from retrieval.types import Hit, Passage

MMR_STAGE = "mmr"


def maximal_marginal_relevance(
    relevance: NDArray[np.float64], similarity: NDArray[np.float64], trade_off: float
) -> tuple[list[int], list[float]]:
    """Order candidates so that each is relevant and unlike those before it.

    Next comes the candidate of the highest `trade_off * relevance - (1 - trade_off) * similarity` to the one before it
    that it resembles most.

    Args:
        relevance: To the question, float64 [N].
        similarity: Of candidates to each other, float64 [N, N], symmetric, in the unit of `relevance`.
        trade_off: The method's lambda, in [0, 1]: 1 goes by relevance alone.

    Returns:
        All places of candidates in their new order, and the value that each was chosen by. Of equal values the smaller
        place goes first.

    Reference: Carbonell, Goldstein, "The use of MMR, diversity-based reranking for reordering documents and producing
        summaries", SIGIR 1998.
    """
    left = np.ones(len(relevance), dtype=np.bool_)
    repeats = np.zeros(len(relevance))
    order: list[int] = []
    values: list[float] = []
    for turn in range(len(relevance)):
        worth = np.where(left, trade_off * relevance - (1 - trade_off) * repeats, -np.inf)
        # the first has nothing before it that it could resemble, whatever the trade-off
        chosen = int(np.argmax(worth if turn else relevance))
        order.append(chosen)
        values.append(float(worth[chosen]))
        left[chosen] = False
        repeats = np.maximum(repeats, similarity[chosen]) if turn else similarity[chosen]
    return order, values


def diversify(hits: Sequence[Hit], vectors: Mapping[int, NDArray[np.float32]], trade_off: float) -> list[Hit]:
    """Reorder hits by maximal marginal relevance.

    Scores of the stage before and cosines have ranges of their own, and cosines of one encoder live in a narrow band.
    So both are stretched: relevance to [0, 1] over the hits, and cosines so that the two hits least alike have
    similarity 0 and equal ones 1.

    Args:
        hits: Ranked hits.
        vectors: Unit vector (float32 [D]) by chunk id; a hit without one resembles none.
        trade_off: The method's lambda, in [0, 1].

    Returns:
        All hits, best first, each with value and rank under "mmr"; `score` stays that of relevance.
    """
    if not hits:
        return []
    scores = np.asarray([hit.score for hit in hits], dtype=np.float64)
    known = [place for place, hit in enumerate(hits) if hit.chunk_id in vectors]
    similarity = np.zeros((len(hits), len(hits)))
    if known:
        rows = np.stack([vectors[hits[place].chunk_id] for place in known]).astype(np.float64)
        similarity[np.ix_(known, known)] = _stretched(rows @ rows.T)
    order, values = maximal_marginal_relevance(_unit_range(scores), similarity, trade_off)
    return [
        replace(
            hits[place],
            scores={**hits[place].scores, MMR_STAGE: value},
            ranks={**hits[place].ranks, MMR_STAGE: rank},
        )
        for rank, (place, value) in enumerate(zip(order, values, strict=True), start=1)
    ]


def cap_per_document(hits: Sequence[Hit], passages: Mapping[int, Passage], most: int) -> list[Hit]:
    """Keep the best `most` hits of each document, in their order.

    Args:
        hits: Ranked hits, each with a passage.
        passages: Passages by chunk id.
        most: At least 1.
    """
    taken: dict[str, int] = {}
    kept: list[Hit] = []
    for hit in hits:
        document = passages[hit.chunk_id].document_id
        taken[document] = taken.get(document, 0) + 1
        if taken[document] <= most:
            kept.append(hit)
    return kept


def _unit_range(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.ones_like(values)


def _stretched(cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    low = float(cosines.min())
    return (cosines - low) / (1 - low) if low < 1 else np.ones_like(cosines)
