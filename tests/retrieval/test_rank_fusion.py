import pytest

from retrieval.rank_fusion import fuse_ranks
from retrieval.types import Hit


def hits(stage, *ids):
    return [
        Hit(chunk_id=i, score=1 / r, scores={stage: 1 / r}, ranks={stage: r}) for r, i in enumerate(ids, 1)
    ]


def test_score_is_the_weighted_sum_of_reciprocal_ranks():
    fused = fuse_ranks(
        {"dense": hits("dense", 5, 6), "lexical": hits("lexical", 6, 7)}, {"dense": 1.0, "lexical": 0.5}, 60
    )
    assert [hit.chunk_id for hit in fused] == [6, 5, 7]
    assert [hit.score for hit in fused] == pytest.approx([1 / 62 + 0.5 / 61, 1 / 61, 0.5 / 62])


def test_scores_and_ranks_of_all_stages_are_kept():
    (hit,) = fuse_ranks({"dense": hits("dense", 5), "lexical": hits("lexical", 5)}, {}, 1)
    assert hit.ranks == {"dense": 1, "lexical": 1, "fused": 1}
    assert hit.scores == {"dense": 1.0, "lexical": 1.0, "fused": 1.0}


def test_equal_scores_are_ordered_by_id():
    fused = fuse_ranks({"dense": hits("dense", 9), "lexical": hits("lexical", 3)}, {}, 10)
    assert [hit.chunk_id for hit in fused] == [3, 9]


def test_weight_zero_leaves_a_stage_out():
    fused = fuse_ranks({"dense": hits("dense", 1), "lexical": hits("lexical", 2)}, {"lexical": 0}, 10)
    assert [hit.chunk_id for hit in fused] == [1]


def test_nothing_fused_is_nothing():
    assert fuse_ranks({"dense": [], "lexical": []}, {}, 60) == []
