"""Cosines in which the language of a text counts less, and where the direction comes from."""

from pathlib import Path

import numpy as np
import pytest

from retrieval.dense import search_dense
from retrieval.index.across_languages import AcrossLanguages
from retrieval.index.exact import ExactIndex
from retrieval.index.hnsw import HnswIndex
from retrieval.language_direction import (
    FILE,
    STRENGTH,
    fitted_direction,
    lessened,
    load_direction,
    save_direction,
)

DIM = 16


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def direction() -> np.ndarray:
    return unit(np.eye(DIM)[0])


def two_languages(meanings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same meanings in two languages: the first dimension is the language."""
    english, chinese = meanings.copy(), meanings.copy()
    english[:, 0], chinese[:, 0] = 3.0, -3.0
    return unit(english), unit(chinese)


@pytest.mark.parametrize("make", [ExactIndex, HnswIndex])
def test_the_translation_of_a_passage_comes_before_other_passages(make: type, direction: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    meanings = rng.normal(size=(40, DIM))
    english, chinese = two_languages(meanings)
    index = make(DIM)
    index.add(range(40), chinese)
    # of another meaning, but in the question's language
    other = unit(meanings[9:10] + 6.0 * direction)
    index.add([100], other)
    plain = [hit.chunk_id for hit in search_dense(index, english[3], 1)]
    across = [hit.chunk_id for hit in search_dense(AcrossLanguages(index, direction), english[3], 1)]
    assert plain == [100]
    assert across == [3]


def test_scores_are_the_cosines_of_lessened_vectors_best_first(direction: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    vectors, asked = unit(rng.normal(size=(300, DIM))), unit(rng.normal(size=DIM))
    index = ExactIndex(DIM)
    index.add(range(300), vectors)
    hits = search_dense(AcrossLanguages(index, direction), asked, 5, None)
    wanted = unit(lessened(vectors, direction)) @ unit(lessened(asked, direction))
    assert [hit.chunk_id for hit in hits] == np.argsort(-wanted)[:5].tolist()
    assert [hit.score for hit in hits] == pytest.approx(np.sort(wanted)[::-1][:5], abs=1e-5)
    assert [hit.ranks["dense"] for hit in hits] == [1, 2, 3, 4, 5]


def test_a_filter_holds_and_an_empty_index_finds_nothing(direction: np.ndarray) -> None:
    index = ExactIndex(DIM)
    assert search_dense(AcrossLanguages(index, direction), direction, 3, None) == []
    index.add(range(8), unit(np.random.default_rng(2).normal(size=(8, DIM))))
    found = search_dense(AcrossLanguages(index, direction), direction, 9, frozenset({2, 5}))
    assert {hit.chunk_id for hit in found} == {2, 5}


def test_a_share_of_the_direction_is_taken_out(direction: np.ndarray) -> None:
    assert lessened(direction, direction) == pytest.approx((1 - STRENGTH) * direction)
    across = unit(np.eye(DIM)[1])
    assert lessened(across, direction) == pytest.approx(across)


def test_the_direction_is_what_two_languages_differ_by(direction: np.ndarray) -> None:
    rng = np.random.default_rng(3)
    sides = [two_languages(rng.normal(size=(500, DIM))) for _ in ("questions", "passages")]
    fitted = fitted_direction((sides[0][0], sides[1][0]), (sides[0][1], sides[1][1]))
    assert float(fitted @ direction) > 0.99
    assert float(np.linalg.norm(fitted)) == pytest.approx(1.0)


def test_a_direction_is_read_for_its_own_encoder_only(tmp_path: Path, direction: np.ndarray) -> None:
    assert load_direction(tmp_path, "e@1") is None
    save_direction(tmp_path, direction, "e@1")
    loaded = load_direction(tmp_path, "e@1")
    assert loaded is not None
    assert loaded == pytest.approx(direction)
    assert load_direction(tmp_path, "e@2") is None
    (tmp_path / FILE).write_bytes(b"damaged")
    assert load_direction(tmp_path, "e@1") is None
