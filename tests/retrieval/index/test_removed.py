"""A vector that was removed stands in no file, and searches lose nothing by that."""

import numpy as np
import pytest

from retrieval.config import HnswConfig
from retrieval.index.hnsw import HnswIndex
from retrieval.index.holdings import dense_holdings, lexical_holding
from retrieval.index.lexical import TantivyIndex
from retrieval.index.snapshot import SnapshotStore

DIM, COUNT = 16, 2000


@pytest.fixture
def vectors():
    made = np.random.default_rng(5).normal(size=(COUNT, DIM)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@pytest.mark.parametrize("exact_below", [0, 10_000])
@pytest.mark.parametrize("removed", [1, 400])
def test_a_saved_index_holds_no_vector_that_was_removed(tmp_path, vectors, exact_below, removed):
    config = HnswConfig(exact_below=exact_below, compact_above=0.9)
    index = HnswIndex(DIM, config)
    index.add(range(COUNT), vectors)
    index.remove(range(removed))
    path = tmp_path / "saved"
    index.save(path)
    data = path.read_bytes()
    assert not [row for row in range(removed) if vectors[row].tobytes() in data]
    assert vectors[removed].tobytes() in data
    loaded = HnswIndex(DIM, config)
    loaded.load(path)
    assert sorted(loaded.ids().tolist()) == list(range(removed, COUNT))
    found = np.mean([_recall(loaded, vectors, removed, query) for query in vectors[:60] + 0.05])
    before = np.mean([_recall(index, vectors, removed, query) for query in vectors[:60] + 0.05])
    assert found >= before - 0.02


def _recall(index, vectors, removed, query):
    exact = removed + np.argsort(-(vectors[removed:] @ query))[:10]
    return len(set(index.search(query, 10)[0].tolist()) & set(exact.tolist())) / 10


def test_all_rows_may_be_removed(tmp_path, vectors):
    index = HnswIndex(DIM, HnswConfig(exact_below=0, compact_above=0.99))
    index.add(range(20), vectors[:20])
    index.remove(range(20))
    index._content.graph.write(tmp_path / "saved")
    assert not [row for row in range(20) if vectors[row].tobytes() in (tmp_path / "saved").read_bytes()]


@pytest.mark.parametrize("exact_below", [0, 10_000])
def test_what_snapshots_hold_is_told_and_forgotten(tmp_path, vectors, exact_below):
    index = HnswIndex(DIM, HnswConfig(exact_below=exact_below))
    index.add(range(100), vectors[:100])
    store = SnapshotStore(tmp_path / "dense")
    store.write(index, seq=1, model_id="m", dim=DIM)
    index.remove([3])
    store.write(index, seq=2, model_id="m", dim=DIM)
    first, second = dense_holdings(tmp_path / "dense")
    assert first.ids - second.ids == {3}
    assert (first.removed, second.removed) == (0, 0)
    (tmp_path / "dense" / "gen-0000000003.index.tmp").write_bytes(b"half of one")
    assert [holding.readable for holding in dense_holdings(tmp_path / "dense")] == [True, True, False]
    store.forget()
    assert list(dense_holdings(tmp_path / "dense")) == []
    assert store.load_newest(index, model_id="m", dim=DIM) is None


def test_words_of_removed_texts_are_told_and_go_when_all_texts_are_added_again(tmp_path):
    index = TantivyIndex(tmp_path)
    texts = {1: "ducks eat weeds", 2: "geese graze", 3: "swans rest"}
    index.add(list(texts), list(texts.values()))
    index.commit(1)
    index.remove([1])
    index.commit(2)
    assert index.holds_removed
    holding = lexical_holding(tmp_path)
    assert holding is not None
    assert (holding.ids, holding.removed) == ({2, 3}, 1)
    index.add([2, 3], [texts[2], texts[3]])
    index.commit(2)
    assert not index.holds_removed
    assert [key for key, _ in index.search("geese", 5)] == [2]
    index.close()
