"""What every `VectorIndex` must do. A test class inherits this and gives the fixture `make_index`."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import InvalidIdError, InvalidVectorError, RetrievalError
from retrieval.protocols import VectorIndex

DIM = 16


def vectors(count: int, seed: int = 0, dim: int = DIM) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class VectorIndexContract:
    @pytest.fixture
    def make_index(self) -> Callable[[], VectorIndex]:
        raise NotImplementedError

    @pytest.fixture
    def index(self, make_index) -> VectorIndex:
        return make_index()

    def test_empty_index_finds_nothing(self, index):
        ids, scores = index.search(vectors(1)[0], 5)
        assert len(index) == 0
        assert ids.shape == scores.shape == (0,)

    def test_nearest_comes_first_with_its_cosine(self, index):
        rows = vectors(50)
        index.add(range(50), rows)
        ids, scores = index.search(rows[7], 3)
        expected = np.sort(rows @ rows[7])[::-1][:3]
        assert ids[0] == 7
        np.testing.assert_allclose(scores, expected, atol=1e-5)

    @pytest.mark.parametrize("k", [0, 1, 5, 6, 1000])
    def test_k_is_clamped_to_what_is_there(self, index, k):
        index.add(range(5), vectors(5))
        ids, scores = index.search(vectors(1, seed=9)[0], k)
        assert len(ids) == len(scores) == min(k, 5)

    def test_results_have_integer_ids_float_scores_and_no_duplicates(self, index):
        index.add(range(100, 140), vectors(40))
        ids, scores = index.search(vectors(1, seed=2)[0], 40)
        assert ids.dtype == np.int64
        assert scores.dtype == np.float32
        assert sorted(ids.tolist()) == list(range(100, 140))
        assert (np.diff(scores) <= 0).all()

    def test_vectors_of_ids_are_given_back(self, index):
        rows = vectors(60)
        index.add(range(60), 3 * rows)
        index.remove([7])
        index.add([9], vectors(1, seed=5))
        ids, stored = index.vectors([40, 9, 7, 12, 999, 12])
        assert (ids.tolist(), ids.dtype, stored.dtype) == ([9, 12, 40], np.int64, np.float32)
        np.testing.assert_allclose(stored, [vectors(1, seed=5)[0], rows[12], rows[40]], atol=1e-6)
        none, nothing = index.vectors([])
        assert (len(none), nothing.shape) == (0, (0, DIM))

    def test_removed_ids_are_gone_at_once(self, index):
        index.add(range(30), vectors(30))
        index.remove([3, 4, 5, 999])
        ids, _ = index.search(vectors(30)[3], 30)
        assert len(index) == 27
        assert not {3, 4, 5} & set(ids.tolist())

    def test_ids_are_those_of_the_live_vectors(self, index):
        index.add(range(30), vectors(30))
        index.add([7], vectors(1, seed=2))
        index.remove([3, 4])
        assert sorted(index.ids().tolist()) == sorted(set(range(30)) - {3, 4})

    def test_removing_twice_is_harmless(self, index):
        index.add([1, 2], vectors(2))
        index.remove([1])
        index.remove([1])
        assert len(index) == 1

    def test_everything_removed_leaves_an_index_that_can_be_filled_again(self, index):
        index.add(range(20), vectors(20))
        index.remove(range(20))
        assert index.search(vectors(1)[0], 3)[0].tolist() == []
        index.add([5], vectors(1, seed=3))
        assert index.search(vectors(1)[0], 3)[0].tolist() == [5]

    def test_adding_an_id_again_replaces_its_vector(self, index):
        rows = vectors(20)
        index.add(range(20), rows)
        index.add([4], rows[9:10])
        ids, scores = index.search(rows[9], 2)
        assert len(index) == 20
        assert set(ids.tolist()) == {4, 9}
        np.testing.assert_allclose(scores, [1, 1], atol=1e-5)

    def test_of_an_id_given_twice_the_last_vector_counts(self, index):
        rows = vectors(2)
        index.add([7, 7], rows)
        assert len(index) == 1
        np.testing.assert_allclose(index.search(rows[1], 1)[1], [1], atol=1e-5)

    def test_filter_gives_only_allowed_ids_and_never_fewer_than_exist(self, index):
        index.add(range(60), vectors(60))
        allow = frozenset({3, 17, 58, 1234})
        ids, _ = index.search(vectors(1, seed=5)[0], 10, allow)
        assert set(ids.tolist()) == {3, 17, 58}

    def test_filter_ranks_as_a_search_of_the_allowed_alone(self, make_index):
        rows = vectors(300)
        whole, part = make_index(), make_index()
        whole.add(range(300), rows)
        part.add(range(0, 300, 3), rows[::3])
        query = vectors(1, seed=5)[0]
        allow = frozenset(range(0, 300, 3))
        assert whole.search(query, 10, allow)[0].tolist() == part.search(query, 10)[0].tolist()

    def test_empty_filter_finds_nothing(self, index):
        index.add(range(5), vectors(5))
        assert index.search(vectors(1)[0], 3, frozenset())[0].tolist() == []

    def test_filter_does_not_remember_removed_ids(self, index):
        index.add(range(10), vectors(10))
        allow = frozenset({1, 2})
        index.search(vectors(1)[0], 5, allow)
        index.remove([1])
        assert index.search(vectors(1)[0], 5, allow)[0].tolist() == [2]

    def test_many_equal_vectors_are_all_found(self, index):
        index.add(range(200), np.repeat(vectors(1), 200, axis=0))
        ids, _ = index.search(vectors(1)[0], 200)
        assert sorted(ids.tolist()) == list(range(200))

    def test_lengths_of_vectors_do_not_matter(self, index):
        rows = vectors(10)
        index.add(range(10), rows * 37)
        np.testing.assert_allclose(index.search(rows[2] * 0.01, 1)[1], [1], atol=1e-5)

    @pytest.mark.parametrize(
        "bad",
        [np.zeros((1, DIM)), np.full((1, DIM), np.nan), np.full((1, DIM), np.inf), np.ones((1, DIM + 1))],
    )
    def test_impossible_vectors_are_refused_and_change_nothing(self, index, bad):
        index.add([1], vectors(1))
        with pytest.raises(InvalidVectorError):
            index.add([2], bad.astype(np.float32))
        with pytest.raises(InvalidVectorError):
            index.search(bad[0].astype(np.float32), 1)
        assert index.search(vectors(1)[0], 5)[0].tolist() == [1]

    @pytest.mark.parametrize("ids", [[-1], [2**39], [1, 2]])
    def test_impossible_ids_are_refused(self, index, ids):
        with pytest.raises(InvalidIdError):
            index.add(ids, vectors(1))
        assert len(index) == 0

    def test_adding_nothing_changes_nothing(self, index):
        index.add([], np.empty((0, DIM), dtype=np.float32))
        index.remove([])
        assert len(index) == 0

    @pytest.mark.parametrize("count", [0, 1, 40, 400])
    def test_saved_and_loaded_answers_the_same(self, make_index, tmp_path: Path, count):
        index, other = make_index(), make_index()
        index.add(range(count), vectors(count))
        index.remove(range(0, count, 7))
        index.save(tmp_path / "index")
        other.add([999_999], vectors(1, seed=8))
        other.load(tmp_path / "index")
        query = vectors(1, seed=4)[0]
        assert len(other) == len(index)
        assert other.search(query, 20)[0].tolist() == index.search(query, 20)[0].tolist()

    def test_loaded_index_takes_changes(self, make_index, tmp_path: Path):
        index, other = make_index(), make_index()
        index.add(range(400), vectors(400))
        index.remove([5])
        index.save(tmp_path / "index")
        other.load(tmp_path / "index")
        other.add(range(1000, 1100), vectors(100, seed=1))
        other.add([5], vectors(1, seed=6))
        other.remove([1000])
        assert len(other) == 499
        assert other.search(vectors(1, seed=6)[0], 1)[0].tolist() == [5]

    def test_saving_over_a_file_is_refused(self, index, tmp_path: Path):
        (tmp_path / "index").write_text("mine")
        with pytest.raises(RetrievalError):
            index.save(tmp_path / "index")
        assert (tmp_path / "index").read_text() == "mine"

    def test_loading_nonsense_is_refused_and_keeps_the_content(self, index, tmp_path: Path):
        index.add([1], vectors(1))
        for content in (b"", b"x" * 50, b"FATHOMVT", b"\0" * 4096):
            (tmp_path / "bad").write_bytes(content)
            with pytest.raises(RetrievalError):
                index.load(tmp_path / "bad")
        assert index.search(vectors(1)[0], 5)[0].tolist() == [1]

    def test_searches_beside_changes_neither_fail_nor_fall_short(self, index):
        rows = vectors(1200)
        index.add(range(100), rows[:100])
        failures: list[BaseException] = []
        done = threading.Event()

        def search() -> None:
            try:
                while not done.is_set():
                    ids, _ = index.search(rows[3], 10)
                    assert len(ids) == 10
                    assert 0 in index.search(rows[0], 5, frozenset(range(50)))[0]
            except BaseException as error:  # noqa: BLE001 (handed to the main thread)
                failures.append(error)

        threads = [threading.Thread(target=search) for _ in range(3)]
        for thread in threads:
            thread.start()
        for start in range(100, 1200, 50):
            index.add(range(start, start + 50), rows[start : start + 50])
            index.remove(range(start, start + 40))
        done.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(index) == 100 + 22 * 10
