"""A server or a worker with small parts: `python -m tests.app.traced_process serve|worker HOME PORT`."""

import sys
from dataclasses import replace
from pathlib import Path

from app.cli.serve import run_server
from app.cli.worker import run_worker
from app.settings.reading import load_settings
from tests.app.copying_generator import CopyingGenerator
from tests.app.doubles import small_parts


def main(role: str, home: str, port: str) -> int:
    worker = {"poll_s": 0.05, "heartbeat_s": 0.5, "lease_s": 2.0}
    settings = load_settings(home=Path(home), port=int(port), worker=worker)
    parts = replace(small_parts(), generator=lambda _: CopyingGenerator())
    return run_server(settings, parts) if role == "serve" else run_worker(settings, parts)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
