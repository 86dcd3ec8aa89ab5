"""Decision 0095: processor seconds of help, of a server's start and of answers, by two or more checkouts in turn.

    python -m benchmarks.start [CHECKOUT ...] [--runs 3] [--answers 10]

Each checkout takes the sample documents into a home of its own, once. A start is measured until /readyz says that the
server is ready, and again when all models are loaded. Answers are asked one after the other, no question twice in a
run, the same in all checkouts; the first is left out. The least of all runs is shown, and its share of the first row's.
"""

import argparse
import http.client
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from benchmarks.load import COLLECTION, ROOT, SAMPLES, questions_of, served

QUIET_S = 1.0
"""Without work for so long, a server has loaded everything."""
COLUMNS = ("help", "ready", "loaded", "an answer")


def main() -> None:
    """Measure each checkout several times and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkouts", nargs="*", type=Path, default=[ROOT])
    parser.add_argument("--runs", type=int, default=3, help="of each checkout, in turn")
    parser.add_argument("--answers", type=int, default=10, help="in each run")
    arguments = parser.parse_args()
    seen: dict[Path, list[tuple[float, ...]]] = {checkout: [] for checkout in arguments.checkouts}
    with tempfile.TemporaryDirectory() as scratch:
        for run in range(arguments.runs):
            for number, checkout in enumerate(arguments.checkouts):
                home = Path(scratch) / str(number)
                seen[checkout].append(measure(checkout.resolve(), home, arguments.answers))
                print(f"run {run + 1}, {checkout}: {seen[checkout][-1]}", file=sys.stderr, flush=True)
    print(f"load average: {os.getloadavg()[0]:.1f}\n\n| checkout | {' | '.join(COLUMNS)} |")
    print("| --- " * (len(COLUMNS) + 1) + "|")
    first = least(seen[arguments.checkouts[0]])
    for checkout, runs in seen.items():
        cells = [f"{own:.3f} ({own / other:.2f})" for own, other in zip(least(runs), first, strict=True)]
        print(f"| {checkout} | {' | '.join(cells)} |")


def least(runs: Sequence[tuple[float, ...]]) -> list[float]:
    """The least of each column."""
    return [min(column) for column in zip(*runs, strict=True)]


def measure(checkout: Path, home: Path, answers: int) -> tuple[float, ...]:
    """Processor seconds by the columns of the table."""
    fathom = ["env", f"PYTHONPATH={checkout}", "FATHOM_LOG_LEVEL=error"]
    fathom += [sys.executable, "-m", "app", "--home", str(home)]
    if not home.exists():
        subprocess.run(
            [*fathom, "ingest", COLLECTION, str(SAMPLES)], cwd=checkout, check=True, capture_output=True
        )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*fathom, "--help"], cwd=checkout, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    questions = list(islice(questions_of(SAMPLES), answers + 1))
    with served(checkout, fathom) as (port, pid):
        ready = processor_s(pid)
        loaded = _when_quiet(pid)
        ask(port, questions[0])
        began = _when_quiet(pid)
        for question in questions[1:]:
            ask(port, question)
        answered = processor_s(pid) - began
    help_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return tuple(round(value, 3) for value in (help_s, ready, loaded, answered / answers))


def ask(port: int, question: str) -> None:
    """Ask for an answer and wait for it.

    Raises:
        SystemExit: There is none.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    body = json.dumps({"collections": [COLLECTION], "question": question, "stream": False})
    connection.request("POST", "/v1/answers", body, {"Content-Type": "application/json"})
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    if reply.status not in {200, 201}:
        raise SystemExit(f"{reply.status}: {text[:300]!r}")


def processor_s(pid: int) -> float:
    """Processor seconds of a process so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _when_quiet(pid: int) -> float:
    """Processor seconds of a process when it has done next to nothing for a while."""
    while True:
        before = processor_s(pid)
        time.sleep(QUIET_S)
        if (now := processor_s(pid)) - before <= 0.05 * QUIET_S:
            return now


if __name__ == "__main__":
    main()
