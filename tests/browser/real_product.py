"""The real product: `serve` and `worker` as processes with their own models, and the pages before them."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.ui.servers import ROOT, free_port, run_ui, wait_for


def get_json(url: str) -> dict[str, Any]:
    """What the interface answers; a proxy of the environment is not asked."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=30) as reply:
        found: dict[str, Any] = json.loads(reply.read())
    return found


@contextmanager
def run_product(folder: Path) -> Iterator[tuple[str, str]]:
    """Run it on a fresh home below `folder`; gives the addresses of the pages and of the interface."""
    port = free_port()
    api = f"http://127.0.0.1:{port}"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FATHOM_")}
    environment |= {"FATHOM_HOME": str(folder / "data"), "FATHOM_PORT": str(port)}
    with ExitStack() as stack:
        stack.enter_context(_process("serve", environment=environment, log=folder / "serve.log"))
        wait_for(f"{api}/healthz", 180)
        stack.enter_context(_process("worker", environment=environment, log=folder / "worker.log"))
        yield stack.enter_context(run_ui(api, folder / "ui.log")), api


@contextmanager
def _process(*command: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "app", *command],
            env=environment,
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(40)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(5)
