"""The trail in a database: appended to by many at once, verified, shortened, exported; on both databases."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import get_context

import pytest
from sqlalchemy import text

from app.audit import trail
from app.audit.chain import Head
from app.audit.recording import Entry, append
from app.db import audit as rows
from app.db import migrate
from app.db.engine import Database
from app.db.types import utc_now


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fathom.db'}"
    return request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture
def database(url):
    opened = Database(url)
    migrate.upgrade(opened)
    yield opened
    opened.close()


def write(database: Database, count: int, **fields: object) -> None:
    for number in range(count):
        with database.write() as session:
            append(
                session,
                [
                    Entry(
                        event="answer", subject=f"ans_{number}", question=f"q {number}", output="o", **fields
                    )
                ],
            )


def write_from_another_process(url: str, count: int) -> None:
    database = Database(url)
    write(database, count)
    database.close()


def test_threads_and_processes_do_not_fork_the_chain(database, url):
    others = [
        get_context("spawn").Process(target=write_from_another_process, args=(url, 25)) for _ in range(2)
    ]
    for other in others:
        other.start()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: write(database, 10), range(4)))
    for other in others:
        other.join()
    assert [other.exitcode for other in others] == [0, 0]
    verdict = trail.verify(database)
    assert (verdict.last, verdict.found) == (90, [])


def test_a_transaction_that_fails_leaves_no_record_and_no_gap(database):
    with pytest.raises(ZeroDivisionError), database.write() as session:
        append(session, [Entry(event="answer")])
        1 / 0  # noqa: B018
    write(database, 2)
    assert trail.verify(database).last == 2


def test_a_change_behind_the_back_is_named(database):
    write(database, 5)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE audit_records SET actor = 'x' WHERE seq = 3"))
    assert [(one.seq, one.kind) for one in trail.verify(database).found] == [(3, "changed")]


def test_a_kept_head_finds_a_cut_end(database):
    write(database, 5)
    kept = trail.head(database)
    before = Head(seq=3, hash=_hash(database, 3))
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_records WHERE seq > 3"))
        connection.execute(text(f"UPDATE audit_state SET seq = 3, hash = '{before.hash}'"))
    assert trail.verify(database, [before]).found == []
    assert [(one.seq, one.last, one.kind) for one in trail.verify(database, [kept]).found] == [
        (4, 5, "removed")
    ]


def _hash(database: Database, seq: int) -> str:
    with database.read() as session:
        record = rows.get(session, seq)
    assert record is not None
    return record.hash


def test_retention_removes_the_oldest_and_says_so(database):
    write(database, 4)
    middle = utc_now()
    write(database, 2)
    assert trail.prune(database, middle, "somebody") == 4
    verdict = trail.verify(database)
    assert (verdict.first, verdict.last, verdict.found) == (5, 7, [])
    assert trail.prune(database, middle, "somebody") == 0
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_records WHERE seq = 5"))
        hash_ = connection.execute(text("SELECT previous FROM audit_records WHERE seq = 6")).scalar_one()
        connection.execute(text(f"UPDATE audit_state SET base_seq = 5, base_hash = '{hash_}'"))
    assert [(one.last, one.kind) for one in trail.verify(database).found] == [(5, "removed")]


def test_texts_go_and_digests_stay(database):
    write(database, 3)
    assert trail.erase_texts_before(database, utc_now() + timedelta(seconds=1)) == 3
    exported = [json.loads(line) for line in trail.export(database)]
    assert [(row["question"], row["output"], row["salt"]) for row in exported] == [(None, None, None)] * 3
    assert all(len(row["question_digest"]) == 64 for row in exported)
    assert trail.verify(database).found == []


def test_texts_may_be_left_out_from_the_start(database):
    with database.write() as session:
        append(session, [Entry(event="answer", question="q", output="o")], keep_text=False)
    (row,) = [json.loads(line) for line in trail.export(database)]
    assert (row["question"], row["output"], row["salt"]) == (None, None, None)
    assert trail.verify(database).found == []
