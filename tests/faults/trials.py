"""One scenario, interrupted at each of its steps; started by `run`, in a process without threads, which forks.

`python -m tests.faults.trials FOLDER SCENARIO MODE=EVERY …`, with the shim loaded before all libraries.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.shim import Mode, Shim, preloaded

ROOT = Path(__file__).parents[2]
MOST_STEPS = 5000
ENDED = "ended"
FAILED = "failed: "


@dataclass(kw_only=True)
class Report:
    """What came of a scenario.

    Attributes:
        steps: Steps that it has when nothing happens.
        trials: Trials in which the fault happened.
        wrong: What did not hold, in words.
        told: How often the work ended by each error that it told.
        seconds: Of everything.
        check_s: The longest time from the new start to the end of the check.
    """

    steps: int = 0
    trials: int = 0
    wrong: list[str] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    check_s: float = 0.0


def run(folder: Path, scenario: str, every: Mapping[Mode, int], limit_s: float) -> dict[Mode, Report]:
    """Interrupt a scenario at every so many of its steps, in each of these ways."""
    plan = [f"{mode.name}={steps}" for mode, steps in every.items()]
    command = [sys.executable, "-m", "tests.faults.trials", str(folder), scenario, *plan]
    done = subprocess.run(
        command, cwd=ROOT, env=preloaded(folder), capture_output=True, text=True, timeout=limit_s, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{scenario} could not be tried: {done.stderr[-3000:]}")
    return {Mode[name]: Report(**told) for name, told in json.loads(done.stdout.splitlines()[-1]).items()}


def forked(work: Callable[[Callable[[str], None]], None]) -> tuple[int, list[str]]:
    """Run `work` in a fork; gives the signal that ended it (0: none), and the lines that it told."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)

        def tell(line: str) -> None:
            os.write(writer, f"{json.dumps(line)}\n".encode())

        try:
            work(tell)
            tell(ENDED)
        except BaseException as error:  # noqa: BLE001 - it is told, and the fork must not go on as its parent
            tell(FAILED + name_of(error))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        lines = [json.loads(line) for line in told]
    _, status = os.waitpid(child, 0)
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, lines


def name_of(error: BaseException) -> str:
    from app.errors import describe

    failure = describe(error)
    return (
        failure.code
        if failure.code != "internal_error"
        else f"{failure.code} ({type(error).__name__}: {error})"
    )


def _main(folder: Path, name: str, plan: dict[str, int]) -> dict[str, Report]:
    from tests.faults.scenarios import SCENARIOS, warm  # only where the shim is loaded

    shim, base, home, scenario = Shim(), folder / "base", folder / "home", SCENARIOS[name]()
    shim.skip_sync()
    if scenario.uses_sql:
        warm(home)
    _must(forked(lambda _: scenario.base(base)), "making the home")
    return {mode: _at_each(scenario, shim, Mode[mode], every, (base, home)) for mode, every in plan.items()}


def _at_each(scenario: Any, shim: Shim, mode: Mode, every: int, places: tuple[Path, Path]) -> Report:
    began, report, (base, home) = time.monotonic(), Report(), places
    told: Counter[str] = Counter()
    for at in range(1, MOST_STEPS, every):
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(base, home)

        def act(tell: Callable[[str], None], at: int = at) -> None:
            shim.arm(mode, at, home)
            try:
                scenario.act(home, tell)
            finally:
                tell(f"steps {shim.steps()}")
                shim.disarm()

        ended_by, lines = forked(act)
        steps = next((int(line.split()[1]) for line in lines if line.startswith("steps ")), at)
        happened = steps >= at
        told.update(line.removeprefix(FAILED) for line in lines if line.startswith(FAILED))
        where = f"{mode.name.lower()} at step {at}: "
        if ended_by not in ({0, signal.SIGKILL} if mode in {Mode.KILL, Mode.TORN} else {0}):
            report.wrong.append(f"{where}the process died by signal {ended_by}")
        start = time.monotonic()
        report.wrong += [where + what for what in _checked(scenario, home, lines)]
        report.check_s = max(report.check_s, time.monotonic() - start)
        if not happened:
            report.steps = steps
            break
        report.trials += 1
    report.told, report.seconds = dict(told), time.monotonic() - began
    return report


def _checked(scenario: Any, home: Path, lines: list[str]) -> list[str]:
    def check(tell: Callable[[str], None]) -> None:
        for what in scenario.check(home, lines):
            tell(f"wrong: {what}")

    ended_by, told = forked(check)
    wrong = [line.removeprefix("wrong: ") for line in told if line.startswith(("wrong: ", FAILED))]
    return wrong if ended_by == 0 else [*wrong, f"the next process died by signal {ended_by}"]


def _must(outcome: tuple[int, list[str]], what: str) -> None:
    ended_by, lines = outcome
    if ended_by or ENDED not in lines:
        raise RuntimeError(f"{what} failed: {lines}, signal {ended_by}")


if __name__ == "__main__":
    pairs = (item.split("=") for item in sys.argv[3:])
    reports = _main(Path(sys.argv[1]), sys.argv[2], {mode: int(every) for mode, every in pairs})
    print(json.dumps({mode: vars(report) for mode, report in reports.items()}))
    sys.stdout.flush()
    os._exit(0)
