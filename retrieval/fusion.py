"""One ranking out of several, by normalised scores or by reciprocal ranks.

References: for scores Bruch, Gai, Ingber, "An analysis of fusion functions for hybrid retrieval", TOIS 2023 (arXiv
2210.11934); for ranks Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank
learning methods", SIGIR 2009.
"""

from collections.abc import Callable, Mapping, Sequence

from retrieval.config import FusionConfig
from retrieval.types import Hit

STAGE = "fused"
SHARES = frozenset({"lexical"})
"""Stages whose scores are absolute shares; scores of other stages are scaled within their list."""


def fuse(rankings: Mapping[str, Sequence[Hit]], config: FusionConfig) -> list[Hit]:
    """Fuse rankings.

    By scores a chunk gets the weighted sum of its scores, and 0 from a list that did not find it. Cosines are
    put on a scale from 0 (the last of the list) to 1 (the best); scores by words are shares already, and say by
    themselves how much of the question was found: where no passage has its rare words, meaning decides. By ranks
    it gets the sum of `weight / (constant + rank)`.

    Args:
        rankings: Hits by stage name ("dense", "lexical"), best first.
        config: Method and weights; weight 0 leaves a stage out.

    Returns:
        Each chunk once, with all scores and ranks of its stages, best first; equal ones by chunk id.
    """
    weights = {"dense": config.dense_weight, "lexical": config.lexical_weight}
    worth = _by_scores if config.method == "scores" else _by_ranks(config.constant)
    totals: dict[int, float] = {}
    scores: dict[int, dict[str, float]] = {}
    ranks: dict[int, dict[str, int]] = {}
    for stage, hits in rankings.items():
        weight = weights.get(stage, 1.0)
        if weight == 0:
            continue
        for hit, value in zip(hits, worth(stage, hits), strict=True):
            totals[hit.chunk_id] = totals.get(hit.chunk_id, 0.0) + weight * value
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


def _by_scores(stage: str, hits: Sequence[Hit]) -> list[float]:
    values = [hit.score for hit in hits]
    if stage in SHARES:
        return values
    low = min(values, default=0.0)
    spread = max(values, default=0.0) - low
    # equal scores say nothing of each other, but more than not to be found at all
    return [(value - low) / spread if spread > 0 else 1.0 for value in values]


def _by_ranks(constant: float) -> Callable[[str, Sequence[Hit]], list[float]]:
    return lambda _, hits: [1 / (constant + rank) for rank in range(1, len(hits) + 1)]
