"""How good a ranking is. All values lie in [0, 1]; what counts as relevant is the caller's to say."""

import math
from collections.abc import Collection, Mapping, Sequence


def recall_at(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """Share of the relevant ids among the first `k`.

    Reference: Manning, Raghavan, Schütze, "Introduction to Information Retrieval", section 8.3.

    Raises:
        ValueError: Nothing is relevant, so that the share is undefined.
    """
    if not relevant:
        raise ValueError("recall needs at least one relevant id")
    return len(set(ranked[:k]) & set(relevant)) / len(set(relevant))


def hit_at(ranked: Sequence[int], relevant: Collection[int], k: int) -> float:
    """1 where any relevant id is among the first `k`, else 0; "recall" of questions with one answer."""
    return float(any(chunk_id in relevant for chunk_id in ranked[:k]))


def reciprocal_rank(ranked: Sequence[int], relevant: Collection[int]) -> float:
    """1 over the rank of the first relevant id; 0 where there is none. Its mean is MRR.

    Reference: Voorhees, "The TREC-8 question answering track report", 1999.
    """
    for rank, chunk_id in enumerate(ranked, start=1):
        if chunk_id in relevant:
            return 1 / rank
    return 0.0


def ndcg_at(ranked: Sequence[int], gains: Mapping[int, float], k: int) -> float:
    """Discounted gain of the first `k` over that of the best order; 0 where nothing has a gain.

    Reference: Järvelin, Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002 (log2 discount).
    """
    found = _discounted([gains.get(chunk_id, 0.0) for chunk_id in ranked[:k]])
    best = _discounted(sorted(gains.values(), reverse=True)[:k])
    return found / best if best else 0.0


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, 0 for none."""
    return sum(values) / len(values) if values else 0.0


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
