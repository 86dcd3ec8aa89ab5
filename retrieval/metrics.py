"""Ranking metrics with values in [0, 1]; the caller defines relevance."""

from collections.abc import Collection, Sequence


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


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, 0 for none."""
    return sum(values) / len(values) if values else 0.0
