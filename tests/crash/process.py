"""Real server and worker processes with light models, and the way tests start and kill them.

Run as `python -m tests.crash.process {serve|worker} HOME [SETTING=JSON …]`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from sqlalchemy import Engine, event

from tests.app.doubles import CountingEmbedder, NewEmbedder, small_parts

ROOT = Path(__file__).parents[2]
POISON = "POISON"
HANGS = "HANGS"
PATIENCE_S = 240.0  # a busy machine is slow, not wrong


class SlowEmbedder(CountingEmbedder):
    """Takes its time, so that a kill finds it at work; dies where the text says so, as when memory is short."""

    def sentence_states(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        if POISON in text:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60 if HANGS in text else 0.15)
        return super().sentence_states(text, spans)


class SlowNewEmbedder(SlowEmbedder):
    """As slow, and another encoder."""

    model_id, dim = NewEmbedder.model_id, NewEmbedder.dim


def settings_for(home: Path, **more: object):
    from app.settings.reading import load_settings

    values: dict[str, object] = {
        "home": home,
        "worker": {"lease_s": 1.0, "heartbeat_s": 0.2, "poll_s": 0.05, "max_attempts": 30},
    }
    return load_settings(**(values | more))


@contextmanager
def process(kind: str, home: Path, **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """A server or worker; killed at the end if it still runs."""
    arguments = [f"{key}={json.dumps(value)}" for key, value in more.items()]
    with (home.parent / f"{kind}.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.process", kind, str(home), *arguments], cwd=ROOT, stderr=log
        )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@contextmanager
def server(home: Path, port: int, **more: object) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """A server that answers, with a client for it."""
    url = f"http://127.0.0.1:{port}"
    with process("serve", home, port=port, **more) as child, httpx.Client(base_url=url, timeout=60) as client:

        def answers() -> bool:
            assert child.poll() is None, "the server died"
            try:
                return client.get("/healthz").status_code == 200
            except httpx.TransportError:
                return False

        wait_until(answers)
        yield child, client


def wait_until(condition: Callable[[], bool], limit_s: float = PATIENCE_S) -> None:
    """Poll until the condition holds; fails after `limit_s` seconds."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"still not so after {limit_s} s"
        time.sleep(0.05)


def _main(kind: str, home: str, *more: str) -> None:
    given = {key: json.loads(value) for key, _, value in (item.partition("=") for item in more)}
    kill_at, diary = given.pop("kill_at", None), given.pop("diary", None)
    embedder = SlowNewEmbedder() if given.pop("new_encoder", False) else SlowEmbedder()
    settings = settings_for(Path(home), **given)
    parts = small_parts(embedder)
    if kind == "serve":
        from app.cli.serve import run_server

        sys.exit(run_server(settings, parts))
    else:
        from app.composition.runtime import build_runtime
        from app.worker import run_until_signal

        runtime = build_runtime(settings, parts)
        if kill_at is not None:
            _die_at_statement(runtime.db.engine, kill_at)
        if diary is not None:
            _keep_diary(Path(diary), runtime.db.engine)
        sys.exit(run_until_signal(runtime))


def _keep_diary(path: Path, engine: Engine) -> None:
    """Write down each stage as it begins, and take time over every statement, so that a kill can find each stage."""
    from app.intake import ingesting

    run_job = ingesting.run_job
    file = path.open("a", buffering=1, encoding="utf-8")

    def narrated(runtime: Any, job: Any, on_progress: Callable[[str, int, int], None], parser: Any) -> None:
        def tell(stage: str, done: int, total: int) -> None:
            print(stage, file=file)
            on_progress(stage, done, total)

        try:
            run_job(runtime, job, tell, parser)
        finally:
            print("between", file=file)

    ingesting.run_job = narrated
    event.listen(engine, "before_cursor_execute", lambda *_: time.sleep(0.02))


def _die_at_statement(engine: Engine, place: int) -> None:
    """SIGKILL this process at the `place`-th statement or commit after its first job was claimed."""
    counted = 0

    def count(*arguments: Any) -> None:
        nonlocal counted
        statement = arguments[2] if len(arguments) > 2 else "COMMIT"
        # Polling an empty queue is not part of the path of a document.
        if counted or "UPDATE jobs" in statement:
            counted += 1
        if counted == place:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)


if __name__ == "__main__":
    _main(*sys.argv[1:])
