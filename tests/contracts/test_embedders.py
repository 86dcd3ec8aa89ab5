"""The shipped encoder in float32, and the double that other tests use."""

from pathlib import Path

import pytest

from retrieval.config import EmbedderConfig
from retrieval.embedder import SentenceTransformerEmbedder
from tests.contracts.embedder import EmbedderContract
from tests.retrieval.doubles import HashEmbedder

ENCODER = Path(__file__).parents[2] / "models" / "encoder"


@pytest.fixture(scope="module")
def shipped():
    return SentenceTransformerEmbedder(ENCODER, threads=1, config=EmbedderConfig(dtype="float32"))


class TestShippedEncoder(EmbedderContract):
    @pytest.fixture
    def embedder(self, shipped):
        return shipped


class TestHashEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self):
        return HashEmbedder()
