"""A rebuild takes in what happens beside it, and a filter is answered by the cheaper plan."""

import numpy as np
import pytest

from retrieval.config import HnswConfig
from retrieval.index import graph as graph_module
from retrieval.index.exact import ExactIndex
from retrieval.index.graph import Graph
from retrieval.index.hnsw import HnswIndex
from retrieval.index.indexed import SLICE, IndexedTable, Rebuild
from retrieval.index.vectors import VectorTable
from tests.contracts.vector_index import DIM, vectors

CONFIG = HnswConfig(exact_below=50, ef_search=1000, background_above=100, threads=1)


def changed_while_it_is_rebuilt(monkeypatch, *changes):
    """An index that was compacted, and a scan of the same; each build has one of `changes` beside it."""
    index, scan = HnswIndex(DIM, CONFIG), ExactIndex(DIM)
    for side in (index, scan):
        side.add(range(900), vectors(900))
    build, pending = IndexedTable.build, list(changes)

    def build_beside_changes(self):
        if pending:
            change = pending.pop(0)
            for side in (index, scan):
                change(side)
        return build(self)

    monkeypatch.setattr(IndexedTable, "build", build_beside_changes)
    return index, scan


def same_content(index, scan):
    query = vectors(1, seed=9)[0]
    found, expected = index.search(query, 5000), scan.search(query, 5000)
    assert found[0].tolist() == expected[0].tolist()
    np.testing.assert_allclose(found[1], expected[1], atol=1e-5)


def remove_replace_and_add(side):
    side.remove(range(50))
    side.add(range(100, 150), vectors(50, seed=1))
    side.add(range(5000, 5600), vectors(600, seed=2))
    side.add(range(120, 130), vectors(10, seed=3))
    side.remove([5001, 110])


def test_a_rebuild_takes_in_what_changed_beside_it(monkeypatch):
    index, scan = changed_while_it_is_rebuilt(monkeypatch, remove_replace_and_add)
    assert index.compact()
    same_content(index, scan)


def test_searches_wait_for_no_more_than_a_slice_at_the_swap(monkeypatch):
    index, _ = changed_while_it_is_rebuilt(monkeypatch, remove_replace_and_add)
    taken_in = []
    catch_up = Rebuild.catch_up

    def counted(self, gone, ids, unit):
        taken_in.append((len(ids), index._lock._writing))
        return catch_up(self, gone, ids, unit)

    monkeypatch.setattr(Rebuild, "catch_up", counted)
    assert index.compact()
    assert taken_in[0][0] > SLICE
    assert not taken_in[0][1]
    assert taken_in[-1] == (0, True)


def test_what_dies_beside_a_rebuild_calls_for_the_next(monkeypatch):
    index, scan = changed_while_it_is_rebuilt(monkeypatch, lambda side: side.remove(range(300, 700)))
    for side in (index, scan):
        side.remove(range(300))
    index.wait()
    assert index.dead_share <= CONFIG.compact_above
    same_content(index, scan)


def test_content_that_was_loaded_beside_a_rebuild_stays(monkeypatch, tmp_path):
    other = HnswIndex(DIM, CONFIG)
    other.add([7], vectors(1, seed=4))
    other.save(tmp_path / "other")
    index, _ = changed_while_it_is_rebuilt(monkeypatch)
    build = IndexedTable.build

    def load_beside(self):
        monkeypatch.setattr(IndexedTable, "build", build)
        index.load(tmp_path / "other")
        return build(self)

    monkeypatch.setattr(IndexedTable, "build", load_beside)
    assert not index.compact()
    assert index.ids().tolist() == [7]


@pytest.mark.parametrize(("rows", "through_graph"), [(100, False), (1200, False), (1600, True), (1900, True)])
def test_a_filter_takes_the_cheaper_plan(monkeypatch, rows, through_graph):
    config = HnswConfig(exact_below=0, ef_search=100, rows_per_candidate=10, threads=1)
    index = HnswIndex(DIM, config)
    index.add(range(2000), vectors(2000))
    asked = []
    nearest = Graph.nearest

    def counted(self, unit, k):
        asked.append(k)
        return nearest(self, unit, k)

    monkeypatch.setattr(Graph, "nearest", counted)
    ids, _ = index.search(vectors(1, seed=5)[0], 10, frozenset(range(rows)))
    assert len(ids) == 10
    assert bool(asked) == through_graph


def test_rows_are_scanned_the_same_in_blocks_or_at_once():
    table = VectorTable(DIM)
    table.append(np.arange(3000), vectors(3000))
    query = vectors(1, seed=6)[0]
    for count in (1, 256, 700, 1500):
        rows = np.sort(np.random.default_rng(count).choice(3000, count, replace=False))
        ids, cosines = table.scan(query, 5, rows)
        expected = vectors(3000)[rows] @ query
        best = np.argsort(-expected)[:5]
        assert ids.tolist() == rows[best].tolist()
        np.testing.assert_allclose(cosines, expected[best], atol=1e-6)


def test_a_graph_is_read_in_pieces(tmp_path, monkeypatch):
    index, loaded = HnswIndex(DIM, CONFIG), HnswIndex(DIM, CONFIG)
    index.add(range(200), vectors(200))
    index.remove(range(5))
    index.save(tmp_path / "index")
    monkeypatch.setattr(graph_module, "_READ_AT_ONCE", 64)
    loaded.load(tmp_path / "index")
    for mine, other in zip(loaded.vectors(range(200)), index.vectors(range(200)), strict=True):
        assert (mine == other).all()
