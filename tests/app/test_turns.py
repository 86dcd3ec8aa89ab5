"""A document that takes long lets others that wait go on, and no more work at once than are allowed to."""

import threading
import time
from collections.abc import Iterator

import pytest

from app.composition.runtime import Runtime, build_runtime
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.settings.reading import load_settings
from app.turns import Turn, Turns
from app.worker import Worker
from ingestion.parser_process import ParserProcess
from tests.app.doubles import CountingEmbedder, small_parts
from tests.app.texts import DUCKS, GEESE

TURN_S = 0.3
CALL_S = 0.1
LONG = b"".join(b"Sentence number %d is about the ducks on the lake.\n\n" % n for n in range(400))
PATIENCE_S = 120.0  # a busy machine is slow, not wrong


class SlowEmbedder(CountingEmbedder):
    """Takes its time until it is told to hurry, and notes how many ask it at once."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = self.most = self.calls = 0
        self.hurry = threading.Event()

    def sentence_states(self, text, spans):
        self.inside += 1
        self.calls += 1
        self.most = max(self.most, self.inside)
        self.hurry.wait(CALL_S)
        self.inside -= 1
        return super().sentence_states(text, spans)


@pytest.fixture
def embedder() -> SlowEmbedder:
    return SlowEmbedder()


@pytest.fixture
def runtime(tmp_path, embedder) -> Iterator[Runtime]:
    settings = load_settings(home=tmp_path / "home", worker={"turn_s": TURN_S, "poll_s": 0.05})
    opened = build_runtime(settings, small_parts(embedder))
    yield opened
    opened.close()


@pytest.fixture
def at_work(runtime) -> Iterator[Worker]:
    worker = Worker(runtime)
    thread = threading.Thread(target=worker.run)
    thread.start()
    yield worker
    worker.stop()
    thread.join(30)
    assert not thread.is_alive()


def add(runtime: Runtime, name: str, data: bytes) -> str:
    found = record_uploads(runtime, "birds", [Upload(name=name, blob=runtime.blobs.put(data))])
    return found[0].view.document.id


def state(runtime: Runtime, document_id: str) -> str:
    return documents.get(runtime.db, document_id).newest.status


def until(runtime: Runtime, document_id: str, *wanted: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while state(runtime, document_id) not in wanted:
        assert time.monotonic() < end, f"still {state(runtime, document_id)}"
        time.sleep(0.05)


def test_small_documents_do_not_wait_for_a_long_one(runtime, at_work, embedder, monkeypatch) -> None:
    monkeypatch.setattr("ingestion.vectors._TOKENS_PER_CALL", 10)  # one sentence: 400 calls, at least 40 s
    collections.create(runtime.db, name="birds")
    long = add(runtime, "long.md", LONG)
    until(runtime, long, "embedding")
    for number in range(3):
        small = add(runtime, f"{number}.md", DUCKS + b"%d" % number)
        until(runtime, small, "ready")
        assert state(runtime, long) == "embedding"
    embedder.hurry.set()
    until(runtime, long, "ready")
    assert embedder.calls >= 400
    assert embedder.most == 1


def test_small_documents_do_not_wait_for_one_that_is_read_for_long(runtime, at_work, monkeypatch) -> None:
    parse, seen, go_on = ParserProcess.parse, threading.Event(), threading.Event()

    def slow(self, source, limits, keep=None):
        if b"lake" in source.data:
            seen.set()
            go_on.wait(2 * PATIENCE_S)
        return parse(self, source, limits, keep)

    monkeypatch.setattr(ParserProcess, "parse", slow)
    collections.create(runtime.db, name="birds")
    long = add(runtime, "long.md", LONG)
    assert seen.wait(PATIENCE_S)
    small = add(runtime, "small.md", GEESE)
    try:
        until(runtime, small, "ready")
        assert state(runtime, long) == "parsing"
    finally:
        go_on.set()
    until(runtime, long, "ready")


def test_a_worker_stops_while_documents_wait_for_their_turn(runtime, embedder, monkeypatch) -> None:
    monkeypatch.setattr("ingestion.vectors._TOKENS_PER_CALL", 40)
    collections.create(runtime.db, name="birds")
    ids = [add(runtime, f"{n}.md", LONG + b"%d" % n) for n in range(4)]
    worker = Worker(runtime)
    thread = threading.Thread(target=worker.run)
    thread.start()
    until(runtime, ids[1], "embedding")
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert {state(runtime, document_id) for document_id in ids} == {"queued"}


def test_turns_go_in_the_order_of_asking_and_never_above_their_number() -> None:
    turns = Turns(2, lambda: False)
    working, most, order = 0, 0, []
    lock = threading.Lock()

    def work(number: int) -> None:
        nonlocal working, most
        turn = Turn(turns, turn_s=0.01)
        assert turn.begin()
        with lock:
            order.append(number)
        for _ in range(5):
            with lock:
                working += 1
                most = max(most, working)
            time.sleep(0.02)
            with lock:
                working -= 1
            turn.pause_if_long()
        turn.end()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join(20)
    assert order == sorted(order)
    assert most == 2


def test_who_waits_when_it_is_over_is_told() -> None:
    over = threading.Event()
    turns = Turns(1, over.is_set)
    assert turns.take()
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(turns.take()))
    thread.start()
    over.set()
    thread.join(10)
    assert told == [False]
    assert not turns.wanted
