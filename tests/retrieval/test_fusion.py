import pytest

from retrieval.config import FusionConfig
from retrieval.fusion import fuse
from retrieval.types import Hit


def hits(stage, *ids):
    return [
        Hit(chunk_id=i, score=1 / r, scores={stage: 1 / r}, ranks={stage: r}) for r, i in enumerate(ids, 1)
    ]


def scored(stage, **scores):
    return [
        Hit(chunk_id=int(i[1:]), score=score, scores={stage: score}, ranks={stage: r})
        for r, (i, score) in enumerate(scores.items(), 1)
    ]


def by_ranks(constant, **weights):
    return FusionConfig(method="ranks", constant=constant, **{"lexical_weight": 1.0} | weights)


def test_scores_are_put_on_one_scale_and_summed():
    rankings = {
        "dense": scored("dense", c5=0.9, c6=0.85, c7=0.8),
        "lexical": scored("lexical", c6=1.2, c8=0.3),
    }
    fused = fuse(rankings, FusionConfig(lexical_weight=2.0))
    # of cosines only the differences count; of words the share of the question that was found
    assert {hit.chunk_id: hit.score for hit in fused} == pytest.approx({6: 0.5 + 2.4, 5: 1.0, 8: 0.6, 7: 0.0})
    assert [hit.chunk_id for hit in fused] == [6, 5, 8, 7]


def test_where_no_passage_has_the_rare_words_meaning_decides():
    dense = scored("dense", c5=0.9, c6=0.85, c7=0.8)
    few, many = scored("lexical", c7=0.1, c6=0.05), scored("lexical", c7=1.0, c6=0.5)
    assert [hit.chunk_id for hit in fuse({"dense": dense, "lexical": few}, FusionConfig())] == [5, 6, 7]
    assert [hit.chunk_id for hit in fuse({"dense": dense, "lexical": many}, FusionConfig())] == [7, 6, 5]


def test_equal_cosines_count_more_than_not_being_found():
    fused = fuse({"dense": scored("dense", c6=0.8, c7=0.8), "lexical": []}, FusionConfig())
    assert {hit.chunk_id: hit.score for hit in fused} == {6: 1.0, 7: 1.0}


def test_by_ranks_the_score_is_the_weighted_sum_of_reciprocal_ranks():
    rankings = {"dense": hits("dense", 5, 6), "lexical": hits("lexical", 6, 7)}
    fused = fuse(rankings, by_ranks(60, lexical_weight=0.5))
    assert [hit.chunk_id for hit in fused] == [6, 5, 7]
    assert [hit.score for hit in fused] == pytest.approx([1 / 62 + 0.5 / 61, 1 / 61, 0.5 / 62])


def test_scores_and_ranks_of_all_stages_are_kept():
    (hit,) = fuse({"dense": hits("dense", 5), "lexical": hits("lexical", 5)}, by_ranks(1))
    assert hit.ranks == {"dense": 1, "lexical": 1, "fused": 1}
    assert hit.scores == {"dense": 1.0, "lexical": 1.0, "fused": 1.0}


def test_equal_scores_are_ordered_by_id():
    fused = fuse({"dense": hits("dense", 9), "lexical": hits("lexical", 3)}, FusionConfig())
    assert [hit.chunk_id for hit in fused] == [3, 9]


@pytest.mark.parametrize("method", ["scores", "ranks"])
def test_weight_zero_leaves_a_stage_out(method):
    rankings = {"dense": hits("dense", 1), "lexical": hits("lexical", 2)}
    assert [h.chunk_id for h in fuse(rankings, FusionConfig(method=method, lexical_weight=0))] == [1]


@pytest.mark.parametrize("method", ["scores", "ranks"])
def test_nothing_fused_is_nothing(method):
    assert fuse({"dense": [], "lexical": []}, FusionConfig(method=method)) == []
