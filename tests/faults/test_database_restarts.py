"""PostgreSQL killed and started again while documents are taken in and searched: all goes on by itself."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from app.composition.runtime import build_runtime
from app.errors import describe
from app.library import collections
from app.search import searching
from app.worker import Worker
from tests.app.doubles import small_parts
from tests.crash.invariants import violations
from tests.crash.process import SlowEmbedder, settings_for, wait_until
from tests.crash.test_worker_kills import add, states, text_of
from tests.postgres_server import PostgresMissingError, restartable_server

pytestmark = [
    pytest.mark.crash,
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.timeout(900),
]

TEMPORARY = {"database_unavailable", "database_locked"}


def test_a_database_server_that_is_killed_loses_nothing_and_is_waited_for(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each kill comes while a document is at work, at another moment; searches go on all the time."""
    kills = 12 if request.config.getoption("--every-step") else 2
    try:
        server = restartable_server(durable=True)
        url, kill, start = server.__enter__()
    except PostgresMissingError as error:
        pytest.skip(str(error))
    runtime = build_runtime(settings_for(tmp_path / "home", database_url=url), small_parts(SlowEmbedder()))
    worker = Worker(runtime)
    stop, searched, taken = threading.Event(), Counter[str](), Counter[str]()
    wrong: list[str] = []
    try:
        collection = collections.create(runtime.db, name="birds").row.id
        add(runtime, collection, {"first.md": text_of(99)})
        worker.run_pending()

        def search() -> None:
            while not stop.wait(0.05):
                try:
                    found = searching.search(runtime, [collection], "nest of the bird 99")
                    searched["answered" if found.passages else "empty"] += 1
                except Exception as error:  # noqa: BLE001 - it is counted by what it tells
                    searched[describe(error).code] += 1

        threads = [threading.Thread(target=worker.run), threading.Thread(target=search)]
        for thread in threads:
            thread.start()
        slowest = 0.0
        acknowledged: set[str] = {"first.md"}
        for number in range(kills):
            add(runtime, collection, {f"{number}.md": text_of(number)})
            acknowledged.add(f"{number}.md")
            # at work; or done already, where that was quicker than a look
            wait_until(
                lambda: set(states(runtime, collection).values()) not in ({"queued"}, {"ready", "queued"})
            )
            time.sleep(0.1 * (number % 6))  # parsing, embedding, publishing
            kill()
            try:
                add(runtime, collection, {f"{number}-late.md": text_of(number)})
                acknowledged.add(f"{number}-late.md")
            except Exception as error:  # noqa: BLE001 - it is counted by what it tells
                taken[describe(error).code] += 1
            time.sleep(0.3)
            start()
            began, answered = time.monotonic(), searched["answered"]
            wait_until(lambda answered=answered: searched["answered"] > answered, 60)
            wait_until(lambda: set(states(runtime, collection).values()) == {"ready"}, 120)
            slowest = max(slowest, time.monotonic() - began)
            found = states(runtime, collection)
            wrong += [
                f"kill {number}: {name} was acknowledged and is lost" for name in acknowledged - set(found)
            ]
            wrong += [f"kill {number}: {what}" for what in violations(runtime, collection)]
        stop.set()
        worker.stop()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
    finally:
        stop.set()
        worker.stop()
        runtime.close()
        server.__exit__(None, None, None)
    told = {*searched, *taken} - {"answered"}
    record_property("injected", kills)
    record_property("violations", len(wrong))
    figures = (
        f"searches: {_listed(searched)}; uploads refused: {_listed(taken)}; "
        f"all ready again at most {slowest:.1f} s after the start"
    )
    record_property("figures", figures)
    with capsys.disabled():
        print(f"\n{kills} kills of PostgreSQL: {figures}; violations {len(wrong)}")
    assert wrong == []
    assert told <= TEMPORARY


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "none"
