"""All vector indexes, the graph also where a scan would do."""

import pytest

from retrieval.config import HnswConfig
from retrieval.index.exact import ExactIndex
from retrieval.index.hnsw import HnswIndex
from tests.contracts.vector_index import DIM, VectorIndexContract


class TestExactIndex(VectorIndexContract):
    @pytest.fixture
    def make_index(self):
        return lambda: ExactIndex(DIM)


class TestHnswIndex(VectorIndexContract):
    @pytest.fixture
    def make_index(self):
        return lambda: HnswIndex(DIM)


class TestHnswGraph(VectorIndexContract):
    """No scan instead of the graph, and a wide search, so that results can be compared one by one."""

    @pytest.fixture
    def make_index(self):
        config = HnswConfig(exact_below=0, rows_per_candidate=0.0, ef_search=400, threads=1)
        return lambda: HnswIndex(DIM, config)


class TestHnswGraphFromFifty(VectorIndexContract):
    """Crosses from scan to graph in the middle of the tests."""

    @pytest.fixture
    def make_index(self):
        config = HnswConfig(exact_below=50, ef_search=400, background_above=100, threads=1)
        return lambda: HnswIndex(DIM, config)
