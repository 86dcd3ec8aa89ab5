"""SIGKILL at every step of a deletion: all or nothing in the database, and nothing anywhere once it is taken up again.

Steps are SQL statements, commits and calls that change files. The child is this module: a copy of the home in which
a document was asked about, and one deletion in it. It forks before each deletion, so that a hundred kills cost no
hundred starts.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.answers import run, stored
from app.answers.accept import Ask
from app.composition.runtime import Runtime, build_runtime
from app.db.types import utc_now
from app.intake.record import Upload, record_uploads
from app.library import collections, documents, erasing, proving
from app.library.traces import Traces
from app.settings.reading import load_settings
from tests.app.copying_generator import AttributingGenerator
from tests.app.doubles import small_parts
from tests.crash.invariants import violations
from tests.crash.kills import all_kills, report, tried
from tests.faults.scenarios import work

pytestmark = [pytest.mark.crash, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(1200)]

SECRET = "The vault of Quuxbergen opens with seventeen brass keys, kept by the baker."
TEXT = f"# Quuxbergen\n\n{SECRET}\n".encode()
REPLACED = b"# Quuxbergen\n\nNothing is known of this town, and nobody ever wrote of it.\n"
EVERY = {"document": 7, "collection": 7, "new version": 11, "answer": 3}
"""What is deleted, and how many steps lie between two kills where not all are tried (`make faults` tries all)."""


def opened(home: Path) -> Runtime:
    """With leases that outlast the work: a renewal would be a step that comes or not, by the speed of the machine."""
    generator = AttributingGenerator()
    leases = {"lease_s": 60.0, "heartbeat_s": 30.0, "max_attempts": 30}
    parts = replace(small_parts(), generator=lambda _: generator)
    return build_runtime(load_settings(home=home, worker=leases), parts)


def filled(home: Path) -> str:
    """Make a home with two documents, an answer and a refusal made from them, and index files on disk.

    Returns:
        The id of the document with the secret.
    """
    runtime = opened(home)
    collection = collections.create(runtime.db, name="vaults").row.id
    texts = {"secret.md": TEXT, "other.md": b"# Florpheim\n\nThe lake of Florpheim freezes in March.\n"}
    uploads = [Upload(name=name, blob=runtime.blobs.put(data)) for name, data in texts.items()]
    record_uploads(runtime, collection, uploads)
    work(runtime)
    for question in ("Which keys open the vault of Quuxbergen?", "What is a xylograph?"):
        run.answer(runtime, Ask(collections=(collection,), question=question))
    runtime.collection_index(collection).snapshot()
    document = ids(runtime)[1]
    runtime.close()
    return document


def ids(runtime: Runtime) -> tuple[str, str]:
    """The collection and the document to delete."""
    collection = collections.page(runtime, None, 5).items[0].row.id
    found = documents.page(runtime.db, collection, None, None, 10).items
    return collection, next(view.document.id for view in found if view.document.name == "secret.md")


def prepare(runtime: Runtime, how: str) -> Callable[[], object]:
    """The call that deletes; what goes before it is done here."""
    collection, document = ids(runtime)
    runtime.collection_index(collection)  # open, as in a server that was asked
    if how == "document":
        return lambda: documents.delete(runtime, document)
    if how == "collection":
        return lambda: collections.delete(runtime, collection)
    if how == "answer":
        return lambda: stored.delete_some(runtime, conversation=None, before=utc_now() + timedelta(days=1))
    upload = Upload(name="secret.md", blob=runtime.blobs.put(REPLACED))
    record_uploads(runtime, collection, [upload])
    return lambda: work(runtime)


def _check(home: Path, how: str, document: str) -> list[str]:
    """What is wrong after a kill, once the next process has taken the deletion up."""
    runtime = opened(home)
    try:
        erasing.try_to_finish(runtime, at_most=None)
        done = _is_done(runtime, how)
        found = [] if done else _not_begun(runtime, how)
        if not done and how != "new version":
            prepare(runtime, how)()
        work(runtime, later=True)
        if not _is_done(runtime, how):
            return [*found, "it is not done, though it was taken up again"]
        asked = proving.Wanted(document_id=None if how == "new version" else document, text=SECRET)
        if how == "answer":
            with runtime.db.read() as session:
                left = session.connection().exec_driver_sql("SELECT count(*) FROM answers").scalar()
            question = Traces("What is a xylograph?").in_file(home / "fathom.db")
            return found + ([f"{left} answers are left, {question}"] if left or question else [])
        found += [f"{one.place}: {one.what}" for one in proving.findings(runtime, runtime.settings, asked)]
        found += _unmarked(runtime, how)
        for view in collections.page(runtime, None, 5).items:
            found += violations(runtime, view.row.id)
        return found
    finally:
        runtime.close()


def _unmarked(runtime: Runtime, how: str) -> list[str]:
    """Answers that stood on what was deleted or replaced, and do not say so."""
    reason = "source_changed" if how == "new version" else "source_gone"
    with runtime.db.read() as session:
        ask = session.connection().exec_driver_sql
        marks = dict(ask("SELECT question, outdated FROM answers").tuples().all())
        left = ask("SELECT count(*) FROM answer_ranges WHERE NOT changed").scalar()
    expected = {"Which keys open the vault of Quuxbergen?": reason, "What is a xylograph?": None}
    return [] if (marks, left) == (expected, 0) else [f"marks {marks}, {left} ranges are left as they were"]


def _is_done(runtime: Runtime, how: str) -> bool:
    with runtime.db.read() as session:
        ask = session.connection().exec_driver_sql
        if how == "answer":
            return not ask("SELECT count(*) FROM answers").scalar()
        if how == "collection":
            return not ask("SELECT count(*) FROM collections").scalar()
        if how == "new version":
            texts = ask("SELECT text FROM contents").scalars().all()
            return not any(SECRET in text for text in texts)
        return not ask("SELECT count(*) FROM documents WHERE name = 'secret.md'").scalar()


def _not_begun(runtime: Runtime, how: str) -> list[str]:
    """Where the transaction did not come through, everything must be as before: the answer whole, the file there."""
    with runtime.db.read() as session:
        ask = session.connection().exec_driver_sql
        whole = any(SECRET in str(row) for row in ask("SELECT answer FROM answers").scalars())
        marked = ask("SELECT count(*) FROM answers WHERE outdated IS NOT NULL").scalar()
        count = ask("SELECT count(*) FROM answers").scalar()
    as_before = whole and count == 2 and not marked
    found = [] if as_before else [f"answers are changed though {how} is there ({count}, {marked} marked)"]
    try:
        name, path = documents.original(runtime.db, runtime.blobs, ids(runtime)[1])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return [*found, f"the file can't be read: {error}"]
    return found if path.read_bytes() == TEXT else [*found, f"{name} is another file"]


def _all_kills(home: Path, how: str, every: int) -> dict[str, Any]:
    def begin(copy: Path) -> tuple[Engine, Callable[[], object]]:
        runtime = opened(copy)
        return runtime.db.engine, prepare(runtime, how)

    return all_kills(
        home, every, fill=filled, begin=begin, check=lambda copy, document: _check(copy, how, document)
    )


@pytest.mark.parametrize("how", EVERY)
def test_a_deletion_killed_at_any_step_leaves_nothing_once_it_is_taken_up_again(
    tmp_path, how, capsys, request, record_property
):
    """In a process of its own, which has no threads when it forks."""
    every = 1 if request.config.getoption("--every-step") else EVERY[how]
    told = tried("tests.crash.test_erasing_kills", tmp_path / "home", how, every)
    report(told, how, every, capsys, record_property)


if __name__ == "__main__":
    print(json.dumps(_all_kills(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
    sys.stdout.flush()
    os._exit(0)
