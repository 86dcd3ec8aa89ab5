"""Answers through a real server on loopback: whole, streamed, stopped, left, resumed, refused when busy."""

import json
import sqlite3
import threading
import time
from dataclasses import replace

import httpx
import pytest
import uvicorn
from sqlalchemy.exc import OperationalError

from app.composition.runtime import build_runtime
from app.intake.record import Upload, record_uploads
from app.library import collections
from app.main import create_app
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.copying_generator import AttributingGenerator, CopyingGenerator
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS

QUESTION = "Which weeds do they eat?"
WAIT_S = 20.0


def until(condition):
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def filled_home(tmp_path_factory):
    """A home with one document, taken in once for all tests here."""
    home = tmp_path_factory.mktemp("answers") / "home"
    runtime = build_runtime(load_settings(home=home), small_parts())
    collection = collections.create(runtime.db, name="birds").row.id
    collections.create(runtime.db, name="empty")
    record_uploads(runtime, collection, [Upload(name="ducks.md", blob=runtime.blobs.put(DUCKS))])
    Worker(runtime).run_pending()
    runtime.close()
    return home


@pytest.fixture
def generator():
    return CopyingGenerator()


@pytest.fixture
def answers():
    return {}


@pytest.fixture
def client(filled_home, generator, answers):
    settings = load_settings(home=filled_home, answers={"stream_grace_s": 0.5, **answers})
    app = create_app(settings, replace(small_parts(), generator=lambda _: generator))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/v1", timeout=WAIT_S) as client:
        client.streams = lambda: app.state.streams
        yield client
    if generator.gate is not None:
        generator.gate.release(1000)
    server.should_exit = True
    thread.join(WAIT_S)


def body(question=QUESTION, **more):
    return {"collections": ["birds"], "question": question, **more}


def events_of(lines, until_event=None):
    """`(id, event, data)` of a stream; comments are given as (None, "ping", None)."""
    found, current = [], {}
    for line in lines:
        if line.startswith(":"):
            found.append((None, "ping", None))
        elif line:
            key, _, value = line.partition(": ")
            current[key] = value
        elif current:
            found.append((int(current["id"]), current["event"], json.loads(current["data"])))
            current = {}
            if found[-1][1] == until_event:
                break
    return found


def test_a_whole_answer(client):
    reply = client.post("/answers", json=body())
    assert reply.status_code == 200, reply.text
    answer = reply.json()
    assert answer["citations"][0]["quote"] == "They eat weeds and insects."
    assert answer["status"] == "done"
    assert client.get(f"/answers/{answer['id']}").json() == answer


@pytest.mark.parametrize("how", ["body", "header"])
def test_a_stream_tells_the_same_as_the_stored_answer(client, how):
    more = {"json": body(stream=True)} if how == "body" else {"json": body()}
    headers = {"Accept": "text/event-stream"} if how == "header" else {}
    with client.stream("POST", "/answers", headers=headers, **more) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        events = events_of(reply.iter_lines())
    names = [event for _, event, _ in events]
    assert (names[0], names[-2:]) == ("meta", ["citation", "done"])
    assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
    answer = events[-1][2]["answer"]
    assert "".join(data["text"] for _, event, data in events if event == "token") == answer["text"]
    stored = client.get(f"/answers/{answer['id']}").json()
    assert stored["citations"] == answer["citations"]
    assert events[-2][2] == answer["citations"][0]


def test_a_finished_stream_can_be_read_again_from_any_event(client):
    answer = client.post("/answers", json=body()).json()
    whole = events_of(client.get(f"/answers/{answer['id']}/events").iter_lines())
    rest = events_of(
        client.get(f"/answers/{answer['id']}/events", headers={"Last-Event-ID": "3"}).iter_lines()
    )
    assert rest == whole[3:]
    client.streams()._streams.clear()  # as after a restart: the database still has it
    assert events_of(client.get(f"/answers/{answer['id']}/events").iter_lines()) == whole


@pytest.mark.parametrize("generator", [CopyingGenerator(threading.Semaphore(2))])
def test_stop_ends_the_stream_at_once_and_frees_the_generator(client, generator):
    with client.stream("POST", "/answers", json=body(stream=True)) as reply:
        lines = reply.iter_lines()
        answer_id = events_of(lines, "token")[0][2]["id"]
        assert client.delete(f"/answers/{answer_id}/stream").status_code == 204
        generator.gate.release()  # the step in work ends, and no further one begins
        answer = events_of(lines)[-1][2]["answer"]
    assert answer["status"] == "cancelled"
    assert client.get(f"/answers/{answer_id}").json()["status"] == "cancelled"
    until(lambda: generator.closed == len(generator.requests))
    assert client.delete(f"/answers/{answer_id}/stream").status_code == 204


@pytest.mark.parametrize("generator", [CopyingGenerator(threading.Semaphore(1))])
def test_an_answer_whose_client_left_is_given_up_after_the_grace(client, generator):
    with client.stream("POST", "/answers", json=body(stream=True)) as reply:
        answer_id = events_of(reply.iter_lines(), "token")[0][2]["id"]
    until(lambda: client.streams().get(answer_id).stop_reason == "client_gone")
    generator.gate.release()
    until(lambda: client.get(f"/answers/{answer_id}").json()["status"] == "cancelled")
    until(lambda: generator.closed == len(generator.requests))


@pytest.mark.parametrize("generator", [CopyingGenerator(threading.Semaphore(1))])
@pytest.mark.parametrize("answers", [{"stream_grace_s": 30.0}])
def test_a_client_resumes_with_last_event_id_within_the_grace(client, generator, answers):
    with client.stream("POST", "/answers", json=body(stream=True)) as reply:
        seen = events_of(reply.iter_lines(), "token")
    generator.gate.release(100)
    path, headers = f"/answers/{seen[0][2]['id']}/events", {"Last-Event-ID": str(seen[-1][0])}
    with client.stream("GET", path, headers=headers) as reply:
        rest = events_of(reply.iter_lines())
    assert [number for number, _, _ in seen + rest] == list(range(1, len(seen + rest) + 1))
    assert rest[-1][2]["answer"]["status"] == "done"


@pytest.mark.parametrize("generator", [CopyingGenerator(threading.Semaphore(0))])
@pytest.mark.parametrize("answers", [{"max_concurrent": 1, "max_waiting": 0, "stream_grace_s": 30.0}])
def test_a_full_house_says_when_to_come_again(client, generator, answers):
    with client.stream("POST", "/answers", json=body(stream=True)) as reply:
        events_of(reply.iter_lines(), "meta")
        refused = client.post("/answers", json=body())
        health = client.get("http://" + client.base_url.netloc.decode() + "/healthz")
        generator.gate.release(100)
    assert refused.status_code == 503
    assert refused.json()["code"] == "answers_busy"
    assert int(refused.headers["Retry-After"]) >= 1
    assert health.status_code == 200  # the event loop serves on while a model works


@pytest.mark.parametrize("answers", [{"ping_s": 1.0, "stream_grace_s": 30.0}])
@pytest.mark.parametrize("generator", [CopyingGenerator(threading.Semaphore(0))])
def test_a_silent_stream_is_kept_open_by_comments(client, generator, answers):
    with client.stream("POST", "/answers", json=body(stream=True)) as reply:
        lines = reply.iter_lines()
        while not next(lines).startswith(":"):
            pass
        generator.gate.release(100)
        assert events_of(lines)[-1][1] == "done"


@pytest.mark.parametrize("generator", [AttributingGenerator(spoil=" Surely.")])
def test_provenance_tells_the_source_of_every_token(client):
    answer = client.post("/answers", json=body()).json()
    found = client.get(f"/answers/{answer['id']}/provenance").json()
    assert (found["recorded"], found["text"]) == ("tokens", answer["text"])
    assert {token["action"] for token in found["tokens"]} == {"copy", "next", "write"}
    document = answer["citations"][0]["document"]
    assert found["documents"] == [document]
    text = client.get(f"/documents/{document['id']}/content").json()["text"]
    for token in found["tokens"]:
        said = answer["text"][token["answer_start"] : token["answer_end"]]
        for item in token["ranges"]:
            assert item["quote"] == text[item["start"] : item["end"]]
            assert token["kind"] == "written" or item["quote"] == said
    assert found["tokens"][-1]["weight_sum"] == 0.6


def test_an_answer_can_be_asked_for_without_a_source(client):
    cited = client.post("/answers", json=body()).json()["citations"][0]["chunk"]
    without = client.post("/answers", json=body(weights={cited: 0})).json()
    assert cited not in [citation["chunk"] for citation in without["citations"]]


def test_a_stream_carries_no_provenance_of_tokens(client):
    answer = client.post("/answers", json=body()).json()
    stored = client.get(f"/answers/{answer['id']}/events").text
    assert "provenance" not in stored
    assert "provenance" not in answer


def test_provenance_of_a_generator_without_actions_and_of_a_refusal(client):
    answer = client.post("/answers", json=body()).json()
    found = client.get(f"/answers/{answer['id']}/provenance").json()
    assert found["recorded"] == "runs"
    assert "neither actions nor attention" in found["note"]
    refused = client.post("/answers", json=body("Quantum chromodynamics?")).json()
    found = client.get(f"/answers/{refused['id']}/provenance").json()
    assert (found["recorded"], found["tokens"]) == ("nothing", [])
    assert "did not answer" in found["note"]


class BrokenGenerator(CopyingGenerator):
    def stream(self, request):
        raise RuntimeError("broken on purpose")


@pytest.mark.parametrize("generator", [BrokenGenerator()])
def test_a_broken_generator_gives_a_problem_and_the_next_question_is_served(client, generator):
    reply = client.post("/answers", json=body())
    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")
    assert reply.headers["content-type"] == "application/problem+json"
    assert "broken on purpose" not in reply.text
    events = events_of(client.post("/answers", json=body(stream=True)).iter_lines())
    assert events[-1][1] == "error"
    assert events[-1][2]["problem"]["code"] == "internal_error"
    stored = client.get(f"/answers/{events[0][2]['id']}").json()
    assert (stored["status"], stored["error"]["code"]) == ("failed", "internal_error")
    assert client.post("/answers", json=body(collections=["empty"])).json()["reason"] == "empty_collection"


@pytest.mark.parametrize(
    ("path", "sent", "status", "code"),
    [
        ("/answers", body(""), 422, "empty_question"),
        ("/answers", body("a" * 100_000), 422, "question_too_long"),
        ("/answers", body(collections=["nowhere"]), 404, "collection_not_found"),
        ("/answers", body(collections=[]), 422, "invalid_request"),
        ("/answers", body(temperature=9), 422, "invalid_request"),
        ("/answers", body(weights={"17": -1}), 422, "invalid_request"),
        ("/search", {"collections": ["birds"], "query": " "}, 422, "empty_question"),
        ("/search", {"collections": ["birds"], "query": "a" * 100_000}, 422, "question_too_long"),
        ("/search", {"collections": ["nowhere"], "query": "ducks"}, 404, "collection_not_found"),
        ("/answers/ans_none/feedback", {"rating": 1}, 404, "answer_not_found"),
    ],
)
def test_bad_requests_are_problems_that_say_what_to_do(client, path, sent, status, code):
    reply = client.post(path, json=sent)
    assert (reply.status_code, reply.json()["code"]) == (status, code), reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["hint"]


def test_unknown_answers_and_event_ids(client):
    assert client.get("/answers/ans_none").json()["code"] == "answer_not_found"
    assert client.get("/answers/ans_none/events").status_code == 404
    assert client.get("/answers/ans_none/provenance").json()["code"] == "answer_not_found"
    assert client.delete("/answers/ans_none/stream").status_code == 404
    reply = client.get("/answers/ans_none/events", headers={"Last-Event-ID": "x"})
    assert reply.json()["code"] == "bad_last_event_id"


def test_feedback_is_kept_and_the_last_opinion_counts(client):
    answer = client.post("/answers", json=body()).json()
    path = f"/answers/{answer['id']}"
    client.post(f"{path}/feedback", json={"rating": 1})
    client.post(f"{path}/feedback", json={"rating": -1, "comment": "No."})
    assert client.get(path).json()["feedback"] == {"rating": -1, "comment": "No."}


def test_search_over_rest(client):
    found = client.post("/search", json={"collections": ["birds"], "query": "duck eggs", "k": 1}).json()
    assert found["hits"][0]["document"]["name"] == "ducks.md"
    assert found["hits"][0]["text"] in DUCKS.decode()
    assert found["tokens_before"] >= found["tokens_after"] > 0


def test_a_stream_ends_with_its_error_even_where_that_can_not_be_kept(client, monkeypatch):
    """As on a full disk: neither the answer nor why it failed finds room, but who asked is told."""

    def full(*_: object, **__: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise OperationalError("UPDATE", {}, error)

    monkeypatch.setattr("app.db.answers.finish", full)
    with client.stream("POST", "/answers", json=body(stream=True)) as response:
        _, last, data = events_of(response.iter_lines())[-1]
    assert (last, data["problem"]["code"]) == ("error", "disk_full")
    reply = client.post("/answers", json=body())
    assert (reply.status_code, reply.json()["code"]) == (507, "disk_full")
