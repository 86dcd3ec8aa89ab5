"""One owner of an answer's life: it is recorded as running, then stored, or its failure is; nobody else stores it."""

import ast
import sqlite3

import pytest

from app.answers import run, stored
from app.answers.accept import Ask
from app.answers.types import Finished
from app.intake.record import Upload, record_uploads
from app.library import collections
from tests.app.copying_generator import AttributingGenerator, CopyingGenerator
from tests.app.texts import DUCKS
from tests.project.source_tree import CHECKED, name_of, python_files

QUESTION = "Which weeds do they eat?"
STORING = {"add", "finish", "hold", "store_events"}
OWNER = "app/answers/run.py"


class BreakingGenerator(CopyingGenerator):
    """Fails after its first word."""

    def stream(self, request):
        yield next(super().stream(request))
        raise ZeroDivisionError("secret words")


@pytest.fixture
def generator():
    return AttributingGenerator(spoil=" Surely.")


@pytest.fixture
def birds(runtime, work):
    collection = collections.create(runtime.db, name="birds").row.id
    record_uploads(runtime, collection, [Upload(name="ducks.md", blob=runtime.blobs.put(DUCKS))])
    work()
    return collection


def test_an_answer_is_recorded_as_running_and_stored_as_it_is_given(runtime, birds):
    pending = run.begin(runtime, Ask(collections=(birds,), question=QUESTION))
    assert stored.get(runtime.db, pending.id, in_work=True).status == "running"
    assert stored.get(runtime.db, pending.id, in_work=False).error == stored.INTERRUPTED
    events = []
    outcome = run.complete(runtime, pending, events.append)
    assert events[-1] == Finished(answer=outcome.answer)
    assert outcome.answer.citations
    assert stored.get(runtime.db, pending.id, in_work=False) == outcome.answer


def test_an_answer_is_stored_before_its_end_is_told(runtime, birds):
    pending = run.begin(runtime, Ask(collections=(birds,), question=QUESTION))
    seen = []

    def look(event):
        if isinstance(event, Finished):
            seen.append(stored.get(runtime.db, pending.id, in_work=False))

    answer = run.complete(runtime, pending, look).answer
    assert seen == [answer]


def test_an_answer_carries_its_trace_and_its_links_into_the_database(runtime, birds, settings):
    answer = run.answer(runtime, Ask(collections=(birds,), question=QUESTION)).answer
    provenance = stored.provenance(runtime, answer.id, in_work=False)
    assert (provenance.recorded, provenance.text) == ("tokens", answer.text)
    assert [document.id for document in provenance.documents] == [answer.citations[0].document.id]
    with sqlite3.connect(settings.home / "fathom.db") as database:
        links = database.execute("SELECT answer_id, document_id FROM answer_sources").fetchall()
    assert links == [(answer.id, answer.citations[0].document.id)]


@pytest.mark.parametrize("generator", [BreakingGenerator()])
def test_a_failure_is_stored_whoever_asked(runtime, birds):
    pending = run.begin(runtime, Ask(collections=(birds,), question=QUESTION))
    with pytest.raises(ZeroDivisionError):
        run.complete(runtime, pending)
    answer = stored.get(runtime.db, pending.id, in_work=False)
    assert (answer.status, answer.error.code) == ("failed", "internal_error")
    assert "ZeroDivisionError" in answer.error.message
    assert "secret" not in answer.error.message


def test_an_answer_that_was_deleted_meanwhile_is_not_stored(runtime, birds):
    pending = run.begin(runtime, Ask(collections=(birds,), question=QUESTION))
    stored.delete(runtime, pending.id)
    assert run.complete(runtime, pending).answer.citations
    with pytest.raises(stored.AnswerNotFoundError):
        stored.get(runtime.db, pending.id, in_work=False)


def storing_calls(tree: ast.Module) -> set[str]:
    """Functions of `app.db.answers` that store, as a module uses them."""
    names, used = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "app.db":
            names |= {alias.asname or alias.name for alias in node.names if alias.name == "answers"}
        elif isinstance(node, ast.ImportFrom) and node.module == "app.db.answers":
            used |= {alias.name for alias in node.names} & STORING
        elif isinstance(node, ast.Attribute) and node.attr in STORING:
            value = ast.unparse(node.value)
            used |= {node.attr} if value in names | {"app.db.answers"} else set()
    return used


def test_only_the_run_stores_answers():
    found = {
        name_of(path): calls
        for path in python_files(*CHECKED)
        if (calls := storing_calls(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {OWNER: STORING}
