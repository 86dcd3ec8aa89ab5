import math

import pytest

from retrieval.metrics import hit_at, mean, ndcg_at, recall_at, reciprocal_rank


def test_recall_counts_the_share_of_the_relevant():
    assert recall_at([3, 1, 2, 1], {1, 2, 9, 8}, 3) == 0.5
    assert recall_at([3], {1}, 0) == 0
    with pytest.raises(ValueError, match="at least one"):
        recall_at([1], set(), 1)


def test_hit_asks_for_one_of_the_relevant():
    assert hit_at([3, 1], {1, 2}, 2) == 1
    assert hit_at([3, 1], {1, 2}, 1) == 0


@pytest.mark.parametrize(("ranked", "expected"), [([1, 2], 1), ([2, 5, 1], 1 / 3), ([2], 0), ([], 0)])
def test_reciprocal_rank_is_of_the_first_relevant(ranked, expected):
    assert reciprocal_rank(ranked, {1}) == pytest.approx(expected)


def test_ndcg_discounts_by_the_logarithm_of_the_rank():
    gains = {1: 3.0, 2: 1.0}
    best = 3 + 1 / math.log2(3)
    assert ndcg_at([1, 2], gains, 2) == pytest.approx(1)
    assert ndcg_at([2, 1], gains, 2) == pytest.approx((1 + 3 / math.log2(3)) / best)
    assert ndcg_at([7, 8, 1], gains, 3) == pytest.approx(3 / math.log2(4) / best)
    assert ndcg_at([7], {}, 3) == 0


def test_mean_of_nothing_is_zero():
    assert mean([]) == 0
    assert mean([1, 2]) == 1.5
