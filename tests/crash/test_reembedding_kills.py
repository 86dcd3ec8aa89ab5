"""SIGKILL while documents are embedded by a new encoder: nothing is lost, doubled, or searched half done."""

from pathlib import Path

import pytest

from app.composition.runtime import build_runtime
from app.db import vectors
from app.library import collections
from app.worker import Worker
from tests.app.doubles import NewEmbedder, small_parts
from tests.crash.invariants import violations
from tests.crash.process import process, settings_for, wait_until
from tests.crash.test_worker_kills import add, text_of

pytestmark = [pytest.mark.crash, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(600)]

DOCUMENTS = 4
# Statements after the first claim: at work, at the locks, at the vectors and the index change, and in the second job.
KILL_PLACES = (5, 11, 14, 17, 20, 27, 34, 45)


@pytest.fixture
def filled(tmp_path: Path):
    old = build_runtime(settings_for(tmp_path / "home"), small_parts())
    collection = collections.create(old.db, name="birds").row.id
    add(old, collection, {f"{number}.md": text_of(number) for number in range(DOCUMENTS)})
    Worker(old).run_pending()
    old.close()
    new = build_runtime(settings_for(tmp_path / "home"), small_parts(NewEmbedder()))
    yield new, collection
    new.close()


def test_a_worker_killed_while_it_embeds_anew_leaves_documents_whole(
    filled, tmp_path, capsys, record_property
):
    runtime, collection = filled
    left: list[int] = []

    def waiting() -> int:
        with runtime.db.read() as session:
            return len(vectors.waiting_documents(session, runtime.encoder_id))

    died = 0
    for place in KILL_PLACES:
        with process("worker", tmp_path / "home", new_encoder=True, kill_at=place) as worker:
            wait_until(lambda: worker.poll() is not None or not waiting())
            died += worker.poll() is not None
        assert violations(runtime, collection) == [], f"killed at statement {place}"
        index = runtime.collection_index(collection)
        assert (len(index.dense) == len(index.lexical)) == (not waiting())
        left.append(waiting())
    with process("worker", tmp_path / "home", new_encoder=True):
        wait_until(lambda: not waiting())
    index = runtime.collection_index(collection)
    assert index.ids("dense") == index.ids("lexical")
    assert violations(runtime, collection) == []
    with capsys.disabled():
        print(f"\n{died} kills; documents left after each: {left}")
    record_property("injected", died)
    assert died >= len(KILL_PLACES) // 2
    assert left == sorted(left, reverse=True)
    assert any(0 < count < DOCUMENTS for count in left)
