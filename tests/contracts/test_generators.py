"""The shipped kind of model, a model server, local checkpoints, and the double that the app's tests use."""

import shutil

import pytest

from generator.deepseek.generator import DeepseekGenerator
from generator.deepseek.loading import load_local_model
from generator.openai.client import ChatClient, ServerConfig
from generator.openai.generator import OpenAIGenerator
from ingestion.sentences import split_sentences
from tests.app.copying_generator import CopyingGenerator
from tests.contracts.generator import GeneratorContract
from tests.generator.deepseek.checkpoints import V2, V3, give_adapters
from tests.generator.deepseek.checkpoints import saying as checkpoint_saying
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


@pytest.fixture(scope="module", params=[V2, V3], ids=["V2", "V3"])
def checkpoint(request, tmp_path_factory):
    pieces = ("Surely ", "the ", "cat ", "sat ", "on ", "the m", "at", " [1]", ".")
    return checkpoint_saying(request.param, tmp_path_factory.mktemp("checkpoint"), *pieces)


class TestDeepseek(GeneratorContract):
    @pytest.fixture
    def generator(self, checkpoint):
        judge = CopyingGenerator().relevance
        return DeepseekGenerator(load_local_model(checkpoint), split_sentences, judge)


class TestDeepseekWithAdapters(GeneratorContract):
    @pytest.fixture
    def generator(self, checkpoint, tmp_path):
        folder = shutil.copytree(checkpoint, tmp_path / "checkpoint")
        memories = SmallModel(tmp_path).reader().memories
        give_adapters(folder, memories.width, gate=0.1)
        judge = CopyingGenerator().relevance
        return DeepseekGenerator(load_local_model(folder), split_sentences, judge, memories)


class TestCopying(GeneratorContract):
    @pytest.fixture
    def generator(self):
        return CopyingGenerator()
