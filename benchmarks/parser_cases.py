"""Decision 0010: files that parsers are known to read wrongly, and what each must give.

    python -m benchmarks.parser_cases FOLDER [--expected FILE] [--peer NAME=PYTHON ...] [--only TEXT] [--wrong]
        [--save FILE]

FOLDER holds the files that `benchmarks/parser_cases.json` names. --peer reads the same files with another program
(`benchmarks/parser_case_peers.py` names them) in the Python of the environment that has it. --wrong shows wrong cases
only. --save keeps all results as JSON.

Of a file is asked, each kind a list:

- text: strings that occur, white space apart; a list instead of a string holds alternatives.
- matches, lines, at_most: regular expressions: one that occurs; lines that match, with their number; lines at most.
- together: lists of strings that stand in one line; order: lists of strings in this order. once: strings that occur
  once.
- cells: row, column, value: the line of the row says `column: value`, or a Markdown table has it in that place. All
  words of the column's name have to stand above the value, in one row of names or in more.
- text_or_counted: strings that occur, unless the parser reports that it left something out.
- absent: strings that don't occur. heading, not_heading: strings that a heading or the title holds, or none.
- or_refused: a refusal is right too. max_seconds: most seconds of reading.
"""

import argparse
import html
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.config import ParsingLimits
from ingestion.errors import IngestionError
from ingestion.parser_process import ParserProcess
from ingestion.pipeline import parse
from ingestion.types import BlockKind, Source

EXPECTED = Path(__file__).with_suffix(".json")
_MOST_MEMBERS = 20
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MARKS = re.compile(r"\*\*|`|<br\s*/?>")
_HEADER_ROWS = 3
_GENERATED = {
    "generated/attribute.html": lambda: (
        "<html><body><p>Before the picture.</p><img alt='x' src='data:image/png;base64,"
        + "AAECAwQF" * (10 << 17)
        + "'><p>The rule after the picture: close the valve first.</p></body></html>"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a parser gave for a file.

    Attributes:
        texts: The text as it came, and without the marks of Markdown.
        counted: What is reported as left out.
        error: Why there is no text.
    """

    texts: tuple[str, ...] = ("",)
    headings: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    error: str = ""
    seconds: float = 0.0


def read_with_fathom(paths: Sequence[Path]) -> Iterator[Reading]:
    """As the program does: in the parser child, files inside read as documents of their own."""
    with ParserProcess() as child:
        for path in paths:
            start = time.perf_counter()
            reading = _fathom(Source(name=path.name, data=path.read_bytes()), child)
            yield Reading(
                texts=reading.texts,
                headings=reading.headings,
                counted=reading.counted,
                error=reading.error,
                seconds=time.perf_counter() - start,
            )


def _fathom(source: Source, child: ParserProcess) -> Reading:
    members: list[Source] = []
    try:
        document = parse(
            source,
            ParsingLimits(),
            parser=child,
            keep=lambda name, data: members.append(Source(name=name, data=data)),
        )
    except IngestionError as error:
        return Reading(error=f"{error.code}: {error.message}")
    inside = [_fathom(member, child) for member in members[:_MOST_MEMBERS]]
    heads = [document.text[b.start : b.end] for b in document.blocks if b.kind is BlockKind.HEADING]
    return Reading(
        texts=("\n".join([document.title, document.text, *(part.texts[0] for part in inside)]),),
        headings=(document.title, *heads, *(head for part in inside for head in part.headings)),
        counted=tuple(item.what for item in document.dropped),
    )


def read_with_peer(name: str, python: str, paths: Sequence[Path]) -> list[Reading]:
    """Another program's reading.

    Raises:
        SystemExit: If it can't be started there.
    """
    script = Path(__file__).with_name("parser_case_peers.py")
    asked = json.dumps([str(path) for path in paths])
    run = subprocess.run(
        [python, str(script), name], input=asked, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise SystemExit(f"{name} does not run with {python}: {run.stderr[-2000:]}")
    found = json.loads(run.stdout)
    return [_of_markdown(*found[str(path)]) for path in paths]


def _of_markdown(text: str, error: str, seconds: float) -> Reading:
    heads = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    plain = html.unescape(_ESCAPED.sub(r"\1", _MARKS.sub(" ", text)))
    return Reading(texts=(text, plain), headings=tuple(heads), error=error, seconds=seconds)


# ------------------------------------------------------------------- judging


def faults(expected: dict[str, Any], reading: Reading) -> list[str]:
    """What is wrong with a reading; empty if it is right."""
    if reading.error:
        return [] if expected.get("or_refused") else [f"refused: {reading.error}"]
    found = [
        f"{kind}: {wanted}"
        for kind, check in _CHECKS.items()
        for wanted in _items(expected.get(kind, ()))
        if not check(wanted, reading)
    ]
    if reading.seconds > expected.get("max_seconds", float("inf")):
        found.append(f"took {reading.seconds:.1f} s")
    return found


def _items(wanted: Any) -> Sequence[Any]:
    return list(wanted.items()) if isinstance(wanted, dict) else wanted


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> list[str]:
    return [_squeezed(line) for line in text.splitlines()]


def _has(wanted: str | list[str], reading: Reading) -> bool:
    options = [wanted] if isinstance(wanted, str) else wanted
    return any(_squeezed(option) in _squeezed(text) for text in reading.texts for option in options)


def _matches(pattern: str, reading: Reading) -> bool:
    return any(re.search(pattern, text) for text in reading.texts)


def _matching_lines(pattern: str, reading: Reading) -> int:
    return max(sum(bool(re.search(pattern, line)) for line in _lines(text)) for text in reading.texts)


def _together(parts: list[str], reading: Reading) -> bool:
    return any(all(part in line for part in parts) for text in reading.texts for line in _lines(text))


def _in_order(parts: list[str], reading: Reading) -> bool:
    places = [_squeezed(reading.texts[-1]).find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def _once(wanted: str, reading: Reading) -> bool:
    return _squeezed(reading.texts[-1]).count(wanted) - reading.headings[:1].count(wanted) == 1


def _cell(wanted: list[str], reading: Reading) -> bool:
    row, column, value = wanted
    name = r"\W{1,3}".join(re.escape(word) for word in column.split())
    pattern = re.compile(
        rf"(?:^|[|{{,\s\"']){name}[\"']?\s*[:：]\s*[\"']?{re.escape(value)}(?=[\"'\s]*(?:[|,}}\]]|$))"
    )
    said = any(row in line and pattern.search(line) for text in reading.texts for line in _lines(text))
    return said or any(_in_table(rows, wanted) for rows in _tables(reading.texts[0]))


def _in_table(rows: list[list[str]], wanted: list[str]) -> bool:
    row, column, value = wanted
    for number, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            if cell != value or row not in cells or number == 0:
                continue
            above = " ".join(r[place] for r in rows[: min(number, _HEADER_ROWS)] if place < len(r))
            if all(word in above for word in column.split()):
                return True
    return False


def _tables(text: str) -> Iterator[list[list[str]]]:
    rows: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                rows.append(
                    [_squeezed(html.unescape(_ESCAPED.sub(r"\1", _MARKS.sub(" ", c)))) for c in cells]
                )
        elif rows:
            yield rows
            rows = []


_CHECKS: dict[str, Callable[[Any, Reading], bool]] = {
    "text": _has,
    "matches": _matches,
    "lines": lambda wanted, reading: _matching_lines(wanted[0], reading) == wanted[1],
    "at_most": lambda wanted, reading: _matching_lines(wanted[0], reading) <= wanted[1],
    "together": _together,
    "order": _in_order,
    "once": _once,
    "cells": _cell,
    "text_or_counted": lambda wanted, reading: bool(reading.counted) or _has(wanted, reading),
    "absent": lambda wanted, reading: _squeezed(wanted) not in _squeezed(reading.texts[0]),
    "heading": lambda wanted, reading: any(wanted in head for head in reading.headings),
    "not_heading": lambda wanted, reading: not any(wanted in head for head in reading.headings),
}


# -------------------------------------------------------------------- report


def run(folder: Path, cases: dict[str, Any], peers: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    """Faults by reader and case."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = []
        for case in cases:
            path = folder / case
            if case in _GENERATED:
                path = Path(scratch, Path(case).name)
                path.write_text(_GENERATED[case](), encoding="utf-8")
            paths.append(path)
        readings = {"Fathom": list(read_with_fathom(paths))}
        for name, python in peers.items():
            readings[name] = read_with_peer(name, python, paths)
    return {
        reader: {
            case: faults(wanted, reading)
            for (case, wanted), reading in zip(cases.items(), all_of, strict=True)
        }
        for reader, all_of in readings.items()
    }


def show(cases: dict[str, Any], results: dict[str, dict[str, list[str]]], *, wrong_only: bool) -> None:
    """Print the table as Markdown."""
    readers = list(results)
    print(f"| case | expected | {' | '.join(readers)} | wrong in Fathom |")
    print(f"|---|---|{'---|' * len(readers)}---|")
    for case, wanted in cases.items():
        marks = [
            "-" if _unread(found[case]) else "no" if found[case] else "yes" for found in results.values()
        ]
        if wrong_only and marks[0] == "yes":
            continue
        wrong = "; ".join(results[readers[0]][case])
        print(f"| {case} | {_short(wanted)} | {' | '.join(marks)} | {_escaped(wrong[:200])} |")
    for reader, found in results.items():
        tried = [faults_of for faults_of in found.values() if not _unread(faults_of)]
        print(f"\n{reader}: {sum(not faults_of for faults_of in tried)} of {len(tried)} files right")


def _unread(found: list[str]) -> bool:
    """Whether the reader doesn't take this format at all."""
    return found == ["refused: not read by it"]


def _short(wanted: dict[str, Any]) -> str:
    first = next((wanted[kind] for kind in ("cells", "together", "once", "text") if kind in wanted), "")
    return _escaped(json.dumps(_items(first)[:1] or list(wanted.items())[:1], ensure_ascii=False)[1:80])


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Read the command line, then all files with all readers."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("folder", type=Path)
    options.add_argument("--expected", type=Path, default=EXPECTED)
    options.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    options.add_argument("--only", default="", help="cases whose name holds this")
    options.add_argument("--wrong", action="store_true")
    options.add_argument("--save", type=Path)
    given = options.parse_args()
    cases = json.loads(given.expected.read_text(encoding="utf-8"))
    cases = {case: wanted for case, wanted in cases.items() if given.only in case}
    results = run(given.folder, cases, dict(peer.split("=", 1) for peer in given.peer))
    show(cases, results, wrong_only=given.wrong)
    if given.save:
        given.save.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
