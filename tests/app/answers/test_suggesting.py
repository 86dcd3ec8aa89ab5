"""Suggested questions: only such as are answered, stored, listed over REST, and gone with their text."""

import pytest
from sqlalchemy import select

from app.answers import suggesting
from app.db import suggestions
from app.db.suggestion_models import SuggestedQuestion
from tests.app.copying_generator import CopyingGenerator
from tests.app.texts import upload

TRASH = b"# Trash\n\nDeleted files are kept for 30 days. A snapshot is a copy of a folder.\n"
LEAVE = b"# Leave\n\nThe office must answer requests within 14 days.\n"
DULL = b"# Notes\n\nNothing of interest.\n"


@pytest.fixture
def generator(monkeypatch):
    monkeypatch.setattr(suggesting, "SURE", 0.6)  # the double counts words alone
    return CopyingGenerator()


@pytest.fixture
def rules(api, work):
    made = api.post("/v1/collections", json={"name": "rules"}).json()["id"]
    upload(api, made, {"trash.md": TRASH, "leave.md": LEAVE, "dull.md": DULL})
    work()
    return made


def listed(api, name="rules"):
    return [item["question"] for item in api.get(f"/v1/collections/{name}/suggestions").json()["items"]]


def test_answered_questions_are_listed_with_their_documents(api, runtime, rules):
    assert listed(api) == []
    assert suggesting.work(runtime, lambda: False)
    items = api.get("/v1/collections/rules/suggestions").json()["items"]
    assert {(item["question"], item["document"]["name"]) for item in items} == {
        ("How long are deleted files kept?", "trash.md"),
        ("What is a snapshot?", "trash.md"),
        ("Within what time must the office answer requests?", "leave.md"),
    }
    assert api.get("/v1/answers").json()["items"] == []  # nothing of the check is stored
    assert not suggesting.work(runtime, lambda: False)  # once for a state
    assert api.get("/v1/collections/none/suggestions").json()["code"] == "collection_not_found"


def test_what_the_reader_does_not_answer_is_not_suggested(api, runtime, rules, monkeypatch):
    asked = []
    monkeypatch.setattr(suggesting, "_is_answered", lambda parts, c, d, question: asked.append(question))
    assert suggesting.work(runtime, lambda: False)
    assert len(asked) == 3
    assert listed(api) == []
    assert not suggesting.work(runtime, lambda: False)  # not again before something changes


def test_questions_go_with_their_text_and_come_for_the_new_one(api, runtime, work, rules):
    suggesting.work(runtime, lambda: False)
    upload(api, rules, {"trash.md": b"# Trash\n\nDeleted files are kept for 60 days.\n"})
    work()
    assert listed(api) == ["Within what time must the office answer requests?"]
    with runtime.db.read() as session:
        assert not [row for row in session.scalars(select(SuggestedQuestion.question)) if "snapshot" in row]
    suggesting.work(runtime, lambda: False)
    assert "How long are deleted files kept?" in listed(api)


def test_a_switched_off_document_suggests_nothing(api, runtime, rules):
    suggesting.work(runtime, lambda: False)
    documents = {d["name"]: d["id"] for d in api.get("/v1/collections/rules/documents").json()["items"]}
    api.patch(f"/v1/documents/{documents['trash.md']}", json={"enabled": False})
    assert listed(api) == ["Within what time must the office answer requests?"]


def test_whoever_asks_goes_first(runtime, rules):
    assert not suggesting.work(runtime, lambda: True)  # the work ends
    with runtime.db.read() as session:
        assert suggestions.due(session, 3) is not None
