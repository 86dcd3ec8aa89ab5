"""Every file of a home, damaged in every way; started by `run`, in a process without threads, which forks.

`python -m tests.faults.damage FOLDER KIND EVERY` damages copies of one file after the other and looks, each time in a
new process, at what becomes of it.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.trials import FAILED, ROOT, forked

PLACES = 12
PAGE = 4096
UNHARMED, UNNOTICED = "unharmed", "unnoticed"


@dataclass(kw_only=True)
class Report:
    """What became of damaged files.

    Attributes:
        injected: Damages.
        outcomes: How often each: unharmed (all answers as before), told (by the code of its error), or unnoticed.
        wrong: What should not have become of it.
        seconds: Of everything.
    """

    injected: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run(folder: Path, kind: str, every: int, limit_s: float) -> Report:
    """Damage files of one kind in every `every`-th way."""
    command = [sys.executable, "-m", "tests.faults.damage", str(folder), kind, str(every)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit_s, check=False)
    if done.returncode:
        raise RuntimeError(f"{kind} could not be tried: {done.stderr[-3000:]}")
    return Report(**json.loads(done.stdout.splitlines()[-1]))


def damages(data: bytes) -> Iterator[tuple[str, bytes]]:
    """A flipped bit, a page of zeros, a cut end, and bytes too many, at places all over a file."""
    for place in range(PLACES):
        at = place * (len(data) - 1) // (PLACES - 1)
        flipped = bytearray(data)
        flipped[at] ^= 1 << place % 8
        yield f"bit {place % 8} of byte {at} flipped", bytes(flipped)
    for at in sorted({0, 1, len(data) // 3, len(data) // 2, len(data) - 1}):
        yield f"cut to {at} bytes", data[:at]
    for at in sorted({0, len(data) // 2 // PAGE * PAGE}):
        zeroed = data[:at] + bytes(min(PAGE, len(data) - at)) + data[at + PAGE :]
        if zeroed != data:
            yield f"a page of zeros at {at}", zeroed
    yield "bytes behind the end", data + b"\x00" * 100


class Kind:
    """Files of one kind: a home that has them, and what may become of a damaged one."""

    patterns: tuple[str, ...] = ()
    may_be: tuple[str, ...] = (UNHARMED,)

    def base(self, home: Path) -> None:
        raise NotImplementedError

    def check(self, home: Path) -> str:
        """What became of it, in a new process; raises where an error told of it."""
        raise NotImplementedError


def _kinds() -> dict[str, Kind]:
    from tests.faults import scenarios as s

    class Home(Kind):
        """A collection of two documents, with index files."""

        exact_below = 5000

        def base(self, home: Path) -> None:
            runtime = s.opened(home, exact_below=self.exact_below)
            collection = s.collections.create(runtime.db, name="birds").row.id
            for files in (
                {"duck.md": s.DUCK},
                {"duck.md": s.OLD["duck.md"]},
                {"goose.md": s.OLD["goose.md"]},
            ):
                s.add(runtime, collection, files)
                s.work(runtime)
                runtime.collection_index(collection).snapshot()  # two generations, and a list of deletions
            runtime.close()

        def check(self, home: Path) -> str:
            runtime = s.opened(home, exact_below=self.exact_below)
            try:
                collection = s.the_collection(runtime)
                state = s.served(runtime, collection)
                views = s.documents.page(runtime.db, collection, None, None, 9).items
                for view in views:  # first, so that an original is told before it is ingested again
                    name, path = s.documents.original(runtime.db, runtime.blobs, view.document.id)
                    if path.read_bytes() != s.OLD[name]:
                        return UNNOTICED
                texts = {
                    v.document.name: s.documents.content(runtime.db, v.document.id)[1].text for v in views
                }
                wrong = s.violations(runtime, collection)
                found = {name: s.found_by(runtime, collection, name[:-3]) for name in s.OLD}
                same = state == {name: s.sha(data) for name, data in s.OLD.items()}
                same &= all(name in found[name] for name in s.OLD)
                same &= "It eats weeds" in texts["duck.md"] and "A goose flies." in texts["goose.md"]
                return UNHARMED if same and not wrong else f"{UNNOTICED} {wrong}" if wrong else UNNOTICED
            finally:
                runtime.close()

    class Originals(Home):
        patterns = ("blobs/??/*",)
        may_be = (UNHARMED, "told")

    class DenseIndex(Home):
        patterns = ("indexes/*/dense/gen-*",)

    class Graph(DenseIndex):
        exact_below = 0

    class LexicalIndex(Home):
        patterns = ("indexes/*/lexical/*.*",)

    class Database(Home):
        patterns = ("fathom.db",)
        # SQLite has no checksum of its pages: a flipped bit within a text is read as it is.
        may_be = (UNHARMED, "told", UNNOTICED)

    class Kept(s.KeptVectors, Kind):
        patterns = ("vectors/*",)

        def check(self, home: Path) -> str:  # type: ignore[override]
            texts = ["one", "two"]
            made = self._store(home).embed_passages(texts)
            return (
                UNHARMED if s.np.array_equal(made, s.CountingEmbedder().embed_passages(texts)) else UNNOTICED
            )

    class SettingsFile(s.Settings, Kind):
        patterns = ("fathom.toml",)
        # A text file of its owner's, without a checksum: another number is another setting.
        may_be = (UNHARMED, "told", UNNOTICED)

        def check(self, home: Path) -> str:  # type: ignore[override]
            os.environ["FATHOM_CONFIG"] = str(home / "fathom.toml")
            settings = s.load_settings()
            return UNHARMED if (settings.port, settings.retrieval.k) == (8010, 6) else UNNOTICED

    return {
        "originals": Originals(),
        "dense_index": DenseIndex(),
        "graph": Graph(),
        "lexical_index": LexicalIndex(),
        "kept_vectors": Kept(),
        "settings": SettingsFile(),
        "database": Database(),
    }


def _main(folder: Path, name: str, every: int) -> Report:
    kind, base, home = _kinds()[name], folder / "base", folder / "home"
    report, outcomes, began = Report(), Counter[str](), time.monotonic()

    def make(_: Callable[[str], None]) -> None:
        kind.base(base)

    ended_by, told = forked(make)
    if ended_by or told != ["ended"]:
        raise RuntimeError(f"no home: {told}")
    number = 0
    for file in sorted({path for pattern in kind.patterns for path in base.glob(pattern)}):
        if not file.stat().st_size:
            continue
        for what, data in damages(file.read_bytes()):
            number += 1
            if number % every:
                continue
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(base, home)
            (home / file.relative_to(base)).write_bytes(data)
            outcome = _outcome(kind, home)
            report.injected += 1
            outcomes[outcome] += 1
            if not outcome.startswith(kind.may_be) or "internal_error" in outcome:
                report.wrong.append(f"{file.relative_to(base)}, {what}: {outcome}")
    report.outcomes, report.seconds = dict(outcomes), time.monotonic() - began
    return report


def _outcome(kind: Any, home: Path) -> str:
    ended_by, told = forked(lambda tell: tell(kind.check(home)))
    if ended_by:
        return f"the process died by signal {ended_by}"
    first = told[0]
    return f"told as {first.removeprefix(FAILED)}" if first.startswith(FAILED) else first


if __name__ == "__main__":
    print(json.dumps(vars(_main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))))
    sys.stdout.flush()
    os._exit(0)
