"""SIGKILL at every step of a deletion into the bin, of its restoration, and of erasing from the bin.

A document or a collection is whole in one place, the collection or the bin, at every moment; what was begun can be
done afterwards, and after erasing nothing is left.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.composition.runtime import Runtime
from app.library import collections, deletions, documents, erasing, proving
from tests.crash.invariants import violations
from tests.crash.kills import all_kills, report, tried
from tests.crash.test_erasing_kills import SECRET, TEXT, filled, opened
from tests.faults.scenarios import work

pytestmark = [pytest.mark.crash, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(1200)]

EVERY = {
    "discard document": 3, "restore document": 5, "erase document": 5,
    "discard collection": 3, "restore collection": 5, "erase collection": 5,
}  # fmt: skip
"""What is done, and how many steps lie between two kills where not all are tried."""


def live(runtime: Runtime) -> list[str]:
    """Ids of the documents named secret.md that are in a collection."""
    found = []
    for view in collections.page(runtime, None, 5).items:
        page = documents.page(runtime.db, view.row.id, None, None, 10)
        found += [one.document.id for one in page.items if one.document.name == "secret.md"]
    return found


def binned(runtime: Runtime) -> list[str]:
    """Ids of the items of the bin."""
    found = [item.id for item in deletions.page(runtime.db, None, None, 5).items]
    for view in collections.page(runtime, None, 5).items:
        found += [item.id for item in deletions.page(runtime.db, view.row.id, None, 5).items]
    return found


def prepare(runtime: Runtime, how: str) -> Callable[[], object]:
    """The call to kill; what goes before it is done here."""
    what, kind = how.split()
    collection = collections.page(runtime, None, 5).items[0].row.id
    (document,) = live(runtime)
    runtime.collection_index(collection)  # open, as in a server that was asked

    def discard() -> object:
        if kind == "document":
            return deletions.discard_document(runtime, document)
        return deletions.discard_collection(runtime, collection)

    if what == "discard":
        return discard
    discard()
    (item,) = binned(runtime)
    return lambda: (deletions.restore if what == "restore" else deletions.erase)(runtime, item)


def _check(home: Path, how: str) -> list[str]:
    """Faults after a kill, in words."""
    runtime = opened(home)
    try:
        erasing.try_to_finish(runtime, at_most=None)
        there, items = live(runtime), binned(runtime)
        gone = not there and not items
        if how.startswith("erase") and gone:
            asked = proving.Wanted(text=SECRET)
            return [f"{one.place}: {one.what}" for one in proving.findings(runtime, runtime.settings, asked)]
        if len(there) + len(items) != 1:
            return [f"{len(there)} in the collection, {len(items)} in the bin"]
        if items:
            deletions.restore(runtime, items[0])
            work(runtime, later=True)
        (document,) = live(runtime)
        found = []
        if documents.original(runtime.db, runtime.blobs, document)[1].read_bytes() != TEXT:
            found.append("the file is another")
        if SECRET not in documents.content(runtime.db, document)[1].text:
            found.append("the text is another")
        for view in collections.page(runtime, None, 5).items:
            found += violations(runtime, view.row.id)
        with runtime.db.read() as session:
            ask = session.connection().exec_driver_sql
            if not any(SECRET in str(row) for row in ask("SELECT answer FROM answers").scalars()):
                found.append("the answer is not whole")
            for table in ("bin_items", "frozen_documents", "frozen_versions", "bin_answers"):
                if ask(f"SELECT count(*) FROM {table}").scalar():
                    found.append(f"rows are left in {table}")
        return found
    finally:
        runtime.close()


def _all_kills(home: Path, how: str, every: int) -> dict[str, Any]:
    def begin(copy: Path) -> tuple[Engine, Callable[[], object]]:
        runtime = opened(copy)
        return runtime.db.engine, prepare(runtime, how)

    return all_kills(home, every, fill=filled, begin=begin, check=lambda copy, _: _check(copy, how))


@pytest.mark.parametrize("how", EVERY)
def test_a_deletion_that_can_be_undone_is_whole_wherever_it_is_killed(
    tmp_path, how, capsys, request, record_property
):
    """In a process of its own, which has no threads when it forks."""
    every = 1 if request.config.getoption("--every-step") else EVERY[how]
    told = tried("tests.crash.test_bin_kills", tmp_path / "home", how, every)
    report(told, how, every, capsys, record_property)


if __name__ == "__main__":
    print(json.dumps(_all_kills(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
    sys.stdout.flush()
    os._exit(0)
