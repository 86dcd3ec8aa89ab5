"""Real workers on a database that is empty, foreign or damaged: they end or go on, and no stored file is lost."""

import os
import time
from pathlib import Path

import pytest

from app.composition.runtime import Runtime, build_runtime
from app.db import workers
from app.library import collections
from tests.app.doubles import small_parts
from tests.crash.process import PATIENCE_S, process, settings_for, wait_until
from tests.crash.test_worker_kills import add, states

pytestmark = [pytest.mark.crash, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(900)]

FILES = 20


def opened(home: Path):
    return build_runtime(settings_for(home), small_parts())


def originals(home: Path) -> set[str]:
    return {p.name for p in (home / "blobs").rglob("*") if p.is_file() and "quarantine" not in p.parts}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with originals that are two hours old, and a job that waits."""
    runtime = opened(tmp_path / "home")
    collection = collections.create(runtime.db, name="birds").row.id
    add(runtime, collection, {f"{n}.md": f"# Bird {n}\n\nIt flies.".encode() for n in range(FILES)})
    runtime.close()
    then = time.time() - 7200
    for file in (tmp_path / "home" / "blobs").rglob("*"):
        os.utime(file, (then, then))
    return tmp_path / "home"


@pytest.mark.parametrize("kind", ["worker", "serve"])
@pytest.mark.parametrize("other", ["changed url", "removed file"])
def test_a_process_on_another_database_ends_and_every_original_stays(home, tmp_path, kind, other, capsys):
    more: dict[str, object] = {"port": 0} if kind == "serve" else {}
    if other == "changed url":
        more["database_url"] = f"sqlite:///{tmp_path / 'other.db'}"
    else:
        for file in home.glob("fathom.db*"):
            file.rename(tmp_path / file.name)
    with process(kind, home, **more) as child:
        assert child.wait(PATIENCE_S) != 0
    with capsys.disabled():
        print(f"\n{kind}, {other}: {len(originals(home))} of {FILES} originals are still there")
    assert len(originals(home)) == FILES
    assert "fathom adopt" in (tmp_path / f"{kind}.log").read_text(encoding="utf-8")


def test_a_worker_whose_database_is_damaged_ends_and_the_next_one_works(home, tmp_path, capsys):
    """The file is overwritten in place while the worker is at work, then put back from a backup."""
    database = home / "fathom.db"
    backup = database.read_bytes()
    with process("worker", home) as worker:
        runtime = opened(home)
        wait_until(lambda: _worker_is_seen(runtime))
        runtime.close()
        _overwrite(database)
        _overwrite(home / "fathom.db-wal")
        began = time.monotonic()
        status = worker.wait(PATIENCE_S)
    with capsys.disabled():
        print(f"\nended with status {status} after {time.monotonic() - began:.1f} s")
    assert status == 8
    assert len(originals(home)) == FILES
    for file in home.glob("fathom.db-*"):
        file.unlink()
    database.write_bytes(backup)
    runtime = opened(home)
    collection = collections.get(runtime, "birds").row.id
    with process("worker", home):
        wait_until(lambda: set(states(runtime, collection).values()) == {"ready"})
    runtime.close()
    assert len(originals(home)) == FILES


def _overwrite(file: Path) -> None:
    """Put other bytes in the place of all; the file keeps its size, since a worker has it open."""
    if file.exists():
        size = file.stat().st_size
        with file.open("r+b") as opened_file:
            opened_file.write((b"this is no database. " * (size // 21 + 1))[:size])


def _worker_is_seen(runtime: Runtime) -> bool:
    with runtime.db.read() as session:
        return bool(workers.known(session))
