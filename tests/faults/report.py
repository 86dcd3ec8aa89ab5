"""Runs the matrix of faults and writes docs/reliability.md: `make faults`.

`python -m tests.faults.report [--only WORD …] [--results FILE] [--some-steps] [--no-run]`
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.faults.matrix import ATTACKED, MATRIX, ROWS, Row

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One test that was run.

    Attributes:
        file: Its file.
        name: Its function, with its parameter.
        outcome: "passed", "failed" or "skipped".
        seconds: What it took.
        injected: Faults that it counted itself; None where it does not count.
        violations: Likewise.
        figures: What it measured, in words.
    """

    file: str
    name: str
    outcome: str
    seconds: float
    injected: int | None = None
    violations: int = 0
    figures: str = ""


def files_of(rows: Iterable[Row]) -> list[str]:
    """All test files that rows name and that exist, each once."""
    named = dict.fromkeys(test.split("::")[0] for row in rows for test in row.tests)
    found = []
    for name in named:
        path = ROOT / name
        inside = sorted(path.rglob("test_*.py")) if path.is_dir() else [path] if path.is_file() else []
        found += [str(file.relative_to(ROOT)) for file in inside]
    return list(dict.fromkeys(found))


def run_file(file: str, rows: Iterable[Row], *, every_step: bool) -> list[Case]:
    """Run what rows name of a file."""
    named = {test for row in rows for test in row.tests if test.split("::")[0] == file}
    whole = not named or file in named or any("::" not in test for test in named)
    functions = {test.split("::")[1].split("[")[0] for test in named if "::" in test}
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--junitxml={told}",
            "-o",
            "junit_family=xunit1",
        ]
        command += ["--every-step"] if every_step else []
        text = (ROOT / file).read_text(encoding="utf-8")
        present = sorted(name for name in functions if f"def {name}(" in text)
        command += [file] if whole else [f"{file}::{name}" for name in present]
        if not whole and not present:
            return []
        subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr)
        return (
            [_case(file, found) for found in ElementTree.parse(told).getroot().iter("testcase")]
            if told.exists()
            else []
        )


def _case(file: str, found: ElementTree.Element) -> Case:
    told = {item.get("name"): item.get("value", "") for item in found.iter("property")}
    kinds = {child.tag for child in found}
    outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
    return Case(
        file=file,
        name=found.get("name", ""),
        outcome=outcome,
        seconds=float(found.get("time", 0)),
        injected=int(told["injected"]) if "injected" in told else None,
        violations=int(told.get("violations", 0)),
        figures=told.get("figures", ""),
    )


def cases_of(test: str, cases: Iterable[Case]) -> list[Case]:
    """Those that a row's name of a test means."""
    place, _, function = test.partition("::")
    found = [case for case in cases if case.file == place or case.file.startswith(f"{place}/")]
    return [case for case in found if not function or function in {case.name, case.name.split("[")[0]}]


def exists(test: str) -> bool:
    """Whether there is such a test, whether or not it was run."""
    place, _, function = test.partition("::")
    if not function or not (ROOT / place).is_file():
        return (ROOT / place).exists()
    return f"def {function.split('[')[0]}(" in (ROOT / place).read_text(encoding="utf-8")


def line_of(row: Row, cases: list[Case]) -> tuple[str, bool]:
    """A row of the table, and whether all is well with it."""
    by_test = {test: cases_of(test, cases) for test in row.tests}
    found = list({(case.file, case.name): case for group in by_test.values() for case in group}.values())
    absent = [test for test, group in by_test.items() if not group]
    missing = [test.removeprefix("tests/") for test in absent if not exists(test)]
    not_run = [test.removeprefix("tests/") for test in absent if exists(test)]
    ran = [case for case in found if case.outcome != "skipped"]
    failed = sum(case.outcome == "failed" for case in ran)
    counted = [case.injected for case in ran if case.injected is not None]
    violations = sum(max(case.violations, case.outcome == "failed") for case in ran)
    notes = [
        f"{case.name.partition('[')[2].rstrip(']')} {case.figures}".strip() for case in ran if case.figures
    ]
    notes += [f"**missing**: {', '.join(missing)}"] if missing else []
    notes += [f"not run: {', '.join(not_run)}"] if not_run else []
    notes += [f"{len(found) - len(ran)} skipped on this machine"] if len(found) > len(ran) else []
    notes += [f"not covered: {row.lacks}"] if row.lacks else []
    cells = [
        row.key,
        row.fault,
        row.promise,
        f"{len(ran) - failed} of {len(ran)}",
        f"{sum(counted):,}" if counted else "not counted",
        str(violations) if ran else "not run",
        "; ".join(notes),
        f"{sum(case.seconds for case in ran):,.0f}",
    ]
    line = f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"
    return line, bool(ran) and not violations and not absent


def page(cases: list[Case], *, every_step: bool, seconds: float) -> tuple[str, bool]:
    """The page, and whether all is well."""
    lines = [
        "# Faults and what holds",
        "",
        "Written by `make faults`, which injects each fault below and counts what did not hold. A step is a call",
        "by which the process changes a file of its home (write, create, rename, remove, cut, sync), whoever makes",
        "it: Python, SQLite, tantivy or hnswlib. Between two steps nothing on the disk changes, so that these are",
        'all the states that a kill can leave. "Injected" is counted by the tests themselves; where it is "not',
        'counted", each test injects at least one fault. A test that does not exist is missing, not passed.',
        "",
        f"Figures tell how many of how many steps were tried{'' if every_step else ', here some of each kind'}.",
        f"{len(cases):,} tests, {seconds:,.0f} s, on a machine of {os.cpu_count()} cores with a load of",
        f"{os.getloadavg()[2]:.1f} at the end.",
        "",
    ]
    well = True
    for title, rows in (("Matrix", MATRIX), ("Found by attack", ATTACKED)):
        lines += [
            f"## {title}",
            "",
            "| Row | Injected fault | What must hold | Tests passed | Injected | Violations | Figures | Seconds |",
        ]
        lines += ["| --- | --- | --- | --- | ---: | ---: | --- | ---: |"]
        for row in rows:
            if row.tests:
                line, fine = line_of(row, cases)
                lines.append(line)
                well = well and fine
        lines.append("")
    lines += ["## Not covered", ""]
    lines += [f"- **{row.key}**, {row.fault}: {row.lacks}." for row in ROWS if not row.tests]
    return "\n".join(lines) + "\n", well


def _main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--only", nargs="*", default=[], help="files that have one of these words in their name"
    )
    options.add_argument("--results", type=Path, help="keep results here, beside those of runs before")
    options.add_argument("--some-steps", action="store_true", help="some steps only, as `make test` does")
    options.add_argument("--no-run", action="store_true", help="write the page from kept results")
    asked = options.parse_args()
    kept: dict[str, list[dict[str, object]]] = {}
    if asked.results and asked.results.exists():
        kept = json.loads(asked.results.read_text(encoding="utf-8"))
    files = [file for file in files_of(ROWS) if not asked.only or any(word in file for word in asked.only)]
    for file in [] if asked.no_run else files:
        began = time.monotonic()
        cases = run_file(file, ROWS, every_step=not asked.some_steps)
        kept[file] = [asdict(case) for case in cases]
        print(f"{file}: {len(cases)} tests, {time.monotonic() - began:.0f} s", file=sys.stderr)
        if asked.results:
            asked.results.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    cases = [Case(**case) for group in kept.values() for case in group]  # type: ignore[arg-type]
    text, well = page(cases, every_step=not asked.some_steps, seconds=sum(case.seconds for case in cases))
    PAGE.write_text(text, encoding="utf-8")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(_main())
