"""What `fathom run` prints and what it logs: few lines for a newcomer, all of them in a bounded file."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app import run_output
from app.run_output import LogFile, ServiceOutput, Terminal
from app.sample_collection import SampleProgress
from app.settings.schema import Settings
from app.supervisor import supervise
from tests.app.test_supervisor import SERVER, settings, stand_in, stand_ins  # noqa: F401 - fixtures

REQUEST = "2026-01-01T00:00:00.000Z INFO    app.observability: request method=GET path=/v1/jobs status=200"
FAILURE = "2026-01-01T00:00:0%d.000Z ERROR   app.worker: job failed job=job_1"


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.processes
def test_requests_are_logged_and_errors_are_said(settings: Settings, stand_ins, monkeypatch) -> None:  # noqa: F811
    async def samples(_client, _home, *, on_progress):
        for ready in range(3):
            on_progress(SampleProgress(ready=ready, failed=0, total=2))

    monkeypatch.setattr("app.supervisor.add_samples", samples)
    noise = f"print({REQUEST!r}, flush=True)\n" * 50 + f"print({FAILURE % 1!r}, flush=True)\n"
    stand_ins["api"] = stand_in(stand_ins["api"], noise + SERVER, settings.port)
    said: list[str] = []
    moved: list[str] = []
    logged: list[str] = []

    def say(line: str) -> None:
        said.append(line)
        if "Try " in line:
            os.kill(os.getpid(), signal.SIGTERM)

    async def run() -> int:
        async with asyncio.timeout(60):
            return await supervise(settings, with_samples=True, say=say, move=moved.append, log=logged.append)

    assert asyncio.run(run()) == 0
    assert sum(REQUEST in line for line in logged) == 50
    assert not [line for line in said if "request" in line]
    assert [line for line in said if "ERROR" in line or "job failed" in line] == [
        "   api | app.worker: job failed job=job_1"
    ]
    assert len(said) < 12
    assert [line.split()[1] for line in moved if line] == ["0", "1", "2"]
    assert moved[-1] == ""


def test_an_error_that_comes_again_and_again_is_said_once_a_minute(monkeypatch) -> None:
    now = 1000.0
    monkeypatch.setattr(run_output.time, "monotonic", lambda: now)
    said: list[str] = []
    logged: list[str] = []
    output = ServiceOutput("worker", said.append, logged.append)
    for number in range(5):
        output.line(FAILURE % number)
    assert said == ["worker | app.worker: job failed job=job_1"]
    now += 61
    output.line(FAILURE % 9)
    assert len(said) == 2
    assert len(logged) == 6


def test_errors_are_known_in_json_too() -> None:
    said: list[str] = []
    output = ServiceOutput("api", said.append, lambda _: None)
    output.line('{"time": "t", "level": "ERROR", "logger": "app.x", "message": "broken"}')
    output.line('{"time": "t", "level": "INFO", "logger": "app.x", "message": "ERROR"}')
    output.line("{not JSON} ERROR x")
    output.line("2026-01-01T00:00:00.000Z INFO    app.x: the word ERROR in it")
    assert said == ["   api | app.x: broken"]


def test_a_terminal_has_one_line_that_moves() -> None:
    out = Tty()
    terminal = Terminal(out)
    terminal.move("1 of 3")
    terminal.say("an error")
    terminal.move("2 of 3")
    terminal.move("3 of 3")
    terminal.move("")
    terminal.say("done")
    assert screen(out.getvalue()) == ["an error", "3 of 3", "done"]


def test_a_line_that_moves_never_wraps(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    out = Tty()
    terminal = Terminal(out)
    terminal.move("示例文档示例文档")
    assert out.getvalue() == "\r\x1b[K示例文档"


def test_where_nobody_looks_lines_are_plain() -> None:
    out = io.StringIO()
    terminal = Terminal(out)
    terminal.move("1 of 2")
    terminal.say("an error")
    terminal.move("2 of 2")
    terminal.move("")
    assert out.getvalue() == "1 of 2\nan error\n2 of 2\n"


def screen(written: str) -> list[str]:
    """What stays of what was written, line by line."""
    return [line.rpartition("\r\x1b[K")[2] for line in written.removesuffix("\n").split("\n")]


def test_the_log_is_bounded_and_keeps_the_newest(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "logs" / "run.log", max_bytes=1000, old=2)
    for number in range(1000):
        log.write(f"line {number}")
    log.write("x" * 5000)
    log.write("the last")
    log.close()
    files = sorted((tmp_path / "logs").iterdir())
    assert [file.name for file in files] == ["run.log", "run.log.1", "run.log.2"]
    assert all(file.stat().st_size <= 1000 for file in files)
    assert (tmp_path / "logs" / "run.log").read_text() == "the last\n"
    again = LogFile(tmp_path / "logs" / "run.log", max_bytes=1000, old=2)
    again.write("and on")
    again.close()
    assert (tmp_path / "logs" / "run.log").read_text() == "the last\nand on\n"


def test_a_log_on_a_full_disk_stops_nothing() -> None:
    log = LogFile(Path("/dev/full"))
    log.write("lost")
    log.close()
    log.write("lost too")


def test_a_killed_process_leaves_every_line(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom app.run_output import LogFile\n"
        f"log = LogFile(Path({str(path)!r}), max_bytes=1000)\n"
        "for n in range(500): log.write(f'line {n}')\n"
        "print('all', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"all\n"
        process.send_signal(signal.SIGKILL)
    kept = "".join(path.with_name(f"run.log{end}").read_text() for end in (".3", ".2", ".1", ""))
    numbers = [int(line.split()[1]) for line in kept.splitlines()]
    assert numbers == list(range(numbers[0], 500))
