"""SIGKILL of a real worker at random moments: nothing lost, nothing doubled, nobody has to help."""

import hashlib
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from app.composition.runtime import Runtime, build_runtime
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.worker import Worker
from tests.app.doubles import small_parts
from tests.crash.invariants import violations
from tests.crash.process import POISON, process, settings_for, wait_until

pytestmark = [pytest.mark.crash, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(900)]

KILLS = 20
DOCUMENTS = 16
# What a worker is at, with the seconds that each lasts at least here; a kill comes that long after its beginning.
# Documents this small are encoded in one call, while the worker says chunking; it says embedding when that is over.
STAGE_S = {"starting": 1.0, "parsing": 0.2, "chunking": 0.15, "indexing": 0.3, "between": 0.1}
KILL_PLACES = (8, 14, 18, 21, 24, 27, 30, 33, 36)


def text_of(number: int) -> bytes:
    """A Markdown document of several chunks; every fourth has the bytes of its neighbour."""
    topic = number - (number % 4 == 3)
    lines = [f"Bird {topic} lays egg number {egg} in nest {egg * topic}." for egg in range(120)]
    return f"# Bird {topic}\n\n{' '.join(lines)}\n".encode()


def add(runtime: Runtime, collection_id: str, files: dict[str, bytes]) -> None:
    uploads = [Upload(name=name, blob=runtime.blobs.put(data)) for name, data in files.items()]
    record_uploads(runtime, collection_id, uploads)


def states(runtime: Runtime, collection_id: str) -> dict[str, str]:
    found = documents.page(runtime.db, collection_id, None, None, 200).items
    return {view.document.name: view.newest.status for view in found}


def stages_of(diary: Path) -> list[str]:
    """What a worker has been at so far."""
    lines = diary.read_text(encoding="utf-8").splitlines() if diary.exists() else []
    return ["starting", *lines]


@pytest.fixture
def runtime(tmp_path: Path):
    opened = build_runtime(settings_for(tmp_path / "home"), small_parts())
    yield opened
    opened.close()


def test_a_worker_killed_at_twenty_moments_loses_and_doubles_nothing(
    runtime, tmp_path, capsys, record_property
):
    """The kills are spread over all that a worker does: each aims at the stage that was hit least so far."""
    collection = collections.create(runtime.db, name="birds").row.id
    files = {f"{number}.md": text_of(number) for number in range(DOCUMENTS)}
    add(runtime, collection, files)
    chance = random.Random(7)
    hits = Counter[str]()
    seen: list[str] = []
    for kill in range(KILLS):
        # New versions keep coming, so that kills meet replacements too and the work does not run out.
        name = f"{kill % DOCUMENTS}.md"
        files[name] += f"\nEdition {kill}.\n".encode()
        add(runtime, collection, {name: files[name]})
        aim, diary = min(STAGE_S, key=hits.__getitem__), tmp_path / f"diary-{kill}"
        with process("worker", tmp_path / "home", diary=str(diary)) as worker:
            wait_until(lambda aim=aim, diary=diary: aim in ("starting", *stages_of(diary)))
            time.sleep(chance.uniform(0, STAGE_S[aim]))
            worker.kill()
            worker.wait()
        hits[stages_of(diary)[-1]] += 1
        seen += violations(runtime, collection)
    with process("worker", tmp_path / "home"):
        wait_until(lambda: _all_ready(runtime, collection))
    seen += violations(runtime, collection)
    with capsys.disabled():
        print(f"\n{KILLS} kills by stage: {dict(hits)}; violations {len(seen)}: {seen}")
    record_property("injected", KILLS)
    record_property("violations", len(seen))
    record_property("figures", f"{KILLS} kills of workers by stage: {dict(hits)}")
    assert seen == []
    assert all(hits[stage] for stage in STAGE_S)
    found = documents.page(runtime.db, collection, None, None, 200).items
    served = {view.document.name: view.serving and view.serving.sha256 for view in found}
    assert served == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_a_worker_killed_between_any_two_statements_leaves_all_or_nothing(
    runtime, tmp_path, capsys, record_property
):
    """Nine places of the some forty statements from the claim of a job to the commit of its result."""
    collection = collections.create(runtime.db, name="birds").row.id
    add(runtime, collection, {"bird.md": text_of(0)})
    with process("worker", tmp_path / "home"):
        wait_until(lambda: _all_ready(runtime, collection))
    tried: list[int] = []
    document = documents.page(runtime.db, collection, None, None, 5).items[0].document.id
    for place in KILL_PLACES:
        before = documents.content(runtime.db, document)[1].text
        add(runtime, collection, {"bird.md": text_of(0) + f"\nEdition {place}.\n".encode()})
        with process("worker", tmp_path / "home", kill_at=place) as worker:
            wait_until(lambda: worker.poll() is not None or _all_ready(runtime, collection))
            if worker.poll() is not None:
                tried.append(place)
        assert violations(runtime, collection) == [], f"killed at statement {place}"
        served = documents.content(runtime.db, document)[1].text
        assert served == before or served.endswith(f"Edition {place}."), (
            "the old version serves, or the new one"
        )
        # Whoever comes next goes on once the lease is over: here this process.
        wait_until(lambda: Worker(runtime).run_pending() >= 0 and _all_ready(runtime, collection))
        assert documents.content(runtime.db, document)[1].text.endswith(f"Edition {place}.")
    with capsys.disabled():
        print(f"\nkilled at statements {tried}; violations 0")
    record_property("injected", len(tried))
    assert len(tried) >= len(KILL_PLACES) // 2  # a shorter path is no fault
    assert violations(runtime, collection) == []


def _busy(runtime: Runtime, collection: str) -> bool:
    return any(state not in {"ready", "queued"} for state in states(runtime, collection).values())


def _all_ready(runtime: Runtime, collection: str) -> bool:
    return set(states(runtime, collection).values()) == {"ready"}


def test_a_document_that_kills_its_worker_is_parked_and_the_others_go_on(runtime, tmp_path):
    collection = collections.create(runtime.db, name="birds").row.id
    add(runtime, collection, {"poison.md": f"# {POISON}\n\nIt kills.".encode(), "good.md": text_of(1)})
    worker_settings = {"lease_s": 0.6, "heartbeat_s": 0.2, "poll_s": 0.05, "max_attempts": 3}
    deaths = 0
    while set(states(runtime, collection).values()) != {"ready", "failed"}:
        with process("worker", tmp_path / "home", worker=worker_settings) as worker:
            wait_until(
                lambda: (
                    worker.poll() is not None
                    or set(states(runtime, collection).values()) == {"ready", "failed"}
                ),
            )
            deaths += worker.poll() is not None
        assert deaths <= 3
    assert deaths == 3
    assert states(runtime, collection) == {"poison.md": "failed", "good.md": "ready"}
    failed = documents.page(runtime.db, collection, "failed", None, 5).items[0]
    assert failed.newest.error["code"] == "worker_died"
    assert failed.newest.error["hint"]
    assert violations(runtime, collection) == []
