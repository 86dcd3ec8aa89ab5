import pytest

from retrieval.metrics import hit_at, mean, reciprocal_rank


def test_hit_asks_for_one_of_the_relevant():
    assert hit_at([3, 1], {1, 2}, 2) == 1
    assert hit_at([3, 1], {1, 2}, 1) == 0


@pytest.mark.parametrize(("ranked", "expected"), [([1, 2], 1), ([2, 5, 1], 1 / 3), ([2], 0), ([], 0)])
def test_reciprocal_rank_is_of_the_first_relevant(ranked, expected):
    assert reciprocal_rank(ranked, {1}) == pytest.approx(expected)


def test_mean_of_nothing_is_zero():
    assert mean([]) == 0
    assert mean([1, 2]) == 1.5
