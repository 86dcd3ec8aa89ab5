"""Decision 0081: clients of OpenAI's protocol and of the Model Context Protocol, unchanged, against a real server.

    python -m benchmarks.clients [--node FOLDER] [--llama FOLDER] [--table docs/openai.md]

FOLDER of `--node` is where `npm install openai @modelcontextprotocol/sdk` was run, FOLDER of `--llama` where
`pip install --target FOLDER llama-index-llms-openai-like` put LlamaIndex, which needs another version of `openai` than
the tests do. Each client is a process of its own (`benchmarks/client_calls.py`, `benchmarks/client_calls.mjs`) that
makes each call once and checks what comes back. The server has the shipped models and one document.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from app.settings.environment import child_environment
from app.settings.reading import load_settings

HERE = Path(__file__).resolve().parent
DUCKS = b"# Ducks\n\nDucks swim on ponds. They eat weeds and insects. A duck lays about ten eggs.\n"
CLIENTS = ("openai", "langchain", "mcp")
Row = Mapping[str, Any]


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The address of a server and a worker over a home with one document."""
    settings = load_settings(home=home, port=free_port())
    environment = child_environment(settings)
    logs = (home.parent / "log").open("wb")
    started = [
        subprocess.Popen([sys.executable, "-m", "app", name], env=environment, stdout=logs, stderr=logs)
        for name in ("serve", "worker")
    ]
    address = f"http://127.0.0.1:{settings.port}"
    try:
        with httpx.Client(base_url=address, transport=httpx.HTTPTransport(retries=60), timeout=120) as http:
            wait_until(lambda: http.get("/healthz").status_code == httpx.codes.OK)
            http.post("/v1/collections", json={"name": "birds"}).raise_for_status()
            files = {"files": ("ducks.md", DUCKS)}
            http.post("/v1/collections/birds/documents", files=files).raise_for_status()
            wait_until(
                lambda: http.get("/v1/collections/birds/documents").json()["items"][0]["status"] == "ready"
            )
            yield address
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()
        logs.close()


def free_port() -> int:
    """A port that nobody listens on."""
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_until(condition: Any, at_most_s: float = 120.0) -> None:
    """Look until something is so.

    Raises:
        TimeoutError: It never was.
    """
    import time

    end = time.monotonic() + at_most_s
    while time.monotonic() < end:
        try:
            if condition():
                return
        except (httpx.HTTPError, LookupError):
            pass
        time.sleep(0.2)
    raise TimeoutError("the server did not become ready")


def rows_of(command: Sequence[str], **options: Any) -> list[Row]:
    """What a client's process says of each call, a JSON object a line."""
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)
    rows = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    if run.returncode or not rows:
        print(run.stdout, run.stderr, file=sys.stderr)
    return rows


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown, a client a line."""
    lines = ["| client | version | calls that worked | calls that failed |", "| --- | --- | --- | --- |"]
    for client in dict.fromkeys((row["client"], row["version"]) for row in rows):
        own = [row for row in rows if (row["client"], row["version"]) == client]
        good = ", ".join(f"`{row['call']}`" for row in own if row["error"] is None)
        bad = (
            ", ".join(f"`{row['call']}`: {row['error']}" for row in own if row["error"] is not None) or "none"
        )
        lines.append(f"| {client[0]} | {client[1]} | {good} | {bad} |")
    return "\n".join(lines)


def main() -> None:
    """Run all clients that are there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--node", type=Path, help="folder with node_modules")
    parser.add_argument("--llama", type=Path, help="folder with LlamaIndex")
    parser.add_argument("--table", type=Path, help="page to write the table into")
    given = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "home") as address:
        calls = str(HERE / "client_calls.py")
        for client in CLIENTS:
            rows += rows_of([sys.executable, calls, client, address])
        if given.llama:
            rows += rows_of(
                [sys.executable, calls, "llama_index", address], env={"PYTHONPATH": str(given.llama)}
            )
        if given.node:
            script = given.node / "client_calls.mjs"  # node looks for packages beside the script
            script.write_text((HERE / "client_calls.mjs").read_text(encoding="utf-8"), encoding="utf-8")
            rows += rows_of(["node", str(script), address, sys.executable], cwd=HERE.parent)
    print(table(rows))
    if given.table:
        text = given.table.read_text(encoding="utf-8")
        marked = f"<!-- clients -->\n{table(rows)}\n<!-- /clients -->"
        text = re.sub(r"<!-- clients -->.*<!-- /clients -->", lambda _: marked, text, flags=re.S)
        given.table.write_text(text, encoding="utf-8")
    if any(row["error"] is not None for row in rows):
        sys.exit(1)


if __name__ == "__main__":
    main()
