"""All lexical indexes."""

import pytest

from retrieval.index.lexical import TantivyIndex
from tests.contracts.lexical_index import LexicalIndexContract


class TestTantivyInMemory(LexicalIndexContract):
    @pytest.fixture
    def index(self):
        index = TantivyIndex()
        yield index
        index.close()


class TestTantivyInFolder(LexicalIndexContract):
    @pytest.fixture
    def index(self, tmp_path):
        index = TantivyIndex(tmp_path / "lexical")
        yield index
        index.close()
