"""Database and disk that fail: each fault is told as what it is, and what can go on goes on.

SQLite's own "database or disk is full" is had by a bound on its pages; other faults are overwritten files, a lock
that is held, a file where a folder should be, or an injected OSError. A disk that is really full: tests/crash.
"""

import errno
import json
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.composition.runtime import build_runtime
from app.db.engine import Database
from app.errors import MACHINE_FAULTS, describe
from app.intake.record import Upload, record_uploads
from app.library import collections, readiness
from retrieval.errors import IndexWriteError


def of_sqlite(code: int) -> DBAPIError:
    error = sqlite3.OperationalError("told by SQLite")
    error.sqlite_errorcode = code
    return OperationalError("SELECT", {}, error)


def of_postgres(state: str) -> DBAPIError:
    error = Exception("told by PostgreSQL")
    error.sqlstate = state
    return DBAPIError("SELECT", {}, error)


def caused_by(cause: BaseException) -> Exception:
    error = IndexWriteError("an index")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (of_sqlite(sqlite3.SQLITE_FULL), "disk_full"),
        (of_sqlite(sqlite3.SQLITE_IOERR_SHMSIZE), "disk_full"),
        (of_sqlite(sqlite3.SQLITE_IOERR_READ), "disk_failed"),
        (of_sqlite(sqlite3.SQLITE_READONLY_DBMOVED), "disk_read_only"),
        (of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), "database_locked"),
        (of_sqlite(sqlite3.SQLITE_CORRUPT_INDEX), "database_damaged"),
        (of_sqlite(sqlite3.SQLITE_NOTADB), "database_damaged"),
        (of_sqlite(sqlite3.SQLITE_CANTOPEN), "database_unavailable"),
        (of_postgres("53100"), "disk_full"),
        (of_postgres("58030"), "disk_failed"),
        (of_postgres("55P03"), "database_locked"),
        (of_postgres("XX001"), "database_damaged"),
        (of_postgres("25006"), "disk_read_only"),
        (OperationalError("SELECT", {}, Exception("connection refused")), "database_unavailable"),
        (PoolTimeoutError("no connection is free"), "database_unavailable"),
        (OSError(errno.ENOSPC, "full"), "disk_full"),
        (OSError(errno.EDQUOT, "quota"), "disk_full"),
        (OSError(errno.EIO, "broken"), "disk_failed"),
        (OSError(errno.EROFS, "read only"), "disk_read_only"),
        (caused_by(OSError(errno.ENOSPC, "full")), "disk_full"),
        (caused_by(of_sqlite(sqlite3.SQLITE_CORRUPT)), "database_damaged"),
        # none of them
        (OSError(errno.ENOENT, "missing"), "internal_error"),
        (DBAPIError("SELECT", {}, Exception("a wrong statement")), "internal_error"),
        (caused_by(KeyError("ours")), "retrieval_failed"),
    ],
)
def test_each_fault_has_its_own_code(error, code):
    assert describe(error).code == code


def test_each_code_has_a_message_a_hint_and_a_status_of_its_own_kind():
    told = [(message, hint) for _, _, message, hint, _ in MACHINE_FAULTS.values()]
    assert len(set(told)) == len(MACHINE_FAULTS)
    exits = {code: values[1] for code, values in MACHINE_FAULTS.items()}
    assert exits == {
        "disk_full": 7,
        "disk_failed": 7,
        "disk_read_only": 7,
        "database_locked": 5,
        "database_damaged": 8,
        "database_unavailable": 5,
    }
    waits = {code for code, values in MACHINE_FAULTS.items() if values[4] is not None}
    assert waits == {"database_locked", "database_unavailable"}, "waiting frees no disk and mends no file"


def bound(connection, _record) -> None:
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def fill(runtime, *, full: bool) -> None:
    """Let SQLite find no room for another page, or room again."""
    runtime.db.engine.dispose()
    change = event.listen if full else event.remove
    change(runtime.db.engine, "connect", bound)


@pytest.fixture
def birds(runtime, work):
    collection = collections.create(runtime.db, name="birds").row.id
    upload = Upload(name="duck.md", blob=runtime.blobs.put(b"# Duck\n\nThe duck swims on the pond."))
    (taken,) = record_uploads(runtime, collection, [upload])
    assert work() == 1
    return collection, taken.view.document.id


def test_a_full_disk_is_told_as_one_on_create_and_change_and_goes_away_with_it(api, birds):
    runtime = api.app.state.runtime
    fill(runtime, full=True)
    large = api.patch(f"/v1/documents/{birds[1]}", json={"metadata": {"note": "x" * 60_000}})
    for reply in (api.post("/v1/collections", json={"name": "fish", "description": "x" * 4_000}), large):
        assert (reply.status_code, reply.json()["code"]) == (507, "disk_full"), reply.text
        assert "locked" not in reply.text
        assert "Retry-After" not in reply.headers
    assert api.post("/v1/search", json={"collections": ["birds"], "query": "duck"}).status_code == 200
    fill(runtime, full=False)
    assert api.post("/v1/collections", json={"name": "fish"}).status_code == 201


@pytest.mark.parametrize("stuck", ["folder", "opening", "commit"])
def test_a_search_does_not_need_to_write_its_index(api, birds, stuck, monkeypatch):
    runtime = api.app.state.runtime
    folder = runtime.settings.indexes_dir / birds[0]
    runtime.drop_index(birds[0])
    if stuck == "folder":  # neither index can have one: a file is in the way
        folder.parent.mkdir(exist_ok=True)
        folder.write_bytes(b"")
    else:
        name = "own_folder" if stuck == "opening" else "write_state"

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(f"retrieval.index.lexical.{name}", full)
    for _ in range(2):
        reply = api.post("/v1/search", json={"collections": ["birds"], "query": "duck"})
        assert reply.status_code == 200, reply.text
        assert [hit["document"]["name"] for hit in reply.json()["hits"]] == ["duck.md"]


@pytest.fixture
def lock(runtime):
    """Holds the write lock of the database."""
    file = runtime.settings.home / "fathom.db"
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def database_check(runtime) -> tuple[readiness.Check, float]:
    began = time.perf_counter()
    check = next(check for check in readiness.checks(runtime) if check.name == "database")
    return check, time.perf_counter() - began


def test_readiness_does_not_wait_for_a_lock_and_tells_one_that_stays(runtime, lock, monkeypatch, capsys):
    check, seconds = database_check(runtime)
    with capsys.disabled():
        print(f"\nreadiness under a held write lock: {seconds:.3f} s")
    assert check.ok, "somebody else's transaction is no fault"
    assert seconds < 5  # 30 s before; an idle machine needs 0.1 s
    monkeypatch.setattr(readiness, "LOCK_PATIENCE_S", 0.2)
    time.sleep(0.3)
    check, _ = database_check(runtime)
    assert not check.ok
    assert "database_locked" in check.detail
    lock.execute("ROLLBACK")
    assert database_check(runtime)[0].ok
    assert runtime.db.locked_for() == 0.0


def test_a_lock_that_comes_and_goes_is_not_one_that_stays(runtime, lock, monkeypatch):
    monkeypatch.setattr(readiness, "LOCK_PATIENCE_S", 0.2)
    for _ in range(3):
        assert database_check(runtime)[0].ok
        lock.execute("ROLLBACK")
        assert database_check(runtime)[0].ok
        time.sleep(0.15)
        lock.execute("BEGIN IMMEDIATE")


def test_two_short_transactions_far_apart_are_not_one_that_stays(runtime, lock, monkeypatch):
    monkeypatch.setattr(readiness, "LOCK_PATIENCE_S", 0.2)
    assert database_check(runtime)[0].ok
    time.sleep(0.3)  # whatever was written in between, the next look meets a lock again, for a moment
    threading.Timer(0.3, lambda: lock.execute("ROLLBACK")).start()
    assert database_check(runtime)[0].ok


def test_a_short_look_does_not_make_other_writers_impatient(runtime):
    with pytest.raises(ZeroDivisionError), runtime.db._impatient(0.05):
        raise ZeroDivisionError
    for _ in range(3):
        with runtime.db.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


def overwritten(file: Path, begin: int) -> None:
    data = bytearray(file.read_bytes())
    for start in range(begin, len(data), 4096):
        data[start : start + 4096] = b"\xa5" * len(data[start : start + 4096])
    file.write_bytes(data)


@pytest.mark.parametrize("begin", [0, 4096 * 2], ids=["no database at all", "damaged pages"])
def test_a_damaged_database_is_told_by_every_command(fathom, tmp_path, begin):
    duck = tmp_path / "duck.md"
    duck.write_text("# Duck\n\nThe duck swims.", encoding="utf-8")
    assert fathom("ingest", "birds", str(duck))[0] == 0
    file = tmp_path / "home" / "fathom.db"
    assert not file.with_name("fathom.db-wal").exists()
    overwritten(file, begin)
    code, out, _ = fathom("collections", "--json")
    assert code == 8
    assert json.loads(out)["error"]["code"] == "database_damaged"
    code, out, _ = fathom("doctor", "--no-models", "--json")
    assert code == 8
    report = json.loads(out)
    assert not report["ok"]
    assert any("database_damaged" in check["detail"] for check in report["checks"])
    assert report["versions"]["fathom"], "the rest of the report is there too"


def test_doctor_finds_a_damaged_page_that_nothing_has_read_yet(settings, parts, birds, runtime):
    page = _root_of(runtime.db, "content_chunks")
    runtime.close()
    file = settings.home / "fathom.db"
    data = bytearray(file.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xa5" * 4096
    file.write_bytes(data)
    again = build_runtime(settings, parts)
    try:
        assert next(c for c in readiness.checks(again) if c.name == "database").ok
        check = readiness.damage(again.db)
        assert not check.ok
        assert "database_damaged" in check.detail
    finally:
        again.close()


def _root_of(database: Database, table: str) -> int:
    """Number of the table's first page, from 1."""
    with database.engine.connect() as connection:
        query = f"SELECT rootpage FROM sqlite_master WHERE name = '{table}'"
        root = connection.exec_driver_sql(query).scalar()
    assert root is not None
    return root
