"""Feedback with right passages: given, listed, exported for `fathom eval`, and erased with the text it quotes."""

import json

import pytest

from app.measuring.questions import formats
from app.measuring.questions.datasets import Selection, build
from tests.app.copying_generator import CopyingGenerator
from tests.app.identity.conftest import world  # noqa: F401 - a fixture
from tests.app.library.test_erasing import holding
from tests.app.texts import DUCKS, GEESE, upload

EGGS = "A duck lays about ten eggs."
WORDS = "seventeen-brass-words"


@pytest.fixture
def generator():
    return CopyingGenerator()


@pytest.fixture
def birds(api, work):
    """A collection, and its documents by name."""
    collection = api.post("/v1/collections", json={"name": "birds"}).json()["id"]
    taken = upload(api, collection, {"ducks.md": DUCKS, "geese.md": GEESE}).json()["documents"]
    work()
    return collection, {one["name"]: one["id"] for one in taken}


def ask(api, collection, question="What do ducks eat?"):
    return api.post("/v1/answers", json={"collections": [collection], "question": question}).json()


def rate(api, answer, **body):
    return api.post(f"/v1/answers/{answer['id']}/feedback", json={"rating": -1} | body)


def place(api, document, quote):
    text = api.get(f"/v1/documents/{document}/content").json()["text"]
    start = text.index(quote)
    return {"document_id": document, "start": start, "end": start + len(quote)}


def listed(api, **params):
    return api.get("/v1/feedback", params=params).json()["items"]


def test_the_right_passage_is_kept_with_its_text_and_the_last_opinion_counts(api, birds):
    collection, named = birds
    answer = ask(api, collection)
    where = place(api, named["ducks.md"], EGGS)
    rate(api, answer, comment="No.", passages=[where])
    given = rate(api, answer, rating=1, expected="ten", passages=[where]).json()
    assert (given["rating"], given["comment"], given["expected"]) == (1, None, "ten")
    assert given["passages"] == [where | {"quote": EGGS}]
    assert listed(api) == listed(api, collection="birds", rating=1) == [given]
    assert listed(api, rating=-1) == []
    assert api.get(f"/v1/answers/{answer['id']}").json()["feedback"] == {"rating": 1, "comment": None}


def test_a_passage_is_a_range_of_a_document_that_was_asked(api, birds, work):
    collection, named = birds
    other = api.post("/v1/collections", json={"name": "other"}).json()["id"]
    foreign = upload(api, other, {"geese.md": GEESE}).json()["documents"][0]["id"]
    work()
    answer = ask(api, collection)
    ducks = named["ducks.md"]
    for document, start, end, code in (
        (foreign, 0, 5, "passage_elsewhere"),
        ("doc_none", 0, 5, "document_not_found"),
        (ducks, 5, 5, "bad_passage"),
        (ducks, 0, 9_999, "bad_passage"),
    ):
        reply = rate(api, answer, passages=[{"document_id": document, "start": start, "end": end}])
        assert reply.json()["code"] == code
    assert listed(api) == []
    assert rate(api, {"id": "ans_none"}).status_code == 404


def test_the_export_is_a_question_set_that_eval_reads(api, birds, fathom, tmp_path):
    collection, named = birds
    wrong = ask(api, collection)
    rate(api, wrong, expected="ten", passages=[place(api, named["ducks.md"], EGGS)])
    rate(api, ask(api, collection, "What wedge do they form?"), rating=1)
    rate(api, ask(api, collection, "Why is granite hard?"), rating=1)  # rightly refused
    rate(api, ask(api, collection, "What swims on ponds?"), rating=-1)  # nobody said what is right
    file = tmp_path / "questions.jsonl"
    code, out, _ = fathom("feedback", "export", str(file), "--collection", "birds")
    assert (code, out.split()[0]) == (0, "3")
    over_rest = api.get("/v1/feedback/export").text
    assert over_rest == file.read_text(encoding="utf-8")
    layout, records = formats.read(file)
    chosen = build("feedback", layout, records, Selection())
    asked = {question.text: question for question in chosen.questions}
    assert asked["What do ducks eat?"].answers == ("ten",)
    assert not asked["Why is granite hard?"].answerable
    for question, quote in (("What do ducks eat?", EGGS), ("What wedge do they form?", "They form a wedge.")):
        (evidence,) = asked[question].evidence
        paragraph = chosen.articles[evidence.article].paragraphs[evidence.paragraph]
        assert paragraph[evidence.start : evidence.end].strip() == quote


def test_deleting_a_document_takes_passages_comments_and_expected_answers_along(api, birds, settings):
    collection, named = birds
    answer = ask(api, collection)
    rate(
        api,
        answer,
        comment=f"{WORDS}: {EGGS}",
        expected=WORDS,
        passages=[place(api, named["ducks.md"], EGGS)],
    )
    assert holding(settings.home, WORDS) != []
    assert api.delete(f"/v1/documents/{named['ducks.md']}", params={"erase": True}).is_success
    (given,) = listed(api)
    assert (given["comment"], given["expected"], given["passages"]) == (None, "", [])
    assert holding(settings.home, WORDS) == []
    assert holding(settings.home, EGGS) == []
    assert api.get("/v1/feedback/export").text == ""


def test_a_new_version_moves_a_passage_or_takes_it_away(api, birds, work, settings):
    collection, named = birds
    answer = ask(api, collection, "What wedge do they form?")  # was not made from the ducks alone
    rate(api, answer, passages=[place(api, named["ducks.md"], EGGS)])
    upload(api, collection, {"ducks.md": b"# Birds\n\nMore of them came. " + DUCKS})
    work()
    (passage,) = listed(api)[0]["passages"]
    text = api.get(f"/v1/documents/{named['ducks.md']}/content").json()["text"]
    assert text[passage["start"] : passage["end"]] == passage["quote"] == EGGS
    upload(api, collection, {"ducks.md": b"# Ducks\n\nNothing of eggs.\n"})
    work()
    assert listed(api)[0]["passages"] == []
    assert holding(settings.home, EGGS) == []


def test_deleting_an_answer_takes_its_feedback_along(api, birds, settings):
    collection, named = birds
    answer = ask(api, collection)
    rate(api, answer, comment=WORDS, expected=WORDS, passages=[place(api, named["ducks.md"], EGGS)])
    assert api.delete(f"/v1/answers/{answer['id']}").is_success
    assert listed(api) == []
    assert holding(settings.home, WORDS) == []


def test_feedback_is_its_givers_and_on_the_machine_everybodys(world, fathom):  # noqa: F811
    ann, bob = world.session("ann"), world.session("bob")
    things = world.things(ann, "birds")
    sent = {"rating": 1, "comment": WORDS}
    path = f"/v1/answers/{things['answer_id']}/feedback"
    assert world.client.post(path, json=sent, headers=ann).is_success
    assert world.client.post(path, json=sent, headers=bob).status_code == 404
    assert [one["comment"] for one in world.client.get("/v1/feedback", headers=ann).json()["items"]] == [
        WORDS
    ]
    assert world.client.get("/v1/feedback", headers=bob).json()["items"] == []
    assert world.client.get("/v1/feedback/export", headers=bob).text == ""
    hidden = world.client.get("/v1/feedback", params={"collection": "birds"}, headers=bob)
    assert hidden.status_code == 404
    code, out, _ = fathom("feedback", "list", "--json")
    assert (code, [one["comment"] for one in json.loads(out)["items"]]) == (0, [WORDS])
