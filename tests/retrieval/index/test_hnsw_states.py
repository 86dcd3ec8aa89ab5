"""Any sequence of changes: the graph, the scan and a plain dict agree, also after saving and loading."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from retrieval.config import HnswConfig
from retrieval.index.exact import ExactIndex
from retrieval.index.hnsw import HnswIndex
from tests.contracts.vector_index import vectors

DIM = 8
POOL = vectors(400, seed=1, dim=DIM)
IDS = st.lists(st.integers(0, 120), max_size=30)


class Indexes(RuleBasedStateMachine):
    config = HnswConfig(exact_below=0, rows_per_candidate=0.0, ef_search=300, threads=1)

    def __init__(self) -> None:
        super().__init__()
        self.graph = HnswIndex(DIM, self.config)
        self.scan = ExactIndex(DIM)
        self.truth: dict[int, np.ndarray] = {}
        self.folder = tempfile.TemporaryDirectory()
        self.saved = 0

    @rule(ids=IDS, seed=st.integers(0, 380))
    def add(self, ids, seed):
        rows = POOL[[(seed + i) % len(POOL) for i in range(len(ids))]].reshape(-1, DIM)
        self.graph.add(ids, rows)
        self.scan.add(ids, rows)
        self.truth.update(zip(ids, rows, strict=True))

    @rule(ids=IDS)
    def remove(self, ids):
        self.graph.remove(ids)
        self.scan.remove(ids)
        for chunk_id in ids:
            self.truth.pop(chunk_id, None)

    @rule(count=st.integers(60, 150), first=st.integers(200, 400))
    def grow(self, count, first):
        ids = list(range(first, first + count))
        rows = vectors(count, seed=first, dim=DIM)
        self.graph.add(ids, rows)
        self.scan.add(ids, rows)
        self.truth.update(zip(ids, rows, strict=True))

    @rule(keep=st.integers(0, 20))
    def empty_out(self, keep):
        gone = list(self.truth)[keep:]
        self.graph.remove(gone)
        self.scan.remove(gone)
        for chunk_id in gone:
            del self.truth[chunk_id]

    @rule()
    def compact(self):
        self.graph.compact()
        assert self.graph.dead_share == 0

    @rule()
    def save_and_load(self):
        self.saved += 1
        for name, index in (("graph", self.graph), ("scan", self.scan)):
            index.save(Path(self.folder.name) / f"{name}{self.saved}")
        self.graph = HnswIndex(DIM, self.config)
        self.graph.load(Path(self.folder.name) / f"graph{self.saved}")
        self.scan = ExactIndex(DIM)
        self.scan.load(Path(self.folder.name) / f"scan{self.saved}")

    @rule(place=st.integers(0, 399), k=st.integers(1, 40))
    def search(self, place, k):
        query = POOL[place]
        found, cosines = self.graph.search(query, k)
        exact, best = self.scan.search(query, k)
        assert len(found) == len(exact) == min(k, len(self.truth))
        assert set(found.tolist()) <= set(self.truth)
        # Equal vectors may come in either order, so that cosines are compared, not ids.
        np.testing.assert_allclose(cosines, best, atol=1e-4)
        for chunk_id, cosine in zip(found.tolist(), cosines.tolist(), strict=True):
            assert abs(float(self.truth[chunk_id] @ query) - cosine) < 1e-4

    @rule(
        place=st.integers(0, 399), k=st.integers(1, 40), allow=st.frozensets(st.integers(0, 400), max_size=80)
    )
    def search_filtered(self, place, k, allow):
        found, cosines = self.graph.search(POOL[place], k, allow)
        _, best = self.scan.search(POOL[place], k, allow)
        assert len(found) == min(k, len(allow & set(self.truth)))
        assert set(found.tolist()) <= allow
        np.testing.assert_allclose(cosines, best, atol=1e-4)

    @invariant()
    def counts_agree(self):
        assert len(self.graph) == len(self.scan) == len(self.truth)

    def teardown(self):
        self.folder.cleanup()


class IndexesAcrossTheScan(Indexes):
    """The same with a graph that comes and goes at 80 vectors."""

    config = HnswConfig(exact_below=80, ef_search=300, compact_above=0.1, threads=1)


TestIndexes = Indexes.TestCase
TestIndexes.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestIndexesAcrossTheScan = IndexesAcrossTheScan.TestCase
TestIndexesAcrossTheScan.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
