from retrieval.rerank import rerank
from retrieval.types import Hit, Passage

HITS = [Hit(chunk_id=i, score=1.0, ranks={"fused": i}) for i in (1, 2, 3, 4)]
PASSAGES = {i: Passage(chunk_id=i, document_id="d", text="x" * i, start=0, end=i) for i in (1, 2, 3, 4)}


def longest_first(question, passages):
    return [len(passage.text) for passage in passages]


def test_scorer_orders_the_hits_it_reads_and_the_rest_follow():
    ranked = rerank("q", HITS, PASSAGES, longest_first, depth=3)
    assert [hit.chunk_id for hit in ranked] == [3, 2, 1, 4]
    assert ranked[0].scores["rerank"] == 3
    assert ranked[0].ranks == {"fused": 3, "rerank": 1}
    assert "rerank" not in ranked[3].scores


def test_equal_scores_keep_their_order():
    ranked = rerank("q", HITS, PASSAGES, lambda q, p: [0.5] * len(p), depth=4)
    assert [hit.chunk_id for hit in ranked] == [1, 2, 3, 4]


def test_without_hits_the_scorer_is_not_asked():
    def scorer(question, passages):
        raise AssertionError

    assert rerank("q", [], {}, scorer, depth=5) == []
