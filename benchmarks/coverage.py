"""Decision 0019: share of the visible characters of files that their text keeps, and the worst files.

    python -m benchmarks.coverage FOLDER ... [--limit 200] [--worst 20] [--min-share 0.97] [--json]

All files below the folders are read as the program reads them, files inside mails and archives too. With --limit, so
many files of each folder, spread evenly over their names. Columns: files read, refused, without a count (pictures,
archives, formats without a reader in `ingestion/coverage`); visible characters, share kept, files under --min-share;
processor time of counting in percent of that of reading.
"""

import argparse
import json
import resource
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingestion.config import ParsingLimits
from ingestion.coverage import with_coverage
from ingestion.errors import IngestionError
from ingestion.parser_process import ParserProcess
from ingestion.pipeline import parse
from ingestion.types import Coverage, Document, Source

_MAX_DEPTH = 3


@dataclass(slots=True)
class Format:
    """What came of the files of one media type."""

    files: int = 0
    uncounted: int = 0
    visible: int = 0
    kept: int = 0
    under: int = 0
    reading_s: float = 0.0
    counting_s: float = 0.0

    @property
    def share(self) -> float:
        """Share of the visible characters kept."""
        return self.kept / self.visible if self.visible else 1.0


@dataclass(slots=True)
class Report:
    """What came of all files."""

    formats: dict[str, Format] = field(default_factory=lambda: defaultdict(Format))
    refused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    worst: list[tuple[float, str, Coverage, tuple[str, ...]]] = field(default_factory=list)


def files_in(folder: Path, limit: int | None) -> list[Path]:
    """Files below a folder in the order of their names, or `limit` of them at even distances."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    if limit is None or len(found) <= limit:
        return found
    return [found[number * len(found) // limit] for number in range(limit)]


def read_all(paths: Sequence[Path], min_share: float) -> Report:
    """Read files and what is inside them."""
    report = Report()
    with ParserProcess() as child:
        for path in paths:
            for name, source, outcome, seconds in _read(
                str(path), Source(name=path.name, data=path.read_bytes()), child
            ):
                if isinstance(outcome, IngestionError):
                    report.refused[outcome.code].append(name)
                else:
                    _note(report, name, source, outcome, seconds, min_share)
    report.worst.sort(key=lambda entry: entry[0])
    return report


def _read(
    name: str, source: Source, child: ParserProcess, depth: int = 0
) -> Iterator[tuple[str, Source, Document | IngestionError, float]]:
    members: list[Source] = []
    start = time.perf_counter()
    try:
        outcome: Document | IngestionError = parse(
            source,
            ParsingLimits(),
            parser=child,
            keep=lambda inner, data: members.append(Source(name=inner, data=data)),
        )
    except IngestionError as error:
        outcome = error
    yield name, source, outcome, time.perf_counter() - start
    for member in members if depth < _MAX_DEPTH else ():
        yield from _read(f"{name}!{member.name}", member, child, depth + 1)


def _note(
    report: Report, name: str, source: Source, document: Document, seconds: float, min_share: float
) -> None:
    kind = report.formats[document.media_type]
    kind.files += 1
    coverage = document.coverage
    if coverage is None:
        kind.uncounted += 1
        return
    start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    with_coverage(source, replace(document, coverage=None), ParsingLimits())
    kind.counting_s += resource.getrusage(resource.RUSAGE_SELF).ru_utime - start
    kind.reading_s += seconds
    kind.visible += coverage.visible
    kind.kept += coverage.kept
    kind.under += coverage.share < min_share
    left_out = tuple(f"{item.what} {item.count}" for item in document.dropped)
    report.worst.append((coverage.share, name, coverage, left_out))


def show(report: Report, worst: int) -> None:
    """Print the tables as Markdown."""
    print(
        "| format | files | not counted | visible characters | share kept | under the limit | counting, % |"
    )
    print("|---|---|---|---|---|---|---|")
    for media_type, kind in sorted(report.formats.items()):
        cost = 100 * kind.counting_s / kind.reading_s if kind.reading_s else 0.0
        kept = f"{kind.share:.4f}" if kind.visible else "-"
        print(
            f"| {media_type.rpartition('/')[2][-40:]} | {kind.files} | {kind.uncounted} | {kind.visible} | "
            f"{kept} | {kind.under} | {cost:.0f} |"
        )
    for code, names in sorted(report.refused.items()):
        print(f"\nrefused, {code}: {len(names)} (first: {', '.join(Path(name).name for name in names[:3])})")
    print("\n| share | visible | file | lost | left out and counted |\n|---|---|---|---|---|")
    for share, name, coverage, left_out in report.worst[:worst]:
        if share < 1:
            short = "/".join(Path(name).parts[-2:])
            print(
                f"| {share:.4f} | {coverage.visible} | {short} | {' '.join(coverage.lost)} | {', '.join(left_out)} |"
            )


def main() -> None:
    """Read the command line, then the folders."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("folders", nargs="+", type=Path)
    options.add_argument("--limit", type=int)
    options.add_argument("--worst", type=int, default=20)
    options.add_argument("--min-share", type=float, default=0.97)
    options.add_argument("--json", action="store_true", help="each file's numbers instead of tables")
    given = options.parse_args()
    paths = [path for folder in given.folders for path in files_in(folder, given.limit)]
    report = read_all(paths, given.min_share)
    if given.json:
        for share, name, coverage, left_out in report.worst:
            print(
                json.dumps(
                    {"file": name, "share": share, "lost": coverage.lost, "dropped": left_out},
                    ensure_ascii=False,
                )
            )
    else:
        show(report, given.worst)


if __name__ == "__main__":
    main()
