"""Reranking of the first hits by a model that reads question and passage together."""

from collections.abc import Mapping, Sequence

from retrieval.protocols import Scorer
from retrieval.types import Hit, Passage

STAGE = "rerank"


def rerank(
    question: str, hits: Sequence[Hit], passages: Mapping[int, Passage], scorer: Scorer, depth: int
) -> list[Hit]:
    """Order the first hits by a scorer; the others follow as they were.

    Args:
        question: Text of the question.
        hits: Ranked hits, each with a passage.
        passages: Passages by chunk id.
        scorer: Gives one score a passage, higher is better.
        depth: How many hits the scorer reads.

    Returns:
        All hits; those read carry the scorer's score under "rerank". Equal scores keep their order.
    """
    read, rest = list(hits[:depth]), list(hits[depth:])
    if not read:
        return rest
    scores = scorer(question, [passages[hit.chunk_id] for hit in read])
    ranked = sorted(zip(scores, read, strict=True), key=lambda pair: -pair[0])
    return [
        Hit(
            chunk_id=hit.chunk_id,
            score=float(score),
            scores={**hit.scores, STAGE: float(score)},
            ranks={**hit.ranks, STAGE: rank},
        )
        for rank, (score, hit) in enumerate(ranked, start=1)
    ] + rest
