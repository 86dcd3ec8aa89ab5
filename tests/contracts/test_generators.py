"""The shipped kind of model, a model server, and the double that the app's tests use."""

import pytest

from generator.openai.client import ChatClient, ServerConfig
from generator.openai.generator import OpenAIGenerator
from ingestion.sentences import split_sentences
from tests.app.copying_generator import CopyingGenerator
from tests.contracts.generator import GeneratorContract
from tests.generator.openai.model_server import model_server, saying
from tests.generator.small_model import SmallModel


class TestFathomSmall(GeneratorContract):
    @pytest.fixture
    def generator(self, tmp_path):
        return SmallModel(tmp_path).generator()


class TestOpenAI(GeneratorContract):
    @pytest.fixture
    def generator(self):
        judge = CopyingGenerator().relevance
        with model_server(saying("Surely the cat ", "sat on the mat [1].")) as server:
            client = ChatClient(ServerConfig(base_url=server.url, model="small"))
            yield OpenAIGenerator(client, split_sentences, judge)


class TestCopying(GeneratorContract):
    @pytest.fixture
    def generator(self):
        return CopyingGenerator()
