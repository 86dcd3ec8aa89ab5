"""Decision 0019: a folder ingested whole (read, cut, embedded, indexed), by two or more checkouts in turn."""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Measure each checkout several times and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="documents to take in")
    parser.add_argument(
        "checkouts", nargs="*", type=Path, default=[ROOT], help="the first is the one to compare with"
    )
    parser.add_argument("--runs", type=int, default=3, help="of each checkout, in turn")
    arguments = parser.parse_args()
    seconds: dict[Path, list[tuple[float, float]]] = {checkout: [] for checkout in arguments.checkouts}
    for run in range(arguments.runs):
        for checkout in arguments.checkouts:
            seconds[checkout].append(measure(checkout.resolve(), arguments.folder.resolve()))
            print(f"run {run + 1}, {checkout}: {seconds[checkout][-1]}", file=sys.stderr, flush=True)
    first = [statistics.median(column) for column in zip(*seconds[arguments.checkouts[0]], strict=True)]
    print(f"load average: {os.getloadavg()[0]:.1f}\n")
    print(
        "| checkout | processor s | of the first | wall s | of the first |\n| --- | --- | --- | --- | --- |"
    )
    for checkout, taken in seconds.items():
        cpu, wall = (statistics.median(column) for column in zip(*taken, strict=True))
        print(f"| {checkout} | {cpu:.1f} | {cpu / first[0]:.2f} | {wall:.1f} | {wall / first[1]:.2f} |")


def measure(checkout: Path, folder: Path) -> tuple[float, float]:
    """Processor and wall seconds of `fathom ingest` into an empty home, models loaded and all.

    Files that can't be read end the command with a failure of its own, after all others are taken in.
    """
    with tempfile.TemporaryDirectory() as home:
        command = ["env", f"PYTHONPATH={checkout}", "FATHOM_LOG_LEVEL=error", sys.executable, "-m", "app"]
        command += ["--home", home, "ingest", "measured", str(folder)]
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=checkout, check=False, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall = time.monotonic() - began
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return round(used, 2), round(wall, 2)


if __name__ == "__main__":
    main()
