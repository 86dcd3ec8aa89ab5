"""What /metrics says after documents were taken in, questions asked and searches made."""

import math

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from app.db import observing
from app.library import collections
from app.main import create_app
from app.metrics import JOB_STAGES, JOB_WAITS, WorkerFigures, of_workers
from app.worker import Worker
from tests.app.copying_generator import CopyingGenerator
from tests.app.texts import DUCKS, GEESE, upload


@pytest.fixture
def generator():
    return CopyingGenerator()


def read(client: TestClient) -> dict[str, dict[frozenset, float]]:
    reply = client.get("/metrics")
    assert reply.status_code == 200
    found: dict[str, dict[frozenset, float]] = {}
    for family in text_string_to_metric_families(reply.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def labels(**given: str) -> frozenset:
    return frozenset(given.items())


def fill(api, names) -> str:
    collection = api.post("/v1/collections", json={"name": "birds"}).json()["id"]
    assert upload(api, collection, names).status_code == 202
    return collection


def test_the_queue_tells_its_ages_before_a_worker_comes_and_the_stages_after(api, work):
    fill(api, {"ducks.md": DUCKS, "geese.md": GEESE, "none.md": b""})
    before = read(api)
    assert before["fathom_jobs"][labels(kind="ingest", state="queued")] == 3
    assert before["fathom_oldest_waiting_job_seconds"][labels(kind="ingest")] > 0
    assert before["fathom_oldest_waiting_job_seconds"][labels(kind="reembed")] == 0
    assert work() == 3
    api.app.state.job_figures._seen = None
    after = read(api)
    assert after["fathom_oldest_waiting_job_seconds"][labels(kind="ingest")] == 0
    assert after["fathom_jobs_ended_total"] == {
        labels(kind="ingest", outcome="done"): 2, labels(kind="ingest", outcome="failed"): 1,
    }  # fmt: skip
    assert after["fathom_job_wait_seconds_count"][labels(kind="ingest")] == 3
    stages = {dict(key)["stage"] for key in after["fathom_job_stage_seconds_count"]}
    assert stages == {"parsing", "chunking", "embedding", "indexing"}
    counts = after["fathom_job_stage_seconds_bucket"]
    assert counts[labels(kind="ingest", stage="indexing", le="+Inf")] == 2


def test_answers_are_counted_by_outcome_and_stage_and_refusals_by_reason(api, work):
    collection = fill(api, {"ducks.md": DUCKS})
    work()
    for question in ("What do ducks eat?", "Why is granite hard?"):
        assert api.post("/v1/answers", json={"collections": [collection], "question": question}).is_success
    assert api.post("/v1/search", json={"collections": [collection], "query": "ducks"}).is_success
    found = read(api)
    route = labels(method="POST", route="/v1/answers", status="200")
    assert found["fathom_http_requests_total"][route] == 2
    assert found["fathom_answers_total"] == {
        labels(outcome="answered", reason=""): 1,
        labels(outcome="refused", reason="not_in_documents"): 1,
    }
    stages = {dict(key)["stage"] for key in found["fathom_answer_stage_seconds_count"]}
    assert {"embed", "retrieve", "compress", "generate", "first_token", "total"} <= stages
    assert found["fathom_answer_stage_seconds_count"][labels(stage="total")] == 2
    assert found["fathom_answer_tokens_total"][labels(kind="written")] > 0
    assert found["fathom_search_stage_seconds_count"][labels(stage="retrieve")] == 1
    assert found["fathom_model_loaded"][labels(model="embedder")] == 1
    assert found["fathom_open_collections"] == {labels(): 1}
    assert found["fathom_index_chunks"][labels(index="dense")] == 1
    assert {dict(key)["cache"] for key in found["fathom_cache_entries"]} >= {"filters", "sentence_vectors"}


def test_a_question_that_fails_is_counted_with_its_code(api, work, generator, monkeypatch):
    collection = fill(api, {"ducks.md": DUCKS})
    work()

    def broken(_):
        raise RuntimeError("out of order")

    monkeypatch.setattr(generator, "stream", broken)
    asked = {"collections": [collection], "question": "What do ducks eat?"}
    assert api.post("/v1/answers", json=asked).status_code == 500
    found = read(api)
    assert found["fathom_answers_total"] == {labels(outcome="failed", reason="internal_error"): 1}


def test_what_a_worker_counted_is_not_lost_where_it_can_not_be_written(runtime, monkeypatch):
    worker = Worker(runtime)
    worker._figures.ended("ingest", "done")
    with monkeypatch.context() as broken:
        broken.setattr(observing, "add_tallies", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            worker._tell_alive()
    worker._tell_alive()
    worker._figures.ended("ingest", "done")
    worker._tell_alive()
    with runtime.db.read() as session:
        assert set(observing.tallies(session).values()) == {2.0}


def test_durations_of_two_workers_add_up_to_one_histogram(runtime):
    for seconds in ((0.05, 0.3, 4000.0), (0.3,)):
        figures = WorkerFigures()
        for one in seconds:
            figures.observe(JOB_STAGES, {"kind": "ingest", "stage": "parsing"}, one)
        with runtime.db.write() as session:
            observing.add_tallies(session, figures.take())
        assert figures.take() == {}
    with runtime.db.read() as session:
        families = {family.name: family for family in of_workers(observing.tallies(session))}
    samples = {
        (sample.name, sample.labels.get("le")): sample.value for sample in families[JOB_STAGES].samples
    }
    assert samples[f"{JOB_STAGES}_bucket", "0.05"] == 1
    assert samples[f"{JOB_STAGES}_bucket", "0.25"] == 1
    assert samples[f"{JOB_STAGES}_bucket", "0.5"] == 3
    assert samples[f"{JOB_STAGES}_bucket", "1800.0"] == 3
    assert samples[f"{JOB_STAGES}_bucket", "+Inf"] == samples[f"{JOB_STAGES}_count", None] == 4
    assert math.isclose(samples[f"{JOB_STAGES}_sum", None], 4000.65)
    assert families[JOB_WAITS].samples == []


def test_metrics_ask_for_a_key_with_their_scope_unless_local(settings, parts):
    from app.identity import people
    from app.identity.people import KeyWish

    app = create_app(settings.model_copy(update={"mode": "users"}), parts)
    with TestClient(app) as client:
        db = app.state.runtime.db
        people.first_owner(db)
        people.add_user(db, "bob")
        told = {
            (user, scope): client.get(
                "/metrics",
                headers={
                    "Authorization": f"Bearer {people.make_key(db, user, KeyWish(scopes=[scope])).text}"
                },
            ).status_code
            for user in ("owner", "bob")
            for scope in ("read", "admin", "metrics")
        }
        assert told.pop(("owner", "metrics")) == 200
        assert set(told.values()) == {403}
        assert client.get("/metrics").status_code == 401
    with TestClient(app, client=("127.0.0.1", 50000)) as client:
        assert client.get("/metrics").status_code == 200
        assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 401


def test_a_collection_that_is_not_open_costs_no_look(api, runtime):
    collections.create(runtime.db, name="birds")
    assert read(api)["fathom_open_collections"] == {labels(): 0}
