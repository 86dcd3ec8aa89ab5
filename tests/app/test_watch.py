"""A folder that is watched: real files, real events, and the command as a real process."""

import json
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any

import pytest

from app.cli import watch
from app.cli.watch import News, changes, interrupt_as_news

WAIT_S = 60


def test_changes_are_told_once_they_have_settled(tmp_path: Path) -> None:
    told: queue.Queue[int] = queue.Queue()

    def follow() -> None:
        for number, _ in enumerate(changes([tmp_path], News(), settle_s=0.5)):
            told.put(number)

    threading.Thread(target=follow, daemon=True).start()
    assert told.get(timeout=WAIT_S) == 0
    for text in ("one", "two", "three"):
        (tmp_path / "a.md").write_text(text)
    assert told.get(timeout=WAIT_S) == 1
    with pytest.raises(queue.Empty):
        told.get(timeout=0.9)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "b.md").write_text("four")
    assert told.get(timeout=WAIT_S) == 2


def test_what_is_hidden_is_no_change_until_it_gets_a_name_that_is_shown(tmp_path: Path) -> None:
    told: queue.Queue[None] = queue.Queue()
    (tmp_path / ".fathom").mkdir()

    def follow() -> None:
        for _ in changes([tmp_path], News(), settle_s=0.1):
            told.put(None)

    threading.Thread(target=follow, daemon=True).start()
    told.get(timeout=WAIT_S)
    (tmp_path / ".fathom" / "fathom.db").write_text("home")
    (tmp_path / ".a.md.swp").write_text("saved like this by editors")
    with pytest.raises(queue.Empty):
        told.get(timeout=0.8)
    (tmp_path / ".a.md.swp").rename(tmp_path / "a.md")
    told.get(timeout=WAIT_S)


def pressed_at(step: int, folder: Path) -> tuple[int, int]:
    """Wait for changes, and press Ctrl-C at a step of this; gives the steps and the changes that there were."""
    news, steps, seen = News(), 0, 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal steps
        if frame.f_code.co_filename not in {watch.__file__, threading.__file__}:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            steps += 1
            if steps == step:
                signal.raise_signal(signal.SIGINT)
        return trace

    with interrupt_as_news(news) as pressed:
        waiting = changes([folder], news, settle_s=0.001)
        next(waiting)
        news.put(True)
        sys.settrace(trace)
        try:
            while not pressed() and next(waiting, False) is not False:
                seen += 1
                news.put(seen < 2)  # the last step of all is the end that the caller asks for
        finally:
            sys.settrace(None)
            waiting.close()
    return steps, seen


def test_an_interrupt_at_any_step_of_waiting_is_its_end_and_no_error(tmp_path: Path) -> None:
    assert isinstance(threading.current_thread(), threading._MainThread)
    every, seen = pressed_at(0, tmp_path)
    assert every > 50
    assert seen == 2
    for step in range(1, every):
        assert pressed_at(step, tmp_path)[1] <= 2, step
    with pytest.raises(KeyboardInterrupt), interrupt_as_news(News()):
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)


def reports(stream: IO[str]) -> Iterator[dict[str, Any]]:
    """JSON values that follow each other."""
    text = ""
    for line in stream:
        text += line
        if line.startswith("}"):
            yield json.loads(text)
            text = ""


@contextmanager
def killed_at_the_end(process: subprocess.Popen[str]) -> Iterator[None]:
    """A check that fails leaves no process behind, for which leaving its block would wait."""
    try:
        yield
    finally:
        process.kill()


def test_what_is_written_changed_and_deleted_is_followed_until_interrupted(tmp_path: Path) -> None:
    folder = tmp_path / "birds"
    folder.mkdir()
    (folder / "ducks.md").write_text("Ducks swim on quiet ponds.")
    command = ["ingest", "birds", str(folder), "--watch", "--mirror", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "app", "--home", str(tmp_path / "home"), *command],
        stdout=subprocess.PIPE, text=True,
    ) as process, killed_at_the_end(process):  # fmt: skip
        assert process.stdout is not None
        seen = reports(process.stdout)
        assert next(seen)["ingested"] == 1
        (folder / "geese.md").write_text("Geese migrate in autumn.")
        assert (report := next(seen))["ingested"] == 1
        assert report["documents"] == 2
        (folder / "ducks.md").write_text("Ducks eat pondweed.")
        assert next(seen)["ingested"] == 1
        (folder / "geese.md").unlink()
        assert (report := next(seen))["deleted"] == 1
        assert report["documents"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) == 0
