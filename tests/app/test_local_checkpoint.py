"""`generator = "deepseek"`: the same path, the same events, with a small published checkpoint in a folder."""

import json
import shutil
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient
from httpx_sse import EventSource

from app.composition.runtime import build_runtime, shipped_parts
from app.errors import describe
from app.intake.record import Upload, record_uploads
from app.library import collections, readiness
from app.main import create_app
from app.settings.reading import load_settings
from app.worker import Worker
from generator.errors import ContextLengthError, NoAnswerError
from generator.quoting.prompt import REFUSALS
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS
from tests.generator.deepseek.checkpoints import V2, V3, give_adapters, saying
from tests.generator.small_model import SmallModel

QUESTION = {"collections": ["birds"], "question": "Which weeds do they eat?"}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    pieces = ("They eat", " weeds", " and insects", ".", " [1]", " Ducks also", " like pizza", "!")
    return saying(V3, tmp_path_factory.mktemp("published") / "small-v3", *pieces)


@pytest.fixture
def folder(checkpoint, tmp_path):
    return shutil.copytree(checkpoint, tmp_path / checkpoint.name)


@pytest.fixture
def settings(settings, folder):
    """A home with one document, and a checkpoint to answer."""
    named = {"generator": "deepseek", "deepseek": {"folder": folder}, "answers": {"max_new_tokens": 64}}
    runtime = build_runtime(load_settings(home=settings.home), small_parts())
    collection = collections.create(runtime.db, name="birds").row.id
    record_uploads(runtime, collection, [Upload(name="ducks.md", blob=runtime.blobs.put(DUCKS))])
    Worker(runtime).run_pending()
    runtime.close()
    return load_settings(home=settings.home, allowed_hosts=settings.allowed_hosts, **named)


@pytest.fixture
def parts():
    return replace(small_parts(), generator=shipped_parts().generator)


@pytest.fixture
def ask(settings, parts):
    """Asks a new API, which loads the folder as it is then; gives the reply."""

    def post(**more):
        with TestClient(create_app(settings, parts)) as client:
            return client.post("/v1/answers", json={**QUESTION, **more})

    return post


def check(answer):
    assert answer["text"] == "They eat weeds and insects. Ducks also like pizza!"
    (citation,) = answer["citations"]
    assert (citation["quote"], citation["document"]["name"]) == ("They eat weeds and insects.", "ducks.md")
    (marked,) = answer["unsupported"]
    assert answer["text"][marked["answer_start"] : marked["answer_end"]] == "Ducks also like pizza!"
    assert (answer["answerable"], answer["confidence"], answer["usage"]["generated_tokens"]) == (
        True,
        None,
        8,
    )
    assert answer["model"].startswith("small-v3@")


def test_an_answer_over_rest_cites_what_it_quotes(ask):
    check(ask().json())


def test_an_answer_is_streamed_with_the_same_events(ask):
    sent = EventSource(ask(stream=True)).iter_sse()
    events = [(event.event, json.loads(event.data)) for event in sent if event.data]  # a ping has none
    names = [name for name, _ in events]
    assert [name for name in names if name != "token"] == ["meta", "citation", "done"]
    check(events[-1][1]["answer"])
    assert "".join(d["text"] for name, d in events if name == "token") == events[-1][1]["answer"]["text"]


def test_adapters_in_the_folder_are_used(ask, folder, tmp_path, monkeypatch):
    small = SmallModel(tmp_path).generator()
    give_adapters(folder, small.reader.memories.width, gate=0.1)
    monkeypatch.setattr("app.composition.generators._load_fathom_small", lambda settings: small)
    check(ask().json())
    assert small.reader.memories.misses == 1


def test_a_refusal_is_the_same_as_with_any_generator(ask, folder):
    saying(V2, folder, REFUSALS[0])
    answer = ask().json()
    assert (answer["answerable"], answer["reason"]) == (False, "not_in_documents")
    assert answer["nearest"][0]["document"]["name"] == "ducks.md"


def test_a_damaged_folder_is_told_with_what_to_do(ask, folder):
    (folder / "model.safetensors").write_bytes(b"x" * 99)
    problem = ask()
    assert (problem.status_code, problem.json()["code"]) == (503, "checkpoint_missing")
    assert "FATHOM_DEEPSEEK__FOLDER" in problem.json()["hint"]


def test_whether_it_loads_is_part_of_being_ready(settings, parts, folder):
    runtime = build_runtime(settings, parts)
    runtime.warm_up()
    assert [c.ok for c in readiness.checks(runtime) if c.name == "generator"] == [True]
    runtime.close()
    (folder / "tokenizer.json").unlink()
    runtime = build_runtime(settings, parts)
    runtime.warm_up()
    (found,) = (c for c in readiness.checks(runtime) if c.name == "generator")
    assert not found.ok
    assert "tokenizer.json is missing" in found.detail
    runtime.close()


@pytest.mark.parametrize(
    ("error", "code", "status", "hint"),
    [
        (ContextLengthError("x"), "context_too_long", 422, "FATHOM_RETRIEVAL__CONTEXT_TOKENS"),
        (NoAnswerError("x"), "no_answer_written", 502, "FATHOM_ANSWERS__MAX_NEW_TOKENS"),
    ],
)
def test_failures_say_what_to_do(error, code, status, hint):
    failure = describe(error)
    assert (failure.code, failure.status) == (code, status)
    assert hint in failure.hint
