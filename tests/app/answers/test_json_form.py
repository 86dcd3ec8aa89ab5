"""The JSON form of answers: keys in their order, nothing lost on the way, answers of earlier programs readable."""

import json

import pytest
from fastapi.testclient import TestClient

from app.answers import stored
from app.answers.json_form import answer_as_json, answer_from_json, as_json, event_data, event_name
from app.answers.types import (
    Answer,
    AnswerHead,
    AnswerRange,
    AnswerSpan,
    Citation,
    Finished,
    GeneratedText,
    Replacement,
)
from app.api.wire import answer_out
from app.db import answers as rows
from app.db.sources import DocumentName
from app.main import create_app
from app.schemas.answers import ANSWER_EXAMPLE, AnswerOut

KEYS = [
    "id", "question", "standalone_question", "collections", "created_at", "text", "answerable", "reason",
    "confidence", "shape", "phrase", "emphasis", "parts", "more", "spans", "citations", "unsupported", "nearest",
    "also", "erased", "erased_sources", "usage", "timings_ms", "model", "status", "error",
]  # fmt: skip
CITATION_KEYS = [
    "n", "answer_start", "answer_end", "document", "chunk", "page", "start", "end", "quote", "before", "after",
    "score", "support", "supported",
]  # fmt: skip
DOCUMENT = {"id": "doc_1", "name": "ducks.md", "title": "Ducks"}
SPAN = {
    "answer_start": 0, "answer_end": 5, "kind": "copied", "chunk": 7, "document": "doc_1", "start": 9, "end": 14,
}  # fmt: skip
FIRST = {
    "id": "ans_old",
    "question": "Who swims?",
    "collections": ["col_1"],
    "created_at": "2026-11-20T12:00:00Z",
    "text": "Ducks",
    "answerable": True,
    "reason": None,
    "confidence": 0.93,
    "granularity": "phrase",
    "phrase": "Ducks",
    "spans": [SPAN],
    "citations": [
        {
            "n": 1, "answer_start": 0, "answer_end": 5, "document": DOCUMENT, "chunk": 7, "page": None,
            "start": 9, "end": 14, "quote": "Ducks", "score": 0.5,
        }
    ],
    "nearest": [],
    "usage": {"context_tokens": 20, "compressed_tokens": 9, "generated_tokens": 1},
    "timings_ms": {"embed": 1.5, "total": 12.0},
    "model": "fathom-small",
    "status": "done",
    "error": None,
}  # fmt: skip
"""As the first program stored it."""


@pytest.fixture
def old(runtime):
    """Its row, with a later program's key for the question that was understood."""
    with runtime.db.write() as session:
        rows.add(session, "ans_old", "Who swims?", ["col_1"], {"k": 8})
        rows.finish(session, "ans_old", status="done", answer=FIRST, model="fathom-small")


def test_the_example_of_the_wire_goes_through_unchanged():
    assert as_json(answer_from_json(ANSWER_EXAMPLE)) | {} == ANSWER_EXAMPLE
    assert AnswerOut.model_validate(ANSWER_EXAMPLE) == answer_out(answer_from_json(ANSWER_EXAMPLE))


def test_keys_have_the_order_in_which_answers_were_always_stored():
    form = answer_as_json(answer_from_json(ANSWER_EXAMPLE))
    assert list(form) == KEYS
    assert list(form["citations"][0]) == CITATION_KEYS


@pytest.mark.usefixtures("old")
def test_an_answer_of_the_first_program_is_read(runtime):
    answer = stored.get(runtime.db, "ans_old", in_work=False)
    assert answer.citations == (
        Citation(
            n=1,
            answer_start=0,
            answer_end=5,
            document=DocumentName(**DOCUMENT),
            chunk=7,
            page=None,
            start=9,
            end=14,
            quote="Ducks",
            score=0.5,
        ),
    )
    assert (answer.shape, answer.parts, answer.also, answer.erased_sources) == (None, (), (), 0)
    assert stored.provenance(runtime, "ans_old", in_work=False).recorded == "runs"


@pytest.mark.usefixtures("old")
def test_an_answer_of_the_first_program_is_served_as_its_wire_model(settings, parts):
    with TestClient(create_app(settings, parts)) as api:
        served = api.get("/v1/answers/ans_old").json()
        replayed = api.get("/v1/answers/ans_old/events").text
    assert served == AnswerOut.model_validate(FIRST).model_dump(mode="json")
    (data,) = [line.removeprefix("data: ") for line in replayed.splitlines() if line.startswith("data: ")]
    assert AnswerOut.model_validate(json.loads(data)["answer"]).model_dump(mode="json") == served


def test_events_have_the_names_and_data_of_the_stream():
    span = AnswerSpan(answer_start=0, answer_end=2, kind="written")
    head = AnswerHead(id="ans_1", question="?", collections=("col_1",), created_at="2025-01-01T12:00:00Z")
    answer = Answer(
        **as_json(head), text="Hm", status="done", unsupported=(AnswerRange(answer_start=0, answer_end=2),)
    )
    citation = answer_from_json(ANSWER_EXAMPLE).citations[0]
    events = [head, GeneratedText(text="Hm", kind="written"), citation, Replacement(text="Hm", spans=(span,))]
    assert [event_name(event) for event in (*events, Finished(answer=answer))] == [
        "meta", "token", "citation", "replace", "done",
    ]  # fmt: skip
    assert [list(event_data(event)) for event in events] == [
        ["id", "question", "standalone_question", "collections", "created_at"],
        ["text", "kind"],
        CITATION_KEYS,
        ["text", "spans"],
    ]
    assert event_data(Finished(answer=answer)) == {"answer": answer_as_json(answer)}
    assert "feedback" not in answer_as_json(answer)
