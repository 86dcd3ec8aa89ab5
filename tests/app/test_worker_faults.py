"""Faults of the worker itself: waited out, or the end of its process; and what readiness says of it."""

import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, OperationalError

from app import worker as worker_module
from app.db import jobs, workers
from app.db.types import utc_now
from app.errors import LeaseLostError
from app.intake.record import Upload, record_uploads
from app.library import collections, documents, readiness
from app.worker import Worker

PATIENCE_S = 60.0


def add(runtime) -> str:
    collection = collections.get_or_create(runtime, "birds").row.id
    upload = Upload(name="duck.md", blob=runtime.blobs.put(b"# Duck\n\nThe duck swims."))
    return record_uploads(runtime, collection, [upload])[0].view.document.id


def until(condition) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def running(runtime):
    """Starts a worker in a thread; ends it with the test."""
    started = []

    def start() -> tuple[Worker, threading.Thread]:
        worker = Worker(runtime)
        thread = threading.Thread(target=worker.run, daemon=True)
        thread.start()
        started.append((worker, thread))
        return worker, thread

    yield start
    for worker, thread in started:
        worker.stop()
        thread.join(PATIENCE_S)


def not_a_database() -> DatabaseError:
    import sqlite3

    error = sqlite3.DatabaseError("file is not a database")
    error.sqlite_errorcode = sqlite3.SQLITE_NOTADB
    return DatabaseError("SELECT", {}, error)


def failing(monkeypatch, error: Exception, times: float) -> list[int]:
    """Let `jobs.claim` raise, so many times."""
    claim, calls = jobs.claim, [0]

    def broken(*arguments, **more):
        calls[0] += 1
        if calls[0] <= times:
            raise error
        return claim(*arguments, **more)

    monkeypatch.setattr(jobs, "claim", broken)
    return calls


FAULTS = [
    not_a_database(),
    OperationalError("SELECT", {}, Exception("away")),
    ValueError("a fault of ours"),
    MemoryError(),
    OSError(28, "No space left on device"),
    LeaseLostError("job_1"),
]


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
def test_any_fault_that_passes_is_survived(runtime, running, monkeypatch, error):
    failing(monkeypatch, error, 3)
    document = add(runtime)
    worker, thread = running()
    until(lambda: documents.get(runtime.db, document).newest.status == "ready")
    assert thread.is_alive()
    assert worker.fault is None


@pytest.mark.parametrize("error", [not_a_database(), ValueError("ours")], ids=["damaged", "ours"])
def test_a_fault_that_stays_ends_the_worker(runtime, running, monkeypatch, error):
    calls = failing(monkeypatch, error, float("inf"))
    worker, thread = running()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert worker.fault is error
    assert calls[0] == worker_module.FAULTS_IN_A_ROW
    assert "last fault" in worker_check(runtime).detail, "whoever comes after it is told why"


def test_a_database_that_is_locked_is_waited_for(runtime, running, monkeypatch):
    monkeypatch.setattr(worker_module, "MAX_FAULT_WAIT_S", 0.01)
    calls = failing(monkeypatch, OperationalError("SELECT", {}, Exception("away")), float("inf"))
    worker, _ = running()
    until(lambda: calls[0] > 3 * worker_module.FAULTS_IN_A_ROW)
    assert worker.fault is None


def test_a_thread_that_is_gone_whatever_ended_it_ends_the_worker(runtime, running, monkeypatch):
    class Strange(BaseException):
        pass

    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    failing(monkeypatch, Strange(), float("inf"))
    worker, thread = running()
    thread.join(PATIENCE_S)
    assert "thread" in str(worker.fault)


@pytest.mark.parametrize("task", ["plan", "_sweep", "_tell_alive"])
def test_what_fails_beside_the_jobs_does_not_stop_them(runtime, running, monkeypatch, task):
    def broken(_worker: Worker) -> None:
        raise not_a_database()

    monkeypatch.setattr(Worker, task, broken)
    document = add(runtime)
    worker, _ = running()
    until(lambda: documents.get(runtime.db, document).newest.status == "ready")
    assert worker.fault is None


def test_a_damaged_database_is_not_put_down_to_the_document(runtime, monkeypatch):
    document = add(runtime)

    def broken(*_: object) -> None:
        raise not_a_database()

    monkeypatch.setattr("app.intake.ingesting.run_job", broken)
    with pytest.raises(DatabaseError):
        Worker(runtime).run_one()
    assert documents.get(runtime.db, document).newest.status != "failed"


def worker_check(runtime) -> readiness.Check:
    (check,) = (check for check in readiness.checks(runtime) if check.name == "worker")
    return check


def test_readiness_tells_whether_a_worker_is_alive_but_does_not_wait_for_one(runtime, running):
    check = worker_check(runtime)
    assert (check.ok, check.needed) == (False, False)
    assert "none is running" in check.detail
    worker, thread = running()
    until(lambda: worker_check(runtime).ok)
    worker.stop()
    thread.join(PATIENCE_S)
    assert worker.fault is None, "an orderly end is none"
    assert not worker_check(runtime).ok


def test_readiness_tells_that_a_worker_died_and_how_long_a_document_has_waited(runtime):
    add(runtime)
    past = utc_now() - timedelta(seconds=100)
    with runtime.db.write() as session:
        workers.seen(session, "here:1", past, {"code": "disk_full", "message": "No room."}, past)
        session.execute(text("UPDATE jobs SET created_at = :past"), {"past": past.replace(tzinfo=None)})
    check = worker_check(runtime)
    assert not check.ok
    for told in ("none is alive", "last was seen 100 s ago", "waited for 100 s", "disk_full, No room."):
        assert told in check.detail
    with runtime.db.write() as session:
        workers.seen(session, "here:2", utc_now(), None, None)
    assert worker_check(runtime).ok
    assert "disk_full" in worker_check(runtime).detail, "a new start does not hide why the one before ended"


def test_a_fault_that_was_survived_is_told(runtime, running, monkeypatch):
    failing(monkeypatch, ValueError("secret words of a document"), 2)
    running()
    until(lambda: "internal_error" in worker_check(runtime).detail)
    assert "secret" not in worker_check(runtime).detail


def test_a_clock_that_was_set_back_hides_no_worker(runtime):
    with runtime.db.write() as session:
        workers.seen(session, "here:1", utc_now() + timedelta(hours=1), None, None)
    assert not worker_check(runtime).ok  # its next heartbeat, by the new clock, tells that it lives
    with runtime.db.write() as session:
        workers.seen(session, "here:1", utc_now(), None, None)
    assert worker_check(runtime).ok


def test_the_worker_is_shown_over_rest(api, runtime, running):
    body = api.get("/readyz").json()
    (check,) = (check for check in body["checks"] if check["name"] == "worker")
    assert (check["ok"], check["needed"]) == (False, False)
    running()
    until(lambda: "fathom_workers 1.0" in api.get("/metrics").text)
    assert "fathom_oldest_waiting_job_seconds" in api.get("/metrics").text


@pytest.mark.parametrize(
    ("error", "exit_code"), [(not_a_database(), 8), (OSError(28, "full"), 7), (ValueError("ours"), 70)]
)
def test_ingesting_in_the_terminal_ends_with_the_fault_of_its_worker(
    fathom, tmp_path, monkeypatch, error, exit_code
):
    duck = tmp_path / "duck.md"
    duck.write_text("# Duck\n\nThe duck swims.", encoding="utf-8")
    failing(monkeypatch, error, float("inf"))
    assert fathom("ingest", "birds", str(duck))[0] == exit_code
