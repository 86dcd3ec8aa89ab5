"""SIGKILL at a chosen step of work in a fork, and the run of a module that kills at all of them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

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
