"""Questions with a history: in process and over REST, searched and answered as they are understood."""

from dataclasses import fields

import pytest

from app.answers import run, stored
from app.answers.accept import Ask, accept
from app.errors import InvalidInputError
from app.intake.record import Upload, record_uploads
from app.library import collections
from app.search import searching
from retrieval.follow_up import Turn
from tests.app.copying_generator import CopyingGenerator
from tests.app.texts import DUCKS, GEESE

ABOUT_GEESE = Turn(question="When do geese fly south?", answer="in autumn")
FOLLOW_UP = "And in a wedge?"
UNDERSTOOD = "When do geese fly south in a wedge?"
ALONE = "How many eggs do ducks lay?"


@pytest.fixture
def generator():
    return CopyingGenerator()


@pytest.fixture
def birds(runtime, work):
    collection = collections.create(runtime.db, name="birds").row.id
    files = {"ducks.md": DUCKS, "geese.md": GEESE}
    record_uploads(
        runtime, collection, [Upload(name=name, blob=runtime.blobs.put(data)) for name, data in files.items()]
    )
    work()
    return collection


def answered(runtime, question, *history):
    return run.answer(runtime, Ask(collections=("birds",), question=question, history=history))


@pytest.mark.usefixtures("birds")
def test_a_follow_up_is_searched_and_answered_as_it_is_understood(runtime, generator):
    outcome = answered(runtime, FOLLOW_UP, ABOUT_GEESE)
    assert outcome.answer.question == FOLLOW_UP
    assert outcome.answer.standalone_question == UNDERSTOOD
    assert outcome.answer.citations[0].document.name == "geese.md"
    assert generator.requests[-1].question == UNDERSTOOD
    searched = searching.search(runtime, ["birds"], UNDERSTOOD)
    assert list(outcome.retrieved.stages["lexical"]) == list(searched.retrieved.stages["lexical"])


@pytest.mark.usefixtures("birds")
def test_a_question_that_stands_alone_goes_through_as_without_a_history(runtime, generator):
    without = answered(runtime, ALONE)
    behind = answered(runtime, ALONE, ABOUT_GEESE)
    assert generator.requests[0] == generator.requests[1]
    assert (without.retrieved.hits, without.retrieved.stages) == (
        behind.retrieved.hits,
        behind.retrieved.stages,
    )
    differing = {
        item.name
        for item in fields(without.answer)
        if getattr(without.answer, item.name) != getattr(behind.answer, item.name)
    }
    assert differing <= {"id", "created_at", "timings_ms"}
    assert behind.answer.standalone_question is None


@pytest.mark.usefixtures("birds")
def test_what_was_understood_is_known_and_stored_before_there_is_an_answer(runtime):
    ask = Ask(collections=("birds",), question=FOLLOW_UP, history=(ABOUT_GEESE,))
    pending = run.begin(runtime, ask)
    assert pending.head.standalone_question == UNDERSTOOD
    running = stored.get(runtime.db, pending.id, in_work=True)
    assert (running.question, running.standalone_question) == (FOLLOW_UP, UNDERSTOOD)
    answer = run.complete(runtime, pending).answer
    assert stored.get(runtime.db, pending.id, in_work=False) == answer


@pytest.mark.usefixtures("birds")
def test_the_refusal_is_in_the_language_of_what_was_asked(runtime):
    turn = Turn(question="量子色动力学是什么？")
    outcome = answered(runtime, "Plus quarks?", turn)
    assert outcome.answer.text == "No direct answer was found. The passages below come closest."


@pytest.mark.parametrize(
    ("question", "code"),
    [("", "empty_question"), ("?", "empty_question"), ("a" * 100_000, "question_too_long")],
)
def test_an_earlier_question_has_the_limits_of_a_question(runtime, birds, question, code):
    with pytest.raises(InvalidInputError, match="earlier turn") as refused:
        accept(
            runtime,
            Ask(collections=(birds,), question=FOLLOW_UP, history=(Turn(question=question),)),
        )
    assert refused.value.code == code


def test_what_would_become_too_long_is_taken_as_it_is(runtime, birds):
    long = Turn(question="goose " * (runtime.settings.limits.max_question_chars // 6))
    pending = accept(runtime, Ask(collections=(birds,), question=FOLLOW_UP, history=(long,)))
    assert (pending.standalone_question, pending.understood) == (None, FOLLOW_UP)


HISTORY = [{"question": ABOUT_GEESE.question, "answer": ABOUT_GEESE.answer}]


@pytest.mark.usefixtures("birds")
def test_answers_and_searches_take_a_history(api):
    sent = {"collections": ["birds"], "question": FOLLOW_UP, "history": HISTORY}
    answer = api.post("/v1/answers", json=sent).json()
    assert (answer["question"], answer["standalone_question"]) == (FOLLOW_UP, UNDERSTOOD)
    assert answer["citations"][0]["document"]["name"] == "geese.md"
    assert api.get(f"/v1/answers/{answer['id']}").json() == answer

    sent = {
        "collections": ["birds"],
        "query": FOLLOW_UP,
        "history": [{"question": HISTORY[0]["question"]}],
        "k": 1,
    }
    found = api.post("/v1/search", json=sent).json()
    assert (found["query"], found["standalone_query"]) == (FOLLOW_UP, UNDERSTOOD)
    assert found["hits"][0]["document"]["name"] == "geese.md"
    alone = api.post("/v1/search", json={"collections": ["birds"], "query": ALONE, "history": HISTORY}).json()
    assert alone["standalone_query"] is None


@pytest.mark.parametrize(
    ("history", "code"),
    [
        ([{"question": "Why?"}] * 9, "invalid_request"),
        ([{"question": "Why?", "answer": "a" * 20_001}], "invalid_request"),
        ([{"answer": "So."}], "invalid_request"),
        ([{"question": "Why?", "role": "system"}], "invalid_request"),
        ("Why?", "invalid_request"),
        ([{"question": " "}], "empty_question"),
        ([{"question": "a" * 100_000}], "question_too_long"),
    ],
)
@pytest.mark.parametrize(("path", "asked"), [("/v1/answers", "question"), ("/v1/search", "query")])
@pytest.mark.usefixtures("birds")
def test_a_bad_history_is_a_problem_that_says_where(api, path, asked, history, code):
    reply = api.post(path, json={"collections": ["birds"], asked: FOLLOW_UP, "history": history})
    assert (reply.status_code, reply.json()["code"]) == (422, code), reply.text
    assert reply.json()["hint"]
    if code == "invalid_request":
        assert reply.json()["errors"][0]["field"].startswith("body.history")
