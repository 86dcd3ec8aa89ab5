"""A home folder and its database: only those that belong together are used, and no stored file is lost meanwhile."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from app import home
from app.composition.runtime import Parts, Runtime, build_runtime
from app.db import installation
from app.errors import ConflictError
from app.intake.record import Upload, record_uploads
from app.library import collections, readiness, sweeping
from app.settings.schema import Settings

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture
def opened(parts: Parts) -> Callable[[Settings], object]:
    @contextmanager
    def open_one(settings: Settings, *, adopt: bool = False) -> Iterator[Runtime]:
        runtime = build_runtime(settings, parts, adopt=adopt)
        try:
            yield runtime
        finally:
            runtime.close()

    return open_one


@pytest.fixture
def filled(settings: Settings, opened) -> Settings:
    """A home with five originals, all of them two hours old."""
    with opened(settings) as runtime:
        add(runtime, 5)
    return settings


@pytest.fixture
def elsewhere(filled: Settings, tmp_path: Path) -> Settings:
    """The same home with another database, empty so far."""
    return filled.model_copy(update={"database_url": secret(f"sqlite:///{tmp_path / 'other.db'}")})


def secret(url: str):
    from pydantic import SecretStr

    return SecretStr(url)


def add(runtime: Runtime, count: int, name: str = "birds") -> list[str]:
    collection = collections.get_or_create(runtime, name).row.id
    uploads = [
        Upload(name=f"{number}.md", blob=runtime.blobs.put(f"# {name} {number}".encode()))
        for number in range(count)
    ]
    record_uploads(runtime, collection, uploads)
    age(runtime.settings, 2 * HOUR)
    return [upload.blob.sha256 for upload in uploads]


def age(settings: Settings, seconds: float, folder: str = "") -> None:
    then = time.time() - seconds
    for path in (settings.blobs_dir / folder).rglob("*"):
        if path.is_file() and (folder or "quarantine" not in path.parts):
            os.utime(path, (then, then))


def originals(settings: Settings) -> set[str]:
    return {p.name for p in settings.blobs_dir.rglob("*") if p.is_file() and "quarantine" not in p.parts}


def database_file(settings: Settings) -> Path:
    return settings.home / "fathom.db"


def keep_copy(settings: Settings, to: Path) -> None:
    """A backup, as docs/operations.md describes it."""
    import sqlite3

    with sqlite3.connect(database_file(settings)) as source, sqlite3.connect(to) as target:
        source.backup(target)
    source.close()
    target.close()


def put_back(settings: Settings, copy: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database_file(settings)}{suffix}").unlink(missing_ok=True)
    shutil.copy(copy, database_file(settings))


def test_home_and_database_carry_one_id_from_the_first_start_on(settings, opened):
    ids = set()
    for _ in range(2):
        with opened(settings) as runtime, runtime.db.read() as session:
            ids.add(installation.read(session))
    assert ids == {home.read_id(settings.home)}
    assert None not in ids


def test_an_empty_database_beside_stored_files_is_refused_before_a_table_is_made(elsewhere, opened):
    before = originals(elsewhere)
    with pytest.raises(ConflictError) as refused, opened(elsewhere):
        pass
    assert refused.value.code == "database_empty"
    assert "5" in refused.value.message
    assert "fathom adopt" in refused.value.hint
    assert originals(elsewhere) == before
    from app.db.engine import Database

    database = Database(elsewhere.url)
    assert inspect(database.engine).get_table_names() == []
    database.close()


def test_a_database_file_that_was_removed_is_refused_and_its_backup_is_taken(filled, opened, tmp_path):
    keep_copy(filled, tmp_path / "backup.db")
    for file in filled.home.glob("fathom.db*"):
        file.unlink()
    with pytest.raises(ConflictError), opened(filled):
        pass
    put_back(filled, tmp_path / "backup.db")
    with opened(filled) as runtime:
        assert sweeping.sweep(runtime.db, runtime.blobs, runtime.settings) == 0
        assert len(originals(filled)) == 5


def test_the_database_of_another_home_is_refused(filled, parts, opened, tmp_path):
    other = filled.model_copy(update={"home": tmp_path / "other"})
    with opened(other) as runtime:
        add(runtime, 3, "fish")
    crossed = filled.model_copy(update={"database_url": secret(other.url)})
    with pytest.raises(ConflictError) as refused, opened(crossed):
        pass
    assert refused.value.code == "database_of_another_home"
    assert len(originals(filled)) == 5


def test_the_message_holds_no_password(filled, opened, monkeypatch):
    monkeypatch.setattr(home.migrate, "current_revision", lambda _: None)
    remote = filled.model_copy(
        update={"database_url": secret("postgresql+psycopg://fathom:hunter2@db.invalid/fathom")}
    )
    with pytest.raises(ConflictError) as refused, opened(remote):
        pass
    assert "db.invalid" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_home_of_before_there_were_ids_is_known_by_its_files(filled, opened):
    (filled.home / home.ID_FILE).unlink()
    with opened(filled) as runtime, runtime.db.write() as session:
        session.execute(text("DELETE FROM installation"))
    (filled.home / home.ID_FILE).unlink()
    with opened(filled) as runtime, runtime.db.read() as session:
        assert installation.read(session) == home.read_id(filled.home) is not None
        assert sweeping.sweep(runtime.db, runtime.blobs, runtime.settings) == 0


def test_a_database_without_an_id_that_knows_other_files_is_refused(filled, opened, tmp_path):
    """As a database of before there were ids, given to a home that it never belonged to."""
    other = filled.model_copy(update={"home": tmp_path / "other"})
    with opened(other) as runtime:
        add(runtime, 3, "fish")
        with runtime.db.write() as session:
            session.execute(text("DELETE FROM installation"))
    for known in (True, False):
        if not known:
            (filled.home / home.ID_FILE).unlink()
        with (
            pytest.raises(ConflictError, match="not the one"),
            opened(filled.model_copy(update={"database_url": secret(other.url)})),
        ):
            pass


def test_a_second_home_without_files_may_use_the_database_too(filled, opened, tmp_path):
    second = filled.model_copy(update={"home": tmp_path / "second", "database_url": secret(filled.url)})
    with opened(second) as runtime:
        add(runtime, 1, "fish")
        assert sweeping.sweep(runtime.db, runtime.blobs, runtime.settings) == 0
    assert home.read_id(second.home) == home.read_id(filled.home)


def test_processes_that_start_together_agree_on_one_id(settings, opened):
    def start(_number: int) -> str | None:
        with opened(settings) as runtime, runtime.db.read() as session:
            return installation.read(session)

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(start, range(6))) == {home.read_id(settings.home)}


@pytest.mark.postgres
def test_the_same_holds_on_postgres_with_several_processes(filled, opened, postgres_url):
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    remote = filled.model_copy(update={"database_url": secret(url)})
    with pytest.raises(ConflictError) as refused, opened(remote):
        pass
    assert refused.value.code == "database_empty"

    def start(_number: int) -> str | None:
        with opened(remote, adopt=True) as runtime, runtime.db.read() as session:
            return installation.read(session)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(start, range(4))) == {home.read_id(filled.home)}
    with opened(remote) as runtime:
        assert sweeping.sweep(runtime.db, runtime.blobs, runtime.settings) == 0
        check = next(check for check in readiness.checks(runtime) if check.name == "database")
        assert check.ok, check.detail
    assert len(originals(filled)) == 5


def test_nothing_is_swept_while_the_database_knows_no_files(elsewhere, opened):
    with opened(elsewhere, adopt=True) as runtime:
        assert sweeping.sweep(runtime.db, runtime.blobs, runtime.settings) == 0
        assert len(originals(elsewhere)) == 5


def test_nothing_is_swept_once_the_database_is_another_one_under_a_running_worker(filled, opened):
    with opened(filled) as runtime:
        runtime.blobs.put(b"nobody's")
        age(filled, 2 * HOUR)
        with runtime.db.write() as session:
            session.execute(text("UPDATE installation SET database_id = 'db_other'"))
        with pytest.raises(ConflictError):
            sweeping.sweep(runtime.db, runtime.blobs, runtime.settings)
        assert len(originals(filled)) == 6


def test_a_new_database_on_purpose_is_adopted_and_the_old_files_wait_in_quarantine(elsewhere, opened, filled):
    with opened(elsewhere, adopt=True):
        pass
    with opened(elsewhere) as runtime:  # from now on it starts as any other
        new = add(runtime, 1, "fish")
        assert sweeping.sweep(runtime.db, runtime.blobs, runtime.settings) == 5
        assert originals(elsewhere) == set(new)
        assert len(list((elsewhere.blobs_dir / "quarantine").iterdir())) == 5
        age(elsewhere, 6.9 * DAY, "quarantine")
        sweeping.sweep(runtime.db, runtime.blobs, runtime.settings)
        assert len(list((elsewhere.blobs_dir / "quarantine").iterdir())) == 5
        age(elsewhere, 7.1 * DAY, "quarantine")
        sweeping.sweep(runtime.db, runtime.blobs, runtime.settings)
        assert list((elsewhere.blobs_dir / "quarantine").iterdir()) == []
        assert originals(elsewhere) == set(new)
    with pytest.raises(ConflictError), opened(filled):  # the database of before has its files no more
        pass


def test_a_second_adoption_changes_nothing(filled, opened):
    before = home.read_id(filled.home)
    with opened(filled, adopt=True):
        pass
    assert home.read_id(filled.home) == before


def test_what_a_restored_backup_does_not_know_comes_back_with_the_newer_database(filled, opened, tmp_path):
    """A backup has the id of its home, so only the quarantine stands between it and what was uploaded later."""
    keep_copy(filled, tmp_path / "monday.db")
    with opened(filled) as runtime:
        later = add(runtime, 3, "fish")
    keep_copy(filled, tmp_path / "tuesday.db")
    put_back(filled, tmp_path / "monday.db")
    with opened(filled) as runtime:
        assert sweeping.sweep(runtime.db, runtime.blobs, runtime.settings) == 3
    put_back(filled, tmp_path / "tuesday.db")
    with opened(filled) as runtime:
        assert runtime.blobs.read(later[0]) == b"# fish 0"  # at once, where it is asked for
        sweeping.sweep(runtime.db, runtime.blobs, runtime.settings)  # the others with the next sweep
        assert set(later) <= originals(filled)


def test_leftovers_of_dead_uploads_go_at_once_and_files_of_others_are_left_alone(filled, opened):
    with opened(filled) as runtime:
        incoming, note = filled.blobs_dir / "incoming" / "half", filled.blobs_dir / "README"
        for file in (incoming, note):
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(b"half")
        age(filled, 2 * HOUR)
        assert sweeping.sweep(runtime.db, runtime.blobs, runtime.settings) == 0
        assert not incoming.exists()
        assert note.exists()


def test_the_command_adopts_and_says_what_it_did(fathom, tmp_path, monkeypatch):
    duck = tmp_path / "duck.md"
    duck.write_text("# Duck\n\nThe duck swims.", encoding="utf-8")
    assert fathom("ingest", "birds", str(duck))[0] == 0
    monkeypatch.setenv("FATHOM_DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    code, _, err = fathom("collections")
    assert code == 4
    assert "fathom adopt" in err
    assert len(err.splitlines()) == 1
    code, out, _ = fathom("adopt")
    assert (code, "1 stored files" in out) == (0, True)
    assert fathom("collections")[0] == 0
