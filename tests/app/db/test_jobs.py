"""The job table, on both databases: leases, heartbeats, fencing, parking."""

from datetime import UTC, datetime, timedelta

import pytest

from app.composition.runtime import build_runtime
from app.db import jobs
from app.db.models import Chunk, Job
from app.errors import LeaseLostError, UnavailableError
from app.intake import ingesting
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS, GEESE

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def runtime(request, tmp_path):
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
    settings = load_settings(home=tmp_path / "home", database_url=url)
    opened = build_runtime(settings, small_parts())
    yield opened
    opened.close()


@pytest.fixture
def birds(runtime):
    return collections.create(runtime.db, name="birds").row.id


def add(runtime, birds, **files):
    uploads = [Upload(name=f"{name}.md", blob=runtime.blobs.put(data)) for name, data in files.items()]
    return record_uploads(runtime, birds, uploads)


def claim(runtime, owner, now, attempts=3):
    with runtime.db.write() as session:
        return jobs.claim(session, owner, now, 30.0, attempts)


def test_a_job_has_one_worker_while_its_lease_lasts(runtime, birds):
    add(runtime, birds, ducks=DUCKS)
    first = claim(runtime, "a", NOON)
    assert first is not None
    assert claim(runtime, "b", NOON + timedelta(seconds=29)) is None
    with runtime.db.write() as session:
        jobs.heartbeat(session, first, NOON + timedelta(seconds=20), 30.0, ("embedding", 3, 9))
    assert claim(runtime, "b", NOON + timedelta(seconds=49)) is None
    second = claim(runtime, "b", NOON + timedelta(seconds=51))
    assert (second.id, second.attempts, second.fence) == (first.id, 2, first.fence + 1)


def test_the_smallest_file_may_go_first(runtime, birds):
    add(runtime, birds, large=DUCKS * 100)
    add(runtime, birds, middle=DUCKS * 10)
    add(runtime, birds, small=GEESE)
    taken = []
    for small_first in (True, False, True):
        with runtime.db.write() as session:
            job = jobs.claim(session, "a", NOON, 30.0, 3, small_first=small_first)
        taken.append(documents.get(runtime.db, job.document_id).document.name)
    assert taken == ["small.md", "large.md", "middle.md"]


def test_a_worker_that_lost_its_lease_changes_nothing(runtime, birds):
    add(runtime, birds, ducks=DUCKS)
    old = claim(runtime, "old", NOON)
    new = claim(runtime, "new", NOON + timedelta(seconds=31))
    with pytest.raises(LeaseLostError):
        ingesting.run_job(runtime, old, lambda *_: None)
    with runtime.db.read() as session:
        assert session.query(Chunk).count() == 0
        assert session.get(Job, old.id).state == "running"
    for write in (
        lambda s: jobs.heartbeat(s, old, NOON, 30.0, ("x", 0, 0)),
        lambda s: jobs.finish(s, old, NOON),
        lambda s: jobs.fail(s, old, NOON, {"code": "x", "message": "", "hint": ""}),
        lambda s: jobs.give_back(s, old, NOON, count_attempt=True),
    ):
        with pytest.raises(LeaseLostError), runtime.db.write() as session:
            write(session)
    ingesting.run_job(runtime, new, lambda *_: None)
    with runtime.db.read() as session:
        assert session.get(Job, old.id).state == "done"
        assert session.query(Chunk).count() == documents.get(runtime.db, old.document_id).chunks > 0


def test_a_job_whose_worker_always_dies_is_parked_and_the_queue_moves(runtime, birds):
    add(runtime, birds, poison=DUCKS)
    now = NOON
    for _ in range(3):
        poison = claim(runtime, "w", now)
        now += timedelta(seconds=31)
    add(runtime, birds, good=GEESE)
    good = claim(runtime, "w", now + timedelta(days=3650))
    assert good.document_id != poison.document_id
    shown = documents.get(runtime.db, poison.document_id)
    assert (shown.newest.status, shown.newest.error["code"]) == ("failed", "worker_died")
    job = documents.retry(runtime.db, poison.document_id)
    assert job.attempts == 0


def test_a_job_of_a_deleted_document_ends_quietly(runtime, birds):
    taken = add(runtime, birds, ducks=DUCKS)
    job = claim(runtime, "w", NOON)
    documents.delete(runtime, taken[0].view.document.id)
    with pytest.raises(LeaseLostError):
        ingesting.run_job(runtime, job, lambda *_: None)
    assert Worker(runtime).run_pending() == 0
    assert collections.get(runtime, birds).stats.documents == 0


def test_equal_bytes_wait_for_their_twin(runtime, birds):
    add(runtime, birds, one=DUCKS, two=DUCKS)
    first = claim(runtime, "a", NOON)
    assert claim(runtime, "b", NOON) is None
    ingesting.run_job(runtime, first, lambda *_: None)
    assert claim(runtime, "b", NOON).document_id != first.document_id


def test_what_the_machine_is_to_blame_for_is_tried_again(runtime, birds, monkeypatch):
    add(runtime, birds, ducks=DUCKS)

    def missing(*_args: object) -> None:
        raise UnavailableError("encoder_missing", "No encoder.", "Restore it.")

    monkeypatch.setattr(ingesting, "_ingest", missing)
    assert Worker(runtime).run_one()
    document = documents.page(runtime.db, birds, None, None, 1).items[0]
    assert document.newest.status == "queued"
    with runtime.db.read() as session:
        job = session.get(Job, document.job.id)
    assert (job.state, job.attempts) == ("queued", 1)
    assert job.run_after > job.created_at


def test_versions_and_deletions_keep_the_tables_clean(runtime, birds):
    from tests.crash.invariants import violations

    worker = Worker(runtime)
    add(runtime, birds, a=DUCKS, b=DUCKS, c=GEESE)
    worker.run_pending()
    add(runtime, birds, a=GEESE, c=DUCKS)
    worker.run_pending()
    assert violations(runtime, birds) == []
    for view in documents.page(runtime.db, birds, None, None, 9).items:
        documents.delete(runtime, view.document.id)
        assert violations(runtime, birds) == []
    with runtime.db.read() as session:
        from app.db.models import Blob, Content

        assert (session.query(Content).count(), session.query(Blob).count()) == (0, 0)


def test_a_worker_says_when_it_is_ready(runtime, caplog):
    worker = Worker(runtime)
    worker.stop()
    with caplog.at_level("INFO", "app.worker"):
        assert worker.run()
    assert "ready for documents" in caplog.messages


HOUR = timedelta(hours=1)


def test_a_clock_that_is_set_back_lets_no_upload_wait(runtime, birds, monkeypatch):
    monkeypatch.setattr("app.intake.record.utc_now", lambda: NOON)
    taken = add(runtime, birds, ducks=DUCKS)
    for back in (timedelta(seconds=1), timedelta(minutes=4), HOUR, 30 * 24 * HOUR):
        job = claim(runtime, "a", NOON - back)
        assert job is not None, f"set back by {back}"
        assert job.id == taken[0].job.id
        with runtime.db.write() as session:
            jobs.give_back(session, job, NOON - back, count_attempt=False)


def test_a_clock_that_is_set_back_prolongs_no_wait_and_no_lease(runtime, birds):
    add(runtime, birds, ducks=DUCKS)
    first = claim(runtime, "a", NOON)
    # Alive, on a machine whose clock is a little behind: its lease is believed.
    assert claim(runtime, "b", NOON - timedelta(seconds=20)) is None
    second = claim(runtime, "b", NOON - HOUR)
    assert (second.id, second.fence) == (first.id, first.fence + 1)
    with runtime.db.write() as session:
        jobs.give_back(session, second, NOON + timedelta(seconds=4), count_attempt=True)
    assert claim(runtime, "b", NOON) is None
    assert claim(runtime, "b", NOON - HOUR) is not None


def test_equal_bytes_do_not_wait_for_a_worker_that_died_before_the_clock_was_set_back(runtime, birds):
    add(runtime, birds, ducks=DUCKS, same=DUCKS)
    assert claim(runtime, "a", NOON) is not None
    assert claim(runtime, "b", NOON) is None, "the twin is in work"
    assert claim(runtime, "b", NOON - HOUR) is not None
    assert claim(runtime, "c", NOON - HOUR) is None, "one of the two at a time"


def test_a_job_waits_longer_after_each_attempt_up_to_a_bound():
    assert [jobs.wait_s(n) for n in (1, 2, 8, 9, 5000)] == [2.0, 4.0, 256.0, 300.0, 300.0]
