"""What the graph index promises beyond the contract: recall, plans of filters, churn, compaction beside searches."""

import threading
from pathlib import Path

import numpy as np
import pytest

from retrieval.config import HnswConfig
from retrieval.errors import IndexCapacityError, SnapshotError
from retrieval.index import graph as graph_module
from retrieval.index.exact import ExactIndex
from retrieval.index.graph import Graph
from retrieval.index.hnsw import HnswIndex

DIM = 32
COUNT = 4000
# So few that the plan would be a scan otherwise.
GRAPH = HnswConfig(exact_below=0, rows_per_candidate=2, ef_search=128, threads=1)


@pytest.fixture(scope="module")
def rows():
    """Clustered vectors, as texts of a few topics are."""
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(40, DIM))
    points = centres[rng.integers(0, 40, COUNT + 200)] + 0.6 * rng.normal(size=(COUNT + 200, DIM))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def pair(rows):
    graph, scan = HnswIndex(DIM, GRAPH), ExactIndex(DIM)
    for index in (graph, scan):
        index.add(range(COUNT), rows[:COUNT])
    return graph, scan


def recall(graph, scan, queries, k=10, allow=None):
    shares = []
    for query in queries:
        expected = set(scan.search(query, k, allow)[0].tolist())
        shares.append(len(expected & set(graph.search(query, k, allow)[0].tolist())) / len(expected))
    return float(np.mean(shares))


def test_recall_is_near_exact(pair, rows):
    assert recall(*pair, rows[COUNT:]) >= 0.98


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2, 0.1, 0.01, 0.002])
def test_filters_lose_no_recall_at_any_selectivity(pair, rows, share):
    chosen = np.random.default_rng(5).choice(COUNT, int(share * COUNT), replace=False)
    allow = frozenset(chosen.tolist())
    assert recall(*pair, rows[COUNT : COUNT + 60], allow=allow) >= 0.98


def test_a_filter_far_from_the_question_still_gives_k(pair, rows):
    query = rows[0]
    far = pair[1].search(query, COUNT)[0][-2500:]
    ids, _ = pair[0].search(query, 10, frozenset(far.tolist()))
    assert ids.tolist() == far[:10].tolist()


def test_saved_graph_has_equal_recall_and_equal_answers(pair, rows, tmp_path):
    graph, _ = pair
    graph.save(tmp_path / "graph")
    loaded = HnswIndex(DIM, GRAPH)
    loaded.load(tmp_path / "graph")
    for query in rows[COUNT : COUNT + 50]:
        assert loaded.search(query, 10)[0].tolist() == graph.search(query, 10)[0].tolist()


def test_recall_survives_replacing_half_of_the_points_five_times(rows):
    graph, scan = HnswIndex(DIM, GRAPH), ExactIndex(DIM)
    rng = np.random.default_rng(0)
    for index in (graph, scan):
        index.add(range(COUNT), rows[:COUNT])
    for _ in range(5):
        ids = rng.choice(COUNT, COUNT // 2, replace=False).tolist()
        fresh = rows[rng.choice(COUNT, COUNT // 2, replace=False)]
        for index in (graph, scan):
            index.remove(ids)
            index.add(ids, fresh)
    assert graph.dead_share <= GRAPH.compact_above
    # Chosen with replacement, some vectors are equal: compare cosines.
    for query in rows[COUNT : COUNT + 50]:
        np.testing.assert_allclose(graph.search(query, 10)[1], scan.search(query, 10)[1], atol=0.02)


def test_compaction_in_the_background_loses_no_change(rows):
    config = HnswConfig(exact_below=100, background_above=500, threads=1)
    index = HnswIndex(DIM, config)
    index.add(range(3000), rows[:3000])
    index.remove(range(1200))
    compactor = index._compactor
    assert compactor is not None
    late = threading.Thread(target=lambda: index.add(range(5000, 5200), rows[3000:3200]))
    late.start()
    index.remove(range(1200, 1300))
    late.join()
    index.wait()
    assert len(index) == 3000 - 1300 + 200
    found = set(index.search(rows[0], 5000)[0].tolist())
    assert found == set(range(1300, 3000)) | set(range(5000, 5200))
    assert index.search(rows[3100], 1)[0].tolist() == [5100]


def test_only_one_compaction_runs(rows):
    index = HnswIndex(DIM)
    with index._compacting:
        assert index.compact() is False
    assert index.compact() is True


def test_graph_that_fails_is_dropped_and_searches_scan(rows, monkeypatch):
    index = HnswIndex(DIM, HnswConfig(exact_below=0, threads=1))
    index.add(range(100), rows[:100])

    def fail(*_):
        raise RuntimeError("no memory")

    monkeypatch.setattr(Graph, "add", fail)
    with pytest.raises(RuntimeError, match="no memory"):
        index.add([100], rows[100:101])
    assert index.search(rows[100], 1)[0].tolist() == [100]


def test_more_rows_than_a_label_can_carry_are_refused(rows, monkeypatch):
    monkeypatch.setattr(graph_module, "MAX_ROWS", 50)
    index = HnswIndex(DIM, HnswConfig(exact_below=0, threads=1))
    with pytest.raises(IndexCapacityError):
        index.add(range(60), rows[:60])


def test_short_file_of_hnswlib_is_noticed(pair, tmp_path, monkeypatch):
    class Short:
        def save_index(self, path):
            Path(path).write_bytes(b"x")

        def index_file_size(self):
            return 2

    graph = Graph(_Quiet(), HnswConfig())
    graph._index = Short()
    with pytest.raises(SnapshotError):
        graph.write(tmp_path / "short")


def test_candidates_grow_with_the_graph(monkeypatch):
    told = []
    monkeypatch.setattr(_Quiet, "set_ef", lambda self, ef: told.append(ef))
    index = _Quiet()
    graph = Graph(index, HnswConfig(ef_search=100, ef_grows_above=1))
    graph.add(np.arange(4), np.arange(4), np.eye(4, dtype=np.float32))
    assert told == [100, 200]


class _Quiet:
    count = 0

    def set_ef(self, ef):
        self.ef = ef

    def get_current_count(self):
        return self.count

    def get_max_elements(self):
        return 100

    def add_items(self, vectors, labels, num_threads):
        self.count += len(labels)
