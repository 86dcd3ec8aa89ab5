"""A number that a setting and a library both have is the same in both."""

from dataclasses import fields

from app.intake.mapping import chunking_config, parsing_limits
from app.library import collections
from app.search.scope import retrieval_config, scope_of
from app.settings.groups import ChunkingSettings, LimitSettings, RetrievalSettings
from app.settings.schema import Settings
from generator.openai.client import ServerConfig
from generator.types import Request
from ingestion.config import ChunkingConfig, ParsingLimits
from retrieval.config import HnswConfig, RetrievalConfig
from retrieval.types import Query


def default_of(kind, name):
    return next(field.default for field in fields(kind) if field.name == name)


def test_parsers_may_use_as_much_as_the_settings_say():
    assert parsing_limits(LimitSettings()) == ParsingLimits()


def test_documents_are_cut_as_the_settings_say():
    assert chunking_config(ChunkingSettings()) == ChunkingConfig()


def test_passages_are_ranked_and_compressed_as_the_settings_say(runtime):
    collections.create(runtime.db, name="birds")
    scope = scope_of(runtime.db, runtime.settings, ["birds"])
    assert retrieval_config(runtime.settings, scope) == RetrievalConfig()
    assert scope.k == default_of(Query, "k")
    assert RetrievalSettings().exact_below == HnswConfig().exact_below


def test_answers_are_written_as_the_settings_say():
    settings = Settings()
    assert settings.max_new_tokens == default_of(Request, "max_new_tokens")
    assert settings.answers.temperature == default_of(Request, "temperature")
    assert settings.openai.timeout_s == default_of(ServerConfig, "timeout_s")
