"""One ranking out of several, by reciprocal ranks: scores of different kinds need not be comparable.

Reference: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
learning methods", SIGIR 2009.
"""

from collections.abc import Mapping, Sequence

from retrieval.types import Hit

STAGE = "fused"


def fuse_ranks(
    rankings: Mapping[str, Sequence[Hit]], weights: Mapping[str, float], constant: float
) -> list[Hit]:
    """Fuse rankings: a chunk gets the sum of `weight / (constant + rank)` over the rankings that found it.

    Args:
        rankings: Hits by stage name, best first.
        weights: Weight by stage name; 0 leaves a stage out.
        constant: At least 0; larger values flatten the advantage of the first ranks.

    Returns:
        Each chunk once, with all scores and ranks of its stages, best first; equal scores by chunk id.
    """
    totals: dict[int, float] = {}
    scores: dict[int, dict[str, float]] = {}
    ranks: dict[int, dict[str, int]] = {}
    for stage, hits in rankings.items():
        weight = weights.get(stage, 1.0)
        if weight == 0:
            continue
        for rank, hit in enumerate(hits, start=1):
            totals[hit.chunk_id] = totals.get(hit.chunk_id, 0.0) + weight / (constant + rank)
            scores.setdefault(hit.chunk_id, {}).update(hit.scores)
            ranks.setdefault(hit.chunk_id, {}).update(hit.ranks)
    order = sorted(totals, key=lambda chunk_id: (-totals[chunk_id], chunk_id))
    return [
        Hit(
            chunk_id=chunk_id,
            score=totals[chunk_id],
            scores=scores[chunk_id] | {STAGE: totals[chunk_id]},
            ranks=ranks[chunk_id] | {STAGE: rank},
        )
        for rank, chunk_id in enumerate(order, start=1)
    ]
