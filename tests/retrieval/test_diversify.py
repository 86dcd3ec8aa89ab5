"""Maximal marginal relevance and the cap: against a plain reference, and what must hold of any input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.diversify import cap_per_document, diversify, maximal_marginal_relevance
from retrieval.types import Hit, Passage

TRADE_OFFS = st.floats(0, 1)


def reference(relevance, similarity, trade_off):
    """The formula as the paper has it, candidate by candidate."""
    left, order = list(range(len(relevance))), []
    while left:
        best = max(
            left,
            key=lambda i: (
                trade_off * relevance[i] - (1 - trade_off) * max(similarity[i][j] for j in order)
                if order
                else relevance[i],
                -i,
            ),
        )
        order.append(best)
        left.remove(best)
    return order


@st.composite
def candidates(draw):
    count = draw(st.integers(0, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = rng.normal(size=(count, 4))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    # few values, so that ties are met
    return rng.integers(0, 4, count) / 4, rows @ rows.T


def hits_of(scores):
    ranked = sorted(enumerate(scores), key=lambda pair: -pair[1])
    return [Hit(chunk_id=i, score=float(s), scores={"fused": float(s)}) for i, s in ranked]


@given(candidates(), TRADE_OFFS)
def test_the_order_is_that_of_the_formula(given_candidates, trade_off):
    relevance, similarity = given_candidates
    order, values = maximal_marginal_relevance(relevance, similarity, trade_off)
    assert order == reference(relevance, similarity, trade_off)
    assert len(values) == len(order)


@given(candidates())
def test_lambda_1_goes_by_relevance_alone(given_candidates):
    relevance, similarity = given_candidates
    order, values = maximal_marginal_relevance(relevance, similarity, 1.0)
    assert order == sorted(range(len(relevance)), key=lambda i: (-relevance[i], i))
    assert values == [relevance[i] for i in order]


@given(st.lists(st.floats(-5, 5), max_size=12), TRADE_OFFS, st.integers(0, 2**32 - 1))
def test_all_hits_come_back_with_their_scores_and_the_most_relevant_stays_first(scores, trade_off, seed):
    hits = hits_of(scores)
    rows = np.random.default_rng(seed).normal(size=(len(hits), 3)).astype(np.float32)
    vectors = {
        hit.chunk_id: row / np.linalg.norm(row) for hit, row in zip(hits, rows, strict=True) if row[0] > 0
    }
    ordered = diversify(hits, vectors, trade_off)
    assert sorted(hit.chunk_id for hit in ordered) == sorted(hit.chunk_id for hit in hits)
    assert [hit.ranks["mmr"] for hit in ordered] == list(range(1, len(hits) + 1))
    for hit in ordered:
        assert hit.score == hit.scores["fused"]
        assert np.isfinite(hit.scores["mmr"])
    if hits:
        assert ordered[0].score == hits[0].score


@given(st.integers(2, 5), st.integers(2, 5), st.floats(0, 0.99), st.integers(0, 2**32 - 1))
def test_of_equally_relevant_hits_no_copy_comes_before_each_kind_was_seen(kinds, copies, trade_off, seed):
    directions = np.eye(kinds, dtype=np.float32)
    order = np.random.default_rng(seed).permutation(kinds * copies)
    hits = [Hit(chunk_id=int(i), score=1.0) for i in order]
    ordered = diversify(hits, {int(i): directions[i % kinds] for i in order}, trade_off)
    assert len({hit.chunk_id % kinds for hit in ordered[:kinds]}) == kinds


def test_a_near_copy_of_the_best_hit_goes_behind_what_is_new():
    first = np.asarray([1.0, 0.0], dtype=np.float32)
    copy = np.asarray([0.999, np.sqrt(1 - 0.999**2)], dtype=np.float32)
    other = np.asarray([0.8, 0.6], dtype=np.float32)  # cosines in a narrow band, as encoders have them
    hits = hits_of([3.0, 2.9, 2.5])
    assert [hit.chunk_id for hit in diversify(hits, {0: first, 1: copy, 2: other}, 0.5)] == [0, 2, 1]
    assert [hit.chunk_id for hit in diversify(hits, {0: first, 1: copy, 2: other}, 1.0)] == [0, 1, 2]


@pytest.mark.parametrize("vectors", [{}, {0: np.asarray([1.0, 0.0], dtype=np.float32)}])
def test_hits_without_vectors_keep_their_order(vectors):
    assert [hit.chunk_id for hit in diversify(hits_of([3.0, 2.0, 1.0]), vectors, 0.5)] == [0, 1, 2]
    assert diversify([], vectors, 0.5) == []


@given(st.lists(st.integers(0, 3), max_size=20), st.integers(1, 4))
def test_the_cap_keeps_the_best_of_each_document_in_their_order(documents, most):
    passages = {
        i: Passage(chunk_id=i, document_id=str(d), text="", start=0, end=0) for i, d in enumerate(documents)
    }
    hits = [Hit(chunk_id=i, score=0.0) for i in passages]
    kept = [hit.chunk_id for hit in cap_per_document(hits, passages, most)]
    assert kept == sorted(kept)
    for document in set(documents):
        of_it = [i for i, d in enumerate(documents) if d == document]
        assert [i for i in kept if documents[i] == document] == of_it[:most]
