"""More work than there is room for, through a real server: refused at once, told truly, given up, shared fairly."""

import json
import socket
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import anyio
import httpx
import pytest
import uvicorn
from fastapi import APIRouter

from app.api import uploads
from app.composition.runtime import build_runtime
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.main import create_app
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.copying_generator import CopyingGenerator
from tests.app.doubles import CountingEmbedder, small_parts
from tests.app.texts import DUCKS, GEESE

WAIT_S = 20.0


class GatedEmbedder(CountingEmbedder):
    """Embeds a question only when the test lets it."""

    def __init__(self):
        super().__init__()
        self.gate = threading.Semaphore(0)
        self.begun = 0

    def embed_queries(self, texts):
        self.begun += 1
        self.gate.acquire()
        return super().embed_queries(texts)


def until(condition):
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def filled_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("overload") / "home"
    runtime = build_runtime(load_settings(home=home), small_parts())
    for name, text in (("birds", DUCKS), ("geese", GEESE)):
        collection = collections.create(runtime.db, name=name).row.id
        record_uploads(runtime, collection, [Upload(name=f"{name}.md", blob=runtime.blobs.put(text))])
    Worker(runtime).run_pending()
    runtime.close()
    return home


@pytest.fixture
def embedder():
    return GatedEmbedder()


@pytest.fixture
def generator():
    return CopyingGenerator(threading.Semaphore(0))


@pytest.fixture
def bounds():
    return {}


@pytest.fixture
def app(filled_home, embedder, generator, bounds):
    queues = {f"{kind}{more}": n for kind in ("searches", "fetches", "uploads", "exports") for more, n in
              (("", 1), ("_waiting", 1))}  # fmt: skip
    answers = {"max_concurrent": 1, "max_waiting": 1, "stream_grace_s": 30.0}
    settings = load_settings(
        home=filled_home,
        queues=queues | bounds.get("queues", {}),
        answers=answers | bounds.get("answers", {}),
    )
    parts = replace(small_parts(), embedder=lambda _: embedder, generator=lambda _: generator)
    return create_app(settings, parts)


@pytest.fixture
def crowd():
    with ThreadPoolExecutor(32) as pool:
        yield pool


@pytest.fixture
def client(app, embedder, generator, crowd):
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/v1", timeout=WAIT_S) as client:
        until(lambda: client.get(f"http://127.0.0.1:{port}/readyz").status_code == 200)
        yield client
        embedder.gate.release(10_000)
        generator.gate.release(10_000)
    server.should_exit = True
    thread.join(WAIT_S)


@contextmanager
def write_lock(home):
    """Somebody else writes to the database all the while."""
    connection = sqlite3.connect(home / "fathom.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def search(client, collection="birds", **more):
    return client.post("/search", json={"collections": [collection], "query": "duck eggs"}, **more)


def question(collection="birds", **more):
    return {"collections": [collection], "question": "Which weeds do they eat?", **more}


def ask(client, collection="birds", **more):
    return client.post("/answers", json=question(collection), **more)


def waiting(app, kind):
    queue = app.state.queues.by_name()[kind]
    return queue.running, queue.waiting


def events_of(lines, until_event=None):
    found, current = [], {}
    for line in lines:
        if line and not line.startswith(":"):
            key, _, value = line.partition(": ")
            current[key] = value
        elif current:
            found.append((int(current["id"]), current["event"], json.loads(current["data"])))
            current = {}
            if found[-1][1] == until_event:
                break
    return found


def assert_refused(reply, kind):
    assert (reply.status_code, reply.json()["code"]) == (503, f"{kind}_busy"), reply.text
    assert int(reply.headers["Retry-After"]) >= 1


def test_searches_beyond_the_bound_are_refused_and_the_others_served(client, app, embedder, crowd):
    inside = [crowd.submit(search, client) for _ in range(2)]
    until(lambda: waiting(app, "searches") == (1, 1) and embedder.begun == 1)
    assert_refused(search(client), "searches")
    assert embedder.begun == 1
    embedder.gate.release(2)
    assert [call.result(WAIT_S).status_code for call in inside] == [200, 200]
    embedder.gate.release()
    assert search(client).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "refused-1"}])
def test_a_refusal_needs_no_lock_of_the_database(client, app, filled_home, crowd, headers):
    for _ in range(2):
        crowd.submit(ask, client)
    until(lambda: waiting(app, "answers") == (1, 1) and app.state.streams.unfinished == 2)
    with write_lock(filled_home):
        assert_refused(ask(client, headers=headers, timeout=5.0), "answers")  # others wait 30 s for the lock


def test_a_refused_question_is_not_kept(client, app, filled_home, crowd):
    for _ in range(2):
        crowd.submit(ask, client)
    until(lambda: app.state.streams.unfinished == 2)
    count = sqlite3.connect(filled_home / "fathom.db").execute
    before = count("SELECT count(*) FROM answers").fetchone()
    assert_refused(ask(client), "answers")
    assert count("SELECT count(*) FROM answers").fetchone() == before


def test_a_question_that_is_no_good_gives_its_place_back(client, app):
    for _ in range(3):
        assert ask(client, "nowhere").status_code == 404
        assert client.post("/answers", json=question(k=-1)).status_code == 422
        assert (
            client.post("/answers", content=b"{", headers={"Content-Type": "application/json"}).status_code
            == 422
        )
    assert waiting(app, "answers") == (0, 0)


@pytest.mark.parametrize("bounds", [{"queues": {"searches_waiting": 40}}])
def test_searches_whose_clients_left_are_never_made(client, app, embedder):
    with ExitStack() as open_calls:
        for _ in range(20):
            call = open_calls.enter_context(
                socket.create_connection((client.base_url.host, client.base_url.port))
            )
            body = json.dumps({"collections": ["birds"], "query": "duck eggs"}).encode()
            head = "POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            call.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        until(lambda: waiting(app, "searches") == (1, 19) and embedder.begun == 1)
    until(lambda: waiting(app, "searches") == (1, 0))
    embedder.gate.release()
    until(lambda: waiting(app, "searches") == (0, 0))
    embedder.gate.release()
    assert search(client).status_code == 200
    assert embedder.begun == 2


def test_a_search_in_work_ends_at_its_next_stage_when_its_client_leaves(client, app, embedder, monkeypatch):
    looked_up = []
    monkeypatch.setattr("app.search.searching.document_names", lambda *_: looked_up.append(1) or {})
    with pytest.raises(httpx.ReadTimeout):
        search(client, timeout=httpx.Timeout(WAIT_S, read=0.3))
    until(lambda: embedder.begun == 1)
    time.sleep(0.2)  # the server notices that the connection is closed
    embedder.gate.release()
    until(lambda: waiting(app, "searches") == (0, 0))
    assert looked_up == []


def test_a_whole_answer_is_given_up_at_once_when_its_client_leaves(client, app, generator, embedder):
    embedder.gate.release(1000)
    with pytest.raises(httpx.ReadTimeout):
        ask(client, timeout=httpx.Timeout(WAIT_S, read=0.5))
    stream = next(iter(app.state.streams._streams.values()))
    until(lambda: stream.stop_reason == "client_gone")  # though the grace is 30 s
    generator.gate.release()
    until(lambda: waiting(app, "answers") == (0, 0))


@pytest.mark.parametrize("bounds", [{"answers": {"max_waiting": 40}}])
def test_answers_that_are_stopped_while_they_wait_leave_the_queue(client, app, generator, embedder):
    embedder.gate.release(1000)
    with client.stream("POST", "/answers", json=question(stream=True)) as running:
        events_of(running.iter_lines(), "meta")
        until(lambda: len(generator.requests) == 1)
        with client.stream("POST", "/answers", json=question(stream=True)) as reply:
            lines = reply.iter_lines()
            queued = events_of(lines, "queue")[-1][2]
            assert queued["ahead"] == 0
            assert queued["wait_s"] > 0
            assert queued["id"] == reply.headers["X-Answer-ID"]
            assert client.delete(f"/answers/{queued['id']}/stream").status_code == 204
            until(lambda: waiting(app, "answers") == (1, 0))
            answer = events_of(lines)[-1][2]["answer"]
        assert answer["status"] == "cancelled"
        assert client.get(f"/answers/{queued['id']}").json()["status"] == "cancelled"
    assert len(generator.requests) == 1


@pytest.mark.parametrize("bounds", [{"answers": {"max_waiting": 40}}])
def test_the_queue_is_told_while_it_lasts_and_not_kept(client, app, generator, embedder, crowd):
    embedder.gate.release(1000)

    def follow():
        with client.stream("POST", "/answers", json=question(stream=True)) as reply:
            return events_of(reply.iter_lines())

    calls = []
    for number in range(4):
        calls.append(crowd.submit(follow))
        until(lambda number=number: app.state.streams.unfinished == number + 1)
    until(lambda: waiting(app, "answers") == (1, 3))
    generator.gate.release(10_000)
    streams = [call.result(WAIT_S) for call in calls]
    told = sorted([data["ahead"] for _, event, data in events if event == "queue"] for events in streams)
    assert told[-1][0] == 2
    assert all(aheads == sorted(aheads, reverse=True) for aheads in told)
    for events in streams:
        numbers = [number for number, _, _ in events]
        assert numbers == sorted(set(numbers))
        names = [event for _, event, _ in events]
        assert "queue" not in names[names.index("meta") :]
        app.state.streams._streams.clear()  # as after a restart
        kept = events_of(client.get(f"/answers/{events[-1][2]['answer']['id']}/events").iter_lines())
        assert kept == [item for item in events if item[1] != "queue"]


@pytest.mark.parametrize("bounds", [{"answers": {"max_waiting": 8}}])
def test_a_crowd_of_one_collection_leaves_room_for_another_and_does_not_go_first(
    client, app, generator, embedder, crowd
):
    embedder.gate.release(1000)
    many = [crowd.submit(ask, client, "birds") for _ in range(12)]
    until(lambda: waiting(app, "answers") == (1, 6) and sum(call.done() for call in many) == 5)
    until(lambda: app.state.streams.unfinished == 7)  # all are in line
    other = crowd.submit(ask, client, "geese")
    until(lambda: waiting(app, "answers") == (1, 7) and app.state.streams.unfinished == 8)
    generator.gate.release(10_000)
    assert other.result(WAIT_S).status_code == 200
    assert sorted(call.result(WAIT_S).status_code for call in many) == [200] * 7 + [503] * 5
    order = ["Geese" in asked.passages[0].text for asked in generator.requests]
    assert order.index(True) <= 2


def blocked_pool(app):
    """A route that takes a thread of the shared pool until it is let go."""
    gate, router = threading.Event(), APIRouter()

    @router.get("/v1/blocked")
    def blocked() -> None:
        gate.wait(WAIT_S)

    app.include_router(router)
    return gate


def test_health_is_told_while_every_thread_and_lock_is_taken(client, app, filled_home, embedder):
    gate = blocked_pool(app)
    root = f"http://{client.base_url.host}:{client.base_url.port}"
    with ThreadPoolExecutor(64) as crowd, httpx.Client(limits=httpx.Limits(max_connections=100)) as many:
        for _ in range(60):
            crowd.submit(many.get, f"{root}/v1/blocked", timeout=WAIT_S)
        for _ in range(2):
            crowd.submit(search, client)
        until(lambda: waiting(app, "searches") == (1, 1))
        with write_lock(filled_home):
            for path in ("/healthz", "/readyz", "/metrics") * 5:
                reply = client.get(root + path, timeout=5.0)
                assert reply.status_code == 200, (path, reply.text)
            assert 'fathom_work{kind="searches",state="waiting"} 1.0' in reply.text
            assert_refused(search(client, timeout=5.0), "searches")
        gate.set()
        embedder.gate.release(10)


def test_a_lock_that_is_held_on_makes_it_not_ready(client, filled_home, monkeypatch):
    monkeypatch.setattr("app.library.readiness.LOCK_PATIENCE_S", 0.1)
    root = f"http://{client.base_url.host}:{client.base_url.port}"
    with write_lock(filled_home):
        until(lambda: client.get(f"{root}/readyz").status_code == 503)
    until(lambda: client.get(f"{root}/readyz").status_code == 200)


def test_uploads_beyond_the_bound_are_refused_before_they_are_read(client, app, crowd):
    gate = threading.Event()
    head = b'--frontier\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n'

    def slowly(number):
        yield head
        gate.wait(WAIT_S)
        yield f"# {number}\r\n--frontier--\r\n".encode()

    def send(number):
        headers = {"Content-Type": "multipart/form-data; boundary=frontier"}
        return client.post("/collections/birds/documents", content=slowly(number), headers=headers)

    inside = [crowd.submit(send, number) for number in range(2)]
    until(lambda: waiting(app, "uploads") == (1, 1))
    files = [("files", ("b.md", b"# B\n", "text/markdown"))]
    assert_refused(client.post("/collections/birds/documents", files=files), "uploads")
    gate.set()
    assert [call.result(WAIT_S).status_code for call in inside] == [202, 202]
    until(lambda: waiting(app, "uploads") == (0, 0))


def test_an_upload_that_stalls_gives_its_place_back(client, app, crowd, monkeypatch):
    monkeypatch.setattr(uploads, "STALLED_S", 0.2)
    gate = threading.Event()

    def stalled():
        yield b"--frontier\r\n"
        gate.wait(WAIT_S)

    headers = {"Content-Type": "multipart/form-data; boundary=frontier"}
    call = crowd.submit(client.post, "/collections/birds/documents", content=stalled(), headers=headers)
    until(lambda: waiting(app, "uploads") == (1, 0))
    until(lambda: waiting(app, "uploads") == (0, 0))
    gate.set()
    assert call.result(WAIT_S).json()["code"] == "upload_stalled"


def test_pages_of_the_web_are_bounded_and_given_up_with_their_client(client, app, crowd, monkeypatch):
    begun, ended = [], []

    async def never(*_, **__):
        begun.append(1)
        try:
            await anyio.sleep(WAIT_S)
        finally:
            ended.append(1)

    monkeypatch.setattr("app.intake.fetching.fetch_upload", never)
    timeout = httpx.Timeout(WAIT_S, read=1.0)
    inside = [
        crowd.submit(
            client.post, "/collections/birds/documents", json={"url": "https://a.example"}, timeout=timeout
        )
        for _ in range(2)
    ]
    until(lambda: waiting(app, "fetches") == (1, 1))
    refused = client.post("/collections/birds/documents", json={"url": "https://a.example"})
    assert_refused(refused, "fetches")
    for call in inside:
        assert isinstance(call.exception(WAIT_S), httpx.ReadTimeout)
    until(lambda: waiting(app, "fetches") == (0, 0))
    assert len(ended) == len(begun)


def test_whole_texts_are_bounded(client, app, crowd, monkeypatch):
    gate = threading.Event()
    document = client.get("/collections/birds/documents").json()["items"][0]["id"]
    original = documents.content

    def slow(*arguments):
        gate.wait(WAIT_S)
        return original(*arguments)

    monkeypatch.setattr("app.library.documents.content", slow)
    inside = [crowd.submit(client.get, f"/documents/{document}/content") for _ in range(2)]
    until(lambda: waiting(app, "exports") == (1, 1))
    assert_refused(client.get(f"/documents/{document}/content"), "exports")
    gate.set()
    assert [call.result(WAIT_S).status_code for call in inside] == [200, 200]
