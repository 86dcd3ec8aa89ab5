"""Decision 0004: many askers and searchers at once: waiting times, refusals, readiness, memory of a real server."""

import argparse
import asyncio
import http.client
import json
import multiprocessing
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "app" / "samples"
COLLECTION = "samples"
PROBE_EVERY_S = 0.05
ALONE = 5
"""Repetitions, one after the other, where one caller is measured."""
REPLY_WITHIN_S = 300.0
SETTLE_S = 2.0
LEFT_BEFORE_S = 0.2
"""Between the moment when a crowd leaves and the call of one who comes then."""

Kind = Literal["search", "ask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What one caller met.

    Attributes:
        status: HTTP status; 0 where the caller left without one.
        first_s: Seconds from before the connection to the first token, or to the reply where there are no tokens.
        retry_after_s: As told with a refusal.
    """

    status: int
    first_s: float
    retry_after_s: int | None = None


@dataclass(slots=True, kw_only=True)
class Round:
    """One row of the table."""

    name: str
    replies: list[Reply] = field(default_factory=list)
    ready_s: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    wall_s: float = 0.0
    loop_cpu_s: float = 0.0
    loop_held_up_s: float = 0.0


def main() -> None:
    """Measure each checkout and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="*", type=Path, default=[ROOT], help="folders to serve from")
    parser.add_argument("--counts", default="1,20,100", help="callers at once")
    parser.add_argument("--kinds", default="search,ask")
    parser.add_argument(
        "--homes", type=Path, help="folder to keep the homes in, so that they are filled once"
    )
    arguments = parser.parse_args()
    counts = [int(part) for part in arguments.counts.split(",")]
    with tempfile.TemporaryDirectory() as scratch:
        for number, checkout in enumerate(arguments.checkouts):
            home = (arguments.homes or Path(scratch)) / f"{number}-{checkout.resolve().name}"
            print(f"\n{checkout}  (load average before: {os.getloadavg()[0]:.1f})\n", flush=True)
            rounds = measure(checkout.resolve(), home, counts, arguments.kinds.split(","))
            print(table(rounds), flush=True)


def measure(checkout: Path, home: Path, counts: Sequence[int], kinds: Sequence[str]) -> list[Round]:
    """Serve from a checkout and let callers come, kind by kind; one that leaves at once comes last."""
    fathom = ["env", f"PYTHONPATH={checkout}", "FATHOM_LOG_LEVEL=warning"]
    fathom += [sys.executable, "-m", "app", "--home", str(home)]
    if not home.exists():
        subprocess.run(
            [*fathom, "ingest", COLLECTION, str(SAMPLES)], cwd=checkout, check=True, stdout=subprocess.DEVNULL
        )
    questions = questions_of(SAMPLES)
    rounds = []
    with served(checkout, fathom) as (port, pid), probed(port, pid) as probes:
        for kind in ("search", "ask"):
            asyncio.run(_call(port, kind, next(questions)))  # the first loads what is loaded late
        for kind in kinds:
            rounds += [
                _round(f"{kind} x {count}", probes, _callers(port, kind, count, questions))
                for count in counts
            ]
        rounds.append(_round("100 searches left after 0.5 s, then one", probes, _left(port, questions)))
    return rounds


def questions_of(folder: Path) -> Iterator[str]:
    """Questions about the headings of some Markdown files, no two alike."""
    files = sorted(folder.glob("*.md"))
    headings = [
        line.lstrip("# ").strip()
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("##")
    ]
    for form in (
        "What is said about {}?",
        "How does {} work?",
        "When is {} needed?",
        "Why {}?",
        "Where is {}?",
    ):
        yield from (form.format(heading) for heading in headings)


def table(rounds: Sequence[Round]) -> str:
    """Rows in Markdown."""
    lines = [
        "| callers | served | p50 s | p99 s | refused | refusal p50 ms | refusal max ms | Retry-After s "
        "| /readyz p99 ms | /readyz max ms | peak MiB | all done s | event loop on a core s | waiting for one s |",
        "| --- " * 14 + "|",
    ]
    for item in rounds:
        served = sorted(reply.first_s for reply in item.replies if reply.status == 200)
        refused = [reply for reply in item.replies if reply.status in {429, 503}]
        slow = sorted(1000 * reply.first_s for reply in refused)
        told = [reply.retry_after_s for reply in refused if reply.retry_after_s is not None]
        ready = sorted(1000 * seconds for seconds in item.ready_s)
        cells = [
            item.name,
            f"{len(served)} of {len(item.replies)}",
            _at(served, 0.5, "{:.2f}"),
            _at(served, 0.99, "{:.2f}"),
            str(len(refused)),
            _at(slow, 0.5, "{:.0f}"),
            _at(slow, 1.0, "{:.0f}"),
            f"{min(told)} to {max(told)}" if told else "",
            _at(ready, 0.99, "{:.0f}"),
            _at(ready, 1.0, "{:.0f}"),
            f"{item.peak_mib:.0f}",
            f"{item.wall_s:.1f}",
            f"{item.loop_cpu_s:.2f}",
            f"{item.loop_held_up_s:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _at(values: Sequence[float], share: float, form: str) -> str:
    if not values:
        return ""
    if share == 0.5:
        return form.format(statistics.median(values))
    return form.format(values[min(len(values) - 1, round(share * (len(values) - 1)))])


def _round(name: str, probes: "Probes", call: Callable[[], list[Reply]]) -> Round:
    time.sleep(SETTLE_S)
    probes.drop()
    began, before = time.monotonic(), _on_core_and_waiting_s(probes.pid)
    replies = call()
    wall, after = time.monotonic() - began, _on_core_and_waiting_s(probes.pid)
    time.sleep(0.2)
    ready, peak = probes.take()
    print(f"{name}: {wall:.1f} s", file=sys.stderr, flush=True)
    on_core, waiting = (then - first for first, then in zip(before, after, strict=True))
    return Round(
        name=name,
        replies=replies,
        ready_s=ready,
        peak_mib=peak,
        wall_s=wall,
        loop_cpu_s=on_core,
        loop_held_up_s=waiting,
    )


def _callers(port: int, kind: str, count: int, questions: Iterator[str]) -> Callable[[], list[Reply]]:
    async def together() -> list[Reply]:
        return list(await asyncio.gather(*(_call(port, kind, next(questions)) for _ in range(count))))

    if count > 1:
        return lambda: asyncio.run(together())
    return lambda: [asyncio.run(_call(port, kind, next(questions))) for _ in range(ALONE)]


def _left(port: int, questions: Iterator[str]) -> Callable[[], list[Reply]]:
    async def leave_then_one() -> list[Reply]:
        calls = [asyncio.create_task(_call(port, "search", next(questions))) for _ in range(100)]
        await asyncio.sleep(0.5)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await asyncio.sleep(LEFT_BEFORE_S)
        return [await _call(port, "search", next(questions))]

    return lambda: asyncio.run(leave_then_one())


async def _call(port: int, kind: str, text: str) -> Reply:
    """One caller on a connection of its own; plain sockets, so that callers cost little beside the server."""
    body = {
        "collections": [COLLECTION],
        **({"query": text} if kind == "search" else {"question": text, "stream": True}),
    }
    data = json.dumps(body).encode()
    path = "/v1/search" if kind == "search" else "/v1/answers"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n"
    )
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    try:
        async with asyncio.timeout(REPLY_WITHIN_S):
            writer.write(head.encode() + data)
            status = int((await reader.readline()).split()[1])
            headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            if kind == "search" or status != 200:
                await reader.read()
                first_s = time.monotonic() - began
            else:
                first_s = await _first_token(reader, began)
    except TimeoutError:
        return Reply(status=0, first_s=time.monotonic() - began)
    finally:
        writer.close()
    told = re.search(r"retry-after: (\d+)", headers)
    return Reply(status=status, first_s=first_s, retry_after_s=int(told.group(1)) if told else None)


async def _first_token(reader: asyncio.StreamReader, began: float) -> float:
    first_s = None
    while line := await reader.readline():
        if first_s is None and line.startswith((b"event: token", b"event: error")):
            first_s = time.monotonic() - began
    return time.monotonic() - began if first_s is None else first_s


@contextmanager
def served(checkout: Path, fathom: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Port and process id of a server that is ready.

    Raises:
        SystemExit: It ended at its start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([*fathom, "serve", "--port", str(port)], cwd=checkout)
    try:
        while _ready_status(port) != 200:
            if process.poll() is not None:
                raise SystemExit("the server ended at its start")
            time.sleep(0.2)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _ready_status(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REPLY_WITHIN_S)
    try:
        connection.request("GET", "/readyz", headers={"Connection": "close"})
        reply = connection.getresponse()
        reply.read()
        return reply.status
    except OSError:
        return 0
    finally:
        connection.close()


class Probes:
    """What the probing process has seen."""

    def __init__(self, pipe: Connection, pid: int) -> None:
        self._pipe = pipe
        self.pid = pid

    def drop(self) -> None:
        """Forget what was seen so far."""
        self.take()

    def take(self) -> tuple[list[float], float]:
        """Seconds of each look at /readyz, and the largest resident size in MiB, since the last call."""
        self._pipe.send("take")
        seen, peak = self._pipe.recv()
        return list(seen), float(peak)


@contextmanager
def probed(port: int, pid: int) -> Iterator[Probes]:
    """Look at /readyz and at the memory of a process all the time, from a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_probe, args=(there, port, pid), daemon=True)
    process.start()
    try:
        yield Probes(here, pid)
    finally:
        process.kill()


def _probe(pipe: Connection, port: int, pid: int) -> None:
    seen: list[float] = []
    peak = 0.0
    while True:
        began = time.monotonic()
        _ready_status(port)
        seen.append(time.monotonic() - began)
        peak = max(peak, _resident_mib(pid))
        if pipe.poll(max(0.0, PROBE_EVERY_S - (time.monotonic() - began))):
            pipe.recv()
            pipe.send((seen, peak))
            seen, peak = [], 0.0


def _on_core_and_waiting_s(pid: int) -> tuple[float, float]:
    """Of the main thread, in which the event loop is: seconds on a core, and ready but without one.

    The second is the share of other programs in what was measured.
    """
    told = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text(encoding="ascii").split()
    return int(told[0]) / 1e9, int(told[1]) / 1e9


def _resident_mib(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(found.group(1)) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
