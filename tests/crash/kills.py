"""SIGKILL at a chosen step of work in a fork, and the run of a module that kills at all of them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from tests.faults.scenarios import warm
from tests.faults.trials import ENDED, forked

ROOT = Path(__file__).parents[2]
FILE_CALLS = ("remove", "rename", "rmdir", "truncate")
"""As the interpreter audits them; `fsync` is not audited, and wrapped."""
MOST_STEPS = 300


class Steps:
    """Counts steps from `begin` on, and ends this process by SIGKILL at the one that was asked for."""

    def __init__(self, engine: Engine, kill_at: int) -> None:
        self.count, self._kill_at, self._on = 0, kill_at, False
        for name in ("before_cursor_execute", "commit"):
            event.listen(engine, name, self._step)
        sys.addaudithook(self._audit)
        self._wrap("fsync")

    def begin(self) -> None:
        self._on = True

    def end(self) -> None:
        self._on = False

    def _step(self, *_: Any) -> None:
        if self._on:
            self.count += 1
            if self.count == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def _audit(self, name: str, _: Any) -> None:
        if self._on and name.startswith("os.") and name.removeprefix("os.") in FILE_CALLS:
            self._step()

    def _wrap(self, name: str) -> None:
        plain = getattr(os, name)

        def wrapped(*arguments: Any) -> Any:
            self._step()
            return plain(*arguments)

        setattr(os, name, wrapped)


def all_kills(
    home: Path,
    every: int,
    *,
    fill: Callable[[Path], str],
    begin: Callable[[Path], tuple[Engine, Callable[[], object]]],
    check: Callable[[Path, str], list[str]],
) -> dict[str, Any]:
    """Kill a call at its first step, and at every so many after that, until one ends by itself.

    All work is done in forks of this process, which must have no threads and gets none.

    Args:
        home: Home that is filled once; each call works in a copy of it.
        every: Steps between two kills.
        fill: Fills the home; gives a word that `check` needs, such as an id.
        begin: Opens a copy and gives its database's engine, and the call whose steps count.
        check: Faults after a kill, in words, by the copy and the word.

    Raises:
        RuntimeError: The home could not be made, or a call ended in another way.
    """
    copy = home.parent / "copy"
    warm(copy)
    ended_by, told = forked(lambda tell: tell(fill(home)))
    if ENDED not in told:
        raise RuntimeError(f"the home could not be made: signal {ended_by}, {told}")
    wrong: list[str] = []
    kills = 0
    for kill_at in range(1, MOST_STEPS, every):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(home, copy)
        steps = _killed(copy, begin, kill_at)
        wrong += [f"killed at step {kill_at}: {what}" for what in _checked(copy, told[0], check)]
        if steps is not None:
            return {"steps": steps, "kills": kills, "wrong": wrong}
        kills += 1
    return {"steps": -1, "kills": kills, "wrong": [*wrong, "it has no end"]}


def _killed(
    copy: Path, begin: Callable[[Path], tuple[Engine, Callable[[], object]]], kill_at: int
) -> int | None:
    """Number of steps there were; None where the call was killed."""

    def act(tell: Callable[[str], None]) -> None:
        engine, call = begin(copy)
        steps = Steps(engine, kill_at)
        steps.begin()
        call()
        steps.end()
        tell(str(steps.count))

    ended_by, told = forked(act)
    if ended_by == signal.SIGKILL:
        return None
    if ended_by or ENDED not in told:
        raise RuntimeError(f"killed at step {kill_at}: signal {ended_by}, {told}")
    return int(told[0])


def _checked(copy: Path, word: str, check: Callable[[Path, str], list[str]]) -> list[str]:
    ended_by, told = forked(lambda tell: tell(json.dumps(check(copy, word))))
    return json.loads(told[0]) if ENDED in told else [f"the check ended by signal {ended_by}: {told}"]


def tried(module: str, folder: Path, how: str, every: int) -> dict[str, Any]:
    """What a module prints that kills work at every so many steps, in a process without threads, which forks."""
    command = [sys.executable, "-m", module, str(folder), how, str(every)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1100, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def report(told: dict[str, Any], how: str, every: int, capsys: Any, record_property: Any) -> None:
    """Print and record how many kills there were, and hold that none left anything wrong."""
    with capsys.disabled():
        print(f"\n{how}: killed at {told['kills']} steps; wrong afterwards: {len(told['wrong'])}")
    record_property("injected", told["kills"])
    record_property("violations", len(told["wrong"]))
    assert told["wrong"] == []
    assert told["steps"] >= 5
    assert told["kills"] >= told["steps"] // every
