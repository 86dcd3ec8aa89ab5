"""SIGTERM: the process leaves with 0, its job is free at once, and its streams have ended."""

import signal
from pathlib import Path

import pytest

from app.composition.runtime import build_runtime
from app.library import collections, documents
from tests.app.doubles import small_parts
from tests.crash.process import HANGS, PATIENCE_S, process, server, settings_for, wait_until
from tests.crash.test_worker_kills import add, states, text_of

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture
def runtime(tmp_path: Path):
    opened = build_runtime(settings_for(tmp_path / "home"), small_parts())
    yield opened
    opened.close()


@pytest.mark.parametrize("data", [text_of(1), f"# {HANGS}\n\nIt takes a minute.".encode()])
def test_a_worker_gives_its_job_back(runtime, tmp_path, data):
    collection = collections.create(runtime.db, name="birds").row.id
    add(runtime, collection, {"bird.md": data})
    # A lease far longer than the test: only giving it back frees the job.
    patient = {"lease_s": 3600.0, "heartbeat_s": 0.2, "poll_s": 0.05, "max_attempts": 2}
    with process("worker", tmp_path / "home", worker=patient) as worker:
        wait_until(lambda: states(runtime, collection)["bird.md"] not in {"queued"})
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE_S) == 0
    assert states(runtime, collection)["bird.md"] in {"queued", "ready"}
    view = documents.page(runtime.db, collection, None, None, 1).items[0]
    from app.library import jobs

    job = jobs.get(runtime.db, view.job.id)
    assert (job.state, job.attempts) in {("queued", 0), ("done", 1)}


def test_a_server_ends_its_streams_and_leaves_with_zero(runtime, tmp_path, free_port):
    collections.create(runtime.db, name="birds")
    with server(tmp_path / "home", free_port) as (child, client):
        files = [("files", ("bird.md", text_of(1)))]
        job = client.post("/v1/collections/birds/documents", files=files).json()["jobs"][0]
        with client.stream("GET", f"/v1/jobs/{job['id']}/events") as events:
            lines = events.iter_lines()
            assert next(lines).startswith("id:")
            child.send_signal(signal.SIGTERM)
            assert child.wait(PATIENCE_S) == 0
