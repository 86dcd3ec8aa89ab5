"""Two transactions on PostgreSQL that each take up the file which the other gives up: both come about, at once."""

import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.composition.runtime import Runtime, build_runtime
from app.db import collections as collection_rows
from app.db import documents as rows
from app.intake import ingesting
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS, GEESE
from tests.crash.invariants import violations
from tests.faults.scenarios import InlineParser, served, sha, work

pytestmark = pytest.mark.postgres

FIRST = {"ducks": DUCKS, "geese": GEESE}
MEET_S = 20.0


@pytest.fixture
def runtime(tmp_path, postgres_url) -> Iterator[Runtime]:
    opened = build_runtime(load_settings(home=tmp_path / "home", database_url=postgres_url), small_parts())
    for name in FIRST:
        collections.create(opened.db, name=name)
    yield opened
    opened.close()


def upload(runtime: Runtime, collection: str, data: bytes) -> str:
    recorded = record_uploads(runtime, collection, [Upload(name="a.md", blob=runtime.blobs.put(data))])
    return recorded[0].view.document.id


def the_id(runtime: Runtime, name: str) -> str:
    with runtime.db.read() as session:
        found = collection_rows.find(session, name)
    assert found is not None
    return found.id


def archive(member: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as packed:
        packed.writestr(zipfile.ZipInfo("inner.md"), member)
    return held.getvalue()


def meet_before(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
    """Let the first two who call a function wait for each other before it."""
    plain, meeting, calls = getattr(module, name), threading.Barrier(2), iter(range(2))

    def met(*arguments: object, **more: object) -> object:
        if next(calls, None) is not None:
            meeting.wait(MEET_S)
        return plain(*arguments, **more)

    monkeypatch.setattr(module, name, met)


def both(*calls: Callable[[], object]) -> list[object]:
    with ThreadPoolExecutor(2) as pool:
        return [done.result(60) for done in [pool.submit(call) for call in calls]]


def test_archives_that_hold_each_other_s_bytes_are_both_published(runtime, monkeypatch) -> None:
    ids = [upload(runtime, name, data) for name, data in FIRST.items()]
    work(runtime)
    new = {"ducks": archive(GEESE), "geese": archive(DUCKS)}
    for name, data in new.items():
        upload(runtime, name, data)
    meet_before(monkeypatch, ingesting, "_serve")
    assert both(*(lambda: Worker(runtime).run_one(InlineParser()) for _ in FIRST)) == [True, True]
    assert {documents.get(runtime.db, one).newest.status for one in ids} == {
        "ready"
    }  # without a later attempt
    work(runtime)
    for name, member in (("ducks", GEESE), ("geese", DUCKS)):
        assert served(runtime, the_id(runtime, name)) == {
            "a.md": sha(new[name]),
            "a.md/inner.md": sha(member),
        }
        assert violations(runtime, the_id(runtime, name)) == []


def test_uploads_that_replace_each_other_s_bytes_are_both_taken(runtime, monkeypatch) -> None:
    ids = [upload(runtime, name, data) for name, data in FIRST.items()]  # nobody has read them yet
    meet_before(monkeypatch, rows, "collect_garbage")
    again = both(lambda: upload(runtime, "ducks", GEESE), lambda: upload(runtime, "geese", DUCKS))
    assert again == ids
    work(runtime)
    assert served(runtime, the_id(runtime, "ducks")) == {"a.md": sha(GEESE)}
    assert served(runtime, the_id(runtime, "geese")) == {"a.md": sha(DUCKS)}


def test_a_deletion_and_an_archive_that_wait_for_each_other_both_come_about(runtime, monkeypatch) -> None:
    upload(runtime, "ducks", DUCKS)
    kept = upload(runtime, "geese", GEESE)
    work(runtime)
    gone = the_id(runtime, "ducks")
    upload(runtime, "geese", archive(DUCKS))
    record_uploads(runtime, "ducks", [Upload(name="b.md", blob=runtime.blobs.put(GEESE))])
    meet_before(monkeypatch, rows, "collect_garbage")
    both(lambda: Worker(runtime).run_one(InlineParser()), lambda: collections.delete(runtime, gone))
    assert documents.get(runtime.db, kept).newest.status == "ready"
    work(runtime)
    assert served(runtime, the_id(runtime, "geese"))["a.md/inner.md"] == sha(DUCKS)
    assert [view.row.name for view in collections.page(runtime, None, 5).items] == ["geese"]
