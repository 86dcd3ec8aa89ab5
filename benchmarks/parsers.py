"""Decision 0010: parsers of each format on the same files: ours, other libraries', and markitdown.

    python -m benchmarks.parsers [--real FOLDER ...] [--expected FOLDER] [--pages FOLDER] [--most 12]
        [--formats .pdf ...] [--missing] [--json]

--real: files as they are found. What a file says is settled by vote: of each word, as many as the parser in the middle
finds. --expected: the same, where FOLDER holds the text of a file as `NAME.md`. --pages: pages of Markdown, written as
files of each format with page furniture (`benchmarks/parser_samples.py`), so that text, rows and headings are known.

Columns, in percent: recall and precision of words; order, parts that stand in the order of the page; rows of tables
that are one line, cells in order; headings marked as such with their level. Seconds are of the processor, a first file
left out that loads the library. --missing lists what the vote has and ours lacks.
"""

import argparse
import bisect
import json
import re
import resource
import time
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median_low
from typing import Any, Final

from benchmarks.parser_peers import Parser, Reading, parsers_of
from benchmarks.parser_samples import Part, samples
from retrieval.metrics import mean

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_LINK_TARGET, _ZEROS = re.compile(r"\]\([^)\n]*\)"), re.compile(r"(?<=\d)\.0+(?!\d)")
_ANCHOR_WORDS: Final = 5
COLUMNS: Final = ("recall", "precision", "order", "rows", "headings")
_SHOWN: Final = 25


@dataclass(frozen=True, slots=True)
class File:
    """A file to read, and what is known of its content: parts, or words, or nothing."""

    name: str
    suffix: str
    data: bytes
    parts: Sequence[Part] = ()
    words: Counter[str] | None = None


@dataclass
class Score:
    """What one parser made of the files of one format."""

    files: int = 0
    failed: int = 0
    chars: int = 0
    seconds: float = 0.0
    values: dict[str, list[float]] = field(default_factory=dict)

    def note(self, values: Mapping[str, float]) -> None:
        """Add the figures of one file."""
        for name, value in values.items():
            self.values.setdefault(name, []).append(value)

    def report(self) -> dict[str, Any]:
        """Sums, and means in percent."""
        means = {name: round(100 * mean(self.values[name]), 1) for name in COLUMNS if name in self.values}
        sums = {
            "files": self.files,
            "failed": self.failed,
            "chars": self.chars,
            "seconds": round(self.seconds, 2),
        }
        return sums | means


def words_of(text: str) -> list[str]:
    """Words in lower case; a Chinese character is one, 89.0 is 89, and targets of links in Markdown are none."""
    text = _LINK_TARGET.sub("]", _ZEROS.sub("", text))
    return _WORD.findall(unicodedata.normalize("NFKC", text).lower())


def compared(found: Counter[str], wanted: Counter[str]) -> dict[str, float]:
    """Recall and precision of bags of words."""
    common = (found & wanted).total()
    return {"recall": common / max(1, wanted.total()), "precision": common / max(1, found.total())}


def voted(bags: Sequence[Counter[str]]) -> Counter[str]:
    """Of each word as many as the bag in the middle holds (of two the smaller)."""
    return Counter({word: n for word in set().union(*bags) if (n := median_low([bag[word] for bag in bags]))})


def structure(reading: Reading, parts: Sequence[Part]) -> dict[str, float]:
    """Order, rows and headings that were kept; each only where the page has some."""
    anchors = [tuple(words_of(part.text)[:_ANCHOR_WORDS]) for part in parts if not part.rows]
    anchors = [anchor for anchor in anchors if len(anchor) == _ANCHOR_WORDS]
    values = {"order": _in_order(words_of(reading.text), anchors)} if anchors else {}
    rows = [row for part in parts for row in part.rows if sum(map(bool, row)) > 1]
    if rows:
        lines = [" ".join(words_of(line)) for line in reading.text.splitlines()]
        values["rows"] = mean([float(any(_holds(line, row) for line in lines)) for row in rows])
    headings = {(part.level, " ".join(words_of(part.text))) for part in parts if part.level > 0}
    if headings and reading.headings is not None:
        marked = {(level, " ".join(words_of(text))) for level, text in reading.headings}
        values["headings"] = len(headings & marked) / len(headings)
    return values


def _in_order(words: Sequence[str], anchors: Sequence[tuple[str, ...]]) -> float:
    """Share of the parts whose first words are found and that stand in the order of the page."""
    places: dict[tuple[str, ...], list[int]] = {}
    for at in range(len(words) - _ANCHOR_WORDS + 1):
        places.setdefault(tuple(words[at : at + _ANCHOR_WORDS]), []).append(at)
    tails: list[int] = []  # ends of the longest increasing runs of places
    for anchor in anchors:
        for at in sorted(places.get(anchor, ()), reverse=True):
            place = bisect.bisect_left(tails, at)
            tails[place : place + 1] = [at]
    return len(tails) / len(anchors)


def _holds(line: str, row: Sequence[str]) -> bool:
    at = 0
    for cell in row:
        wanted = " ".join(words_of(cell))
        at = line.find(wanted, at)
        if at < 0:
            return False
        at += len(wanted)
    return True


def read_all(parser: Parser, files: Sequence[File], score: Score) -> list[Reading | None]:
    """Read files and note failures and time."""
    readings: list[Reading | None] = []
    for number, file in enumerate([min(files, key=lambda file: len(file.data)), *files]):
        began = _processor_s()
        try:
            reading = parser.read(file.data)
        except Exception:  # noqa: BLE001 - whatever a library raises counts as not read
            reading = None
        if number:
            score.seconds += _processor_s() - began
            score.files += 1
            score.failed += reading is None or not reading.text.strip()
            score.chars += len(reading.text) if reading else 0
            readings.append(reading)
    return readings


def _processor_s() -> float:
    """Processor time of this process and of those that it waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def measure(files: Sequence[File], *, missing: bool) -> dict[str, dict[str, Any]]:
    """All parsers of one format on its files."""
    parsers = parsers_of(files[0].suffix)
    scores = [Score() for _ in parsers]
    readings = [read_all(parser, files, score) for parser, score in zip(parsers, scores, strict=True)]
    bags = [[Counter(words_of(reading.text if reading else "")) for reading in row] for row in readings]
    for number, file in enumerate(files):
        votes = [
            row[number] for parser, row in zip(parsers, bags, strict=True) if parser.votes and row[number]
        ]
        wanted = (
            file.words
            or Counter(w for part in file.parts for w in words_of(_text(part)))
            or voted(votes if len(votes) > 1 else [])
        )
        if not wanted:
            continue  # a file without text
        for score, bag, row in zip(scores, bags, readings, strict=True):
            score.note(compared(bag[number], wanted))
            if file.parts:
                score.note(structure(row[number] or Reading(""), file.parts))
        if missing and (lost := wanted - bags[0][number]):
            print(
                f"  {file.name}: {lost.total()} of {wanted.total()} words lacking: {lost.most_common(_SHOWN)}"
            )
    return {
        parser.name: score.report() | {"licence": parser.licence}
        for parser, score in zip(parsers, scores, strict=True)
    }


def _text(part: Part) -> str:
    return part.text or "\n".join(" ".join(row) for row in part.rows)


def real(folders: Sequence[Path], expected: Path | None) -> list[File]:
    """Files of some folders; with `expected` those whose words are known by a file there."""
    files = []
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        truth = expected / f"{path.stem}.md" if expected else None
        words = Counter(words_of(truth.read_text(encoding="utf-8"))) if truth and truth.exists() else None
        if words or expected is None:
            files.append(File(str(path), path.suffix.lower(), path.read_bytes(), words=words))
    return files


def made(pages: Path, most: int) -> list[File]:
    """Files of known content."""
    return [
        File(f"made{sample.suffix}", sample.suffix, sample.data, sample.parts)
        for sample in samples(pages, most)
    ]


def _print(title: str, suffix: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
    heads = ("files", "failed", "chars", *COLUMNS, "seconds", "licence")
    print(f"{title + ' ' + suffix:22}" + "".join(f"{head:>10}" for head in heads))
    for name, row in rows.items():
        print(f"{name:22}" + "".join(f"{row.get(head, '–')!s:>10}" for head in heads), flush=True)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", type=Path, nargs="+", default=[])
    parser.add_argument("--expected", type=Path)
    parser.add_argument("--pages", type=Path)
    parser.add_argument("--most", type=int, default=12, help="pages to make files of")
    parser.add_argument("--formats", nargs="+", help="suffixes; all that a parser is here for")
    parser.add_argument("--missing", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    groups = {"real": real(options.real, None)}
    if options.expected:
        groups["expected"] = real(options.real, options.expected)
    if options.pages:
        groups["made"] = made(options.pages, options.most)
    report: dict[str, Any] = {}
    for title, files in groups.items():
        report[title] = {}
        suffixes = options.formats or sorted({file.suffix for file in files})
        for suffix in suffixes:
            some = [file for file in files if file.suffix == suffix]
            if some and len(parsers_of(suffix)) > 1:
                report[title][suffix] = measure(some, missing=options.missing)
                if not options.json:
                    _print(title, suffix, report[title][suffix])
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
