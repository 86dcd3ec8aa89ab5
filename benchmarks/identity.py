"""Decision 0102: what identity costs an answer, a search and a list; with filter and trail too, if asked.

    python -m benchmarks.identity [--rounds 20] [--lexicons FILES]

One home, the shipped models, two applications on it in this process: one for one person, one for users. Each request is
made of both in turn, the order changing every time, through HTTP on this machine. Processor time is that of the whole
process, client included, so that it tells the same on a busy machine.

With --lexicons (files of one word a line) the application for one person has neither filter nor audit trail, and the
other masks those words, redacts personal data in what it tells, and records answers.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
from fastapi import FastAPI

from app.composition.content_filter import ContentFilter
from app.composition.runtime import Runtime, build_runtime
from app.identity import people
from app.intake.record import Upload, record_uploads
from app.library import collections, lexicons
from app.library.lexicons import words_in
from app.main import create_app
from app.safety.types import Lexicon
from app.sample_collection import sample_files
from app.settings.reading import load_settings
from app.settings.schema import Settings
from app.worker import Worker
from benchmarks.guarded_answers import NoFilter
from tests.ui.servers import serve

QUESTIONS = (
    "What is the size of a chunk in JuiceFS?",
    "Which metadata engines does JuiceFS support?",
    "用人单位自用工之日起超过多久不订立书面劳动合同要付二倍工资？",
    "How are slices merged?",
)


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20, help="times that each request is made of both")
    parser.add_argument("--lexicons", type=Path, nargs="+", help="files of one word a line")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder) / "home")
        runtime = build_runtime(settings)
        key = _fill(runtime)
        if options.lexicons:
            words = sorted({word for file in options.lexicons for word in words_in(file.read_text("utf-8"))})
            lexicons.put(runtime.db, Lexicon(name="all", level="mask", words=words))
        runtime.close()
        apps = [_application(settings, mode, guarded=bool(options.lexicons)) for mode in ("single", "users")]
        with serve(apps[0]) as single, serve(apps[1]) as users:
            _table(single, users, key, options.rounds)
    return 0


def _application(settings: Settings, mode: str, *, guarded: bool) -> FastAPI:
    """The application of a mode; with filter and trail where there are users, if `guarded`."""
    trail = settings.audit.model_copy(update={"answers": not guarded or mode == "users"})
    own = settings.model_copy(update={"mode": mode, "audit": trail})

    def opened() -> Runtime:
        runtime = build_runtime(own)
        if guarded:
            runtime.content_filter = (
                NoFilter(runtime.db) if mode == "single" else ContentFilter(runtime.db, redact_output=True)
            )
        return runtime

    return create_app(own, opened=opened)


def _fill(runtime: Runtime) -> str:
    """Take the samples in as a user's; gives a key of theirs."""
    made = collections.create(runtime.db, name="samples").row.id
    files = [Upload(name=path.name, blob=runtime.blobs.put(path.read_bytes())) for path in sample_files()]
    record_uploads(runtime, made, files)
    Worker(runtime).run_pending()
    owner = people.first_owner(runtime.db)
    assert owner is not None
    people.add_user(runtime.db, "reader")
    people.set_group(runtime.db, "reader", "readers", member=True)
    people.grant(runtime.db, made, "reader", group="readers")
    return people.open_session(runtime.db, people.get_user(runtime.db, "reader").id, 12.0).text


def _table(single: str, users: str, key: str, rounds: int) -> None:
    with httpx.Client(trust_env=False, timeout=120) as client:
        sides = {"single": (single, {}), "users": (users, {"Authorization": f"Bearer {key}"})}

        def request(side: str, what: str, question: str) -> tuple[float, float]:
            url, header = sides[side]
            began, used = time.perf_counter(), time.process_time()
            if what == "list":
                reply = client.get(f"{url}/v1/collections", headers=header)
            else:
                path, asked = ("answers", "question") if what == "answer" else ("search", "query")
                body = {"collections": ["samples"], asked: question}
                reply = client.post(f"{url}/v1/{path}", json=body, headers=header)
            reply.raise_for_status()
            return (time.perf_counter() - began) * 1000, (time.process_time() - used) * 1000

        print("| request | time | single, p50 ms | users, p50 ms | difference, p50 ms | of it |")
        print("| --- | --- | --- | --- | --- | --- |")
        for what in ("answer", "search", "list"):
            times: dict[str, list[tuple[float, float]]] = {"single": [], "users": []}
            for number in range(-1, rounds):
                for question in QUESTIONS:
                    order = ("single", "users") if number % 2 else ("users", "single")
                    taken = {side: request(side, what, question) for side in order}
                    if number >= 0:  # the first round warms up
                        for side, ms in taken.items():
                            times[side].append(ms)
            for kind, name in enumerate(("wall", "processor")):
                one, many = ([pair[kind] for pair in times[side]] for side in ("single", "users"))
                apart = statistics.median(b - a for a, b in zip(one, many, strict=True))
                base = statistics.median(one)
                print(
                    f"| {what} | {name} | {base:.1f} | {statistics.median(many):.1f} | {apart:+.2f} | "
                    f"{apart / base:+.1%} |"
                )


if __name__ == "__main__":
    sys.exit(main())
