"""Decision 0090: what the content filter and the audit trail cost an answer, side by side in one run.

    python -m benchmarks.guarded_answers LEXICONS [--rounds 5] [--json]

LEXICONS are files of one word a line. The samples are taken in, and questions on them are answered and stored by turns:

- without: no look at the lexicons, no record;
- as shipped: the lexicons are looked at, there are none; each answer is recorded;
- all: the words of the files at the level "mask", personal data redacted, each answer recorded.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from app.answers import run
from app.answers.accept import Ask
from app.composition.content_filter import ContentFilter
from app.composition.runtime import Runtime, build_runtime
from app.db import migrate
from app.db.engine import Database
from app.intake.record import Upload, record_uploads
from app.library import collections, lexicons
from app.library.lexicons import words_in
from app.measuring.speed.timing import interleaved, machine
from app.safety.types import Finders, Lexicon
from app.sample_collection import sample_files
from app.settings.reading import load_settings
from app.worker import Worker

QUESTIONS = (
    "What is the size of a chunk in JuiceFS?", "How does JuiceFS cache data?", "How do I mount a JuiceFS file system?",
    "What does the trash of JuiceFS do?", "用人单位自用工之日起超过多久不订立书面劳动合同要付二倍工资？",
    "试用期最长多久？",     "劳动者提前多少天通知用人单位可以解除劳动合同？", "经济补偿怎样计算？",
)  # fmt: skip


class NoFilter(ContentFilter):
    """Looks at nothing, as before there was a filter."""

    def finders(self) -> Finders:
        """Nothing."""
        return Finders()


def sides(runtime: Runtime, empty: Database, words: list[str]) -> dict[str, Runtime]:
    """The same parts with filter and trail as each side has them; `empty` is a database without lexicons."""
    settings = runtime.settings
    unrecorded = settings.model_copy(update={"audit": settings.audit.model_copy(update={"answers": False})})
    lexicons.put(runtime.db, Lexicon(name="all", level="mask", words=words))
    full = ContentFilter(runtime.db, redact_output=True)
    full.current()  # compiled once, by the first question of a process
    return {
        "without": replace(runtime, settings=unrecorded, content_filter=NoFilter(runtime.db)),
        "as shipped": replace(runtime, content_filter=ContentFilter(empty)),
        "all": replace(runtime, content_filter=full),
    }


def answer_all(runtime: Runtime, collection: str) -> None:
    """Answer every question."""
    for question in QUESTIONS:
        run.answer(runtime, Ask(collections=(collection,), question=question))


def measure(files: list[Path], rounds: int) -> dict[str, Any]:
    """Milliseconds an answer by side, and how much more than without."""
    words = sorted({word for file in files for word in words_in(file.read_text(encoding="utf-8"))})
    with tempfile.TemporaryDirectory(prefix="fathom-bench-") as home:
        runtime = build_runtime(load_settings(home=Path(home)))
        try:
            collection = collections.create(runtime.db, name="samples").row.id
            uploads = [
                Upload(name=file.name, blob=runtime.blobs.put(file.read_bytes())) for file in sample_files()
            ]
            record_uploads(runtime, collection, uploads)
            Worker(runtime).run_pending()
            empty = Database(f"sqlite:///{home}/empty.db")
            migrate.upgrade(empty)
            runs = {
                name: partial(answer_all, side, collection)
                for name, side in sides(runtime, empty, words).items()
            }
            spent = interleaved(runs, rounds)
            empty.close()
        finally:
            runtime.close()
    count, base = len(QUESTIONS), spent["without"]
    return {
        "machine": machine(), "words": len(words), "answers": count * rounds,
        "sides": {
            name: {
                "ms": one.wall_s * 1000 / count, "cpu_ms": one.cpu_s * 1000 / count,
                "more": one.wall_s / base.wall_s - 1, "more_cpu": one.cpu_s / base.cpu_s - 1,
                "least_more": min(one.wall) / min(base.wall) - 1,
            }
            for name, one in spent.items()
        },
    }  # fmt: skip


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lexicons", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = measure(options.lexicons, options.rounds)
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
        return
    print(f"{report['answers']} answers a side, {report['words']:,} words")
    for name, side in report["sides"].items():
        print(f"{name:12}" + "".join(f"{key} {value:10.4f}  " for key, value in side.items()))


if __name__ == "__main__":
    main()
