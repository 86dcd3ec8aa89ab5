"""SIGKILL at every step of a backup and of its restoring: no half file is a backup, and a second try is whole.

Steps are those of a deletion (`kills.py`) but for the reads; a fork is killed, and another looks at the rest.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.backup.making import make
from app.backup.restoring import NotEmptyError, restore
from app.db import migrate
from app.db.engine import Database
from app.library import collections, documents
from app.settings.reading import load_settings
from app.storage import BlobStore
from tests.crash.invariants import violations
from tests.crash.kills import MOST_STEPS, Steps, report, tried
from tests.crash.test_erasing_kills import TEXT, filled, opened
from tests.faults.scenarios import warm
from tests.faults.trials import ENDED, forked

pytestmark = [pytest.mark.crash, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(1200)]


EVERY = {"backup": 1, "restore": 9}
"""Steps from one kill to the next, but in `make faults`, which kills at each."""


def quiet(*_: int) -> None:
    """No progress is shown."""


class Changes(Steps):
    """Counts no statement that only reads: reflecting the tables takes hundreds of them."""

    def _step(self, *arguments: Any) -> None:
        statement = arguments[2] if len(arguments) > 2 else ""
        if not str(statement).lstrip().startswith(("SELECT", "PRAGMA")):
            super()._step()


def back_up(home: Path, file: Path, kill_at: int) -> int:
    runtime = opened(home)
    steps = Changes(runtime.db.engine, kill_at)
    steps.begin()
    make(runtime.db, runtime.blobs, file, quiet)
    steps.end()
    return steps.count


def bring_back(home: Path, file: Path, kill_at: int) -> int:
    settings = load_settings(home=home)
    database = Database(settings.url)
    steps = Changes(database.engine, kill_at)
    steps.begin()
    restore(database, home, BlobStore(settings.blobs_dir), file, quiet)
    steps.end()
    return steps.count


def with_tables(home: Path) -> None:
    """An empty home: making its tables is one transaction, tested with the migrations."""
    home.mkdir()
    database = Database(load_settings(home=home).url)
    migrate.upgrade(database)
    database.close()


def looked_at(home: Path, file: Path) -> list[str]:
    """What is wrong with a home that was restored, after one more try where the first was killed."""
    runtime = None
    try:
        with contextlib.suppress(NotEmptyError):  # killed in the last steps, when all was there
            if not (home / "database-id").exists():
                bring_back(home, file, 0)
        runtime = opened(home)
        collection = collections.page(runtime, None, 5).items[0].row.id
        names = {
            view.document.name: view.document.id
            for view in documents.page(runtime.db, collection, None, None, 9).items
        }
        found = [] if set(names) == {"secret.md", "other.md"} else [f"documents are {sorted(names)}"]
        _, original = documents.original(runtime.db, runtime.blobs, names["secret.md"])
        found += [] if original.read_bytes() == TEXT else ["an original is another file"]
        return found + violations(runtime, collection)
    finally:
        if runtime is not None:
            runtime.close()


def all_kills(folder: Path, how: str, every: int) -> dict[str, Any]:
    """Kill the work at its first step, at the one so many steps on, until it ends by itself."""
    home, copy, empty, file, target = (
        folder / name for name in ("home", "copy", "empty", "all.fathom", "to")
    )
    warm(copy)
    _do(lambda: filled(home))
    if how == "restore":
        _do(lambda: back_up(home, file, 0))
    _do(lambda: with_tables(empty))
    wrong: list[str] = []
    kills = 0
    for kill_at in range(1, MOST_STEPS, every):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(empty, target)
        if how == "backup":
            file.unlink(missing_ok=True)
            ended_by, told = forked(lambda tell, at=kill_at: tell(str(back_up(home, file, at))))  # type: ignore[misc]
            if not file.exists():
                kills += 1
                continue  # a file that is there is looked at, whoever was killed
        else:
            ended_by, told = forked(lambda tell, at=kill_at: tell(str(bring_back(target, file, at))))  # type: ignore[misc]
        if ended_by not in {0, signal.SIGKILL} or (ended_by == 0 and ENDED not in told):
            raise RuntimeError(f"step {kill_at}: signal {ended_by}, {told}")
        seen, said = forked(lambda tell: tell(json.dumps(looked_at(target, file))))
        wrong += json.loads(said[0]) if ENDED in said else [f"step {kill_at}: signal {seen}, {said}"]
        if ended_by == 0:
            return {"steps": int(told[0]), "kills": kills, "wrong": wrong}
        kills += 1
    return {"steps": -1, "kills": kills, "wrong": [*wrong, "it has no end"]}


def _do(work: Callable[[], object]) -> None:
    """In a fork, so that this process stays without threads."""
    ended_by, told = forked(lambda tell: tell(str(work())))
    if ended_by or ENDED not in told:
        raise RuntimeError(f"signal {ended_by}, {told}")


@pytest.mark.parametrize("how", EVERY)
def test_killed_at_any_step_nothing_half_is_left(
    tmp_path: Path, how: str, capsys: Any, request: Any, record_property: Any
) -> None:
    every = 1 if request.config.getoption("--every-step") else EVERY[how]
    told = tried("tests.crash.test_backup_kills", tmp_path, how, every)
    report(told, how, every, capsys, record_property)


if __name__ == "__main__":
    print(json.dumps(all_kills(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
    sys.stdout.flush()
    os._exit(0)
