"""The content filter on questions, passages, answers and searches, through the whole program."""

import json
from itertools import product

import pytest

from app.answers import stored
from app.answers.refusal import refusal_text
from app.library import lexicons
from app.safety.types import MASK, Lexicon
from tests.app.copying_generator import AttributingGenerator
from tests.app.texts import upload

NESTS = b"""# Nests

The heron nests in the alder by the bluebird mill. The owl nests in the barn, says anna@example.org.
"""
EGGS = "# Eggs\n\nThe grey heron lays four eggs in spring, by 青鸟计划.\n".encode()
MILL = "The heron nests in the alder by the bluebird mill."


@pytest.fixture
def generator():
    return AttributingGenerator(spoil=" Surely, at the bluebird mill.")


@pytest.fixture
def birds(api, runtime, work):
    api.post("/v1/collections", json={"name": "birds"})
    assert upload(api, "birds", {"nests.md": NESTS, "eggs.md": EGGS}).status_code == 202
    work()


def use(runtime, level, *words, name="words", **more):
    lexicons.put(runtime.db, Lexicon(name=name, level=level, words=words, **more))


def ask(api, question, **more):
    reply = api.post("/v1/answers", json={"collections": ["birds"], "question": question, **more})
    assert reply.status_code == 200, reply.text
    return reply.json()


def stream(api, question):
    body = {"collections": ["birds"], "question": question, "stream": True}
    lines = api.post("/v1/answers", json=body).text.splitlines()
    names = [line[7:] for line in lines if line.startswith("event: ")]
    datas = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    return [(name, data) for name, data in zip(names, datas, strict=True) if name != "queue"]


def found(api, query):
    return api.post("/v1/search", json={"collections": ["birds"], "query": query})


@pytest.mark.usefixtures("birds")
def test_without_lexicons_nothing_is_changed(api):
    answer = ask(api, "Where is the nest of the heron by the mill?")
    assert answer["text"].startswith(MILL)
    assert answer["citations"][0]["quote"] == MILL


@pytest.mark.usefixtures("birds")
@pytest.mark.parametrize(
    ("question", "language"), [("Where is ｂｌｕｅ－bird?", "en"), ("青\u200b鳥計劃在哪里？", "zh")]
)
def test_a_blocked_question_is_refused_in_its_language_and_searched_nowhere(
    api, runtime, generator, question, language
):
    use(runtime, "block", "bluebird", "blue-bird", "青鸟计划")
    answer = ask(api, question)
    assert (answer["reason"], answer["answerable"], answer["nearest"]) == ("question_filtered", False, [])
    assert answer["text"] == refusal_text({"en": "x", "zh": "问"}[language], "question_filtered", None)
    assert MASK in answer["question"]
    assert generator.requests == []
    assert api.get(f"/v1/answers/{answer['id']}").json()["question"] == answer["question"]
    reply = found(api, question)
    assert (reply.status_code, reply.json()["code"]) == (422, "question_filtered")


@pytest.mark.usefixtures("birds")
def test_a_masked_question_is_read_shown_and_kept_with_its_mask_alone(api, runtime, generator):
    use(runtime, "mask", "kestrel")
    answer = ask(api, "Where is the nest of the heron and of the kestrel?")
    shown = f"Where is the nest of the heron and of the {MASK * 7}?"
    assert answer["question"] == shown
    assert generator.requests[-1].question == shown
    assert answer["text"].startswith(MILL)
    assert found(api, "heron kestrel").json()["query"] == f"heron {MASK * 7}"
    assert ask(api, "kestrel?")["reason"] == "question_filtered"


@pytest.mark.usefixtures("birds")
def test_a_blocked_word_of_an_earlier_turn_does_not_come_in_by_the_follow_up(api, runtime):
    use(runtime, "block", "heron")
    history = [{"question": "Where does the heron nest?", "answer": "In the alder."}]
    answer = ask(api, "And the owl?", history=history)
    assert "heron" not in json.dumps(answer["standalone_question"] or "")


@pytest.mark.usefixtures("birds")
def test_a_passage_that_holds_a_blocked_word_is_not_read_and_not_found(api, runtime, generator):
    use(runtime, "block", "青鸟计划")
    answer = ask(api, "How many eggs does the heron lay in spring?")
    assert all("青鸟计划" not in passage.text for passage in generator.requests[-1].passages)
    assert "青鸟" not in json.dumps(answer, ensure_ascii=False)
    hits = found(api, "heron eggs").json()["hits"]
    assert [hit["document"]["name"] for hit in hits] == ["nests.md"]


@pytest.mark.usefixtures("birds")
def test_a_masked_word_is_unreadable_in_everything_that_is_told(api, runtime):
    use(runtime, "mask", "bluebird", "anna@example.org")
    question = "Where is the nest of the heron by the mill?"
    events = stream(api, question)
    assert "bluebird" not in json.dumps(events)
    answer = events[-1][1]["answer"]
    told = "".join(data["text"] for name, data in events if name == "token")
    assert answer["text"] == told
    assert answer["text"].startswith(MILL.replace("bluebird", MASK * 8))
    assert answer["text"].count(MASK) == 16
    for one in answer["citations"]:
        assert one["quote"] == answer["text"][one["answer_start"] : one["answer_end"]]
    for path in ("", "/events", "/provenance"):
        said = api.get(f"/v1/answers/{answer['id']}{path}").text
        assert MASK in said
        assert "bluebird" not in said
    hits = found(api, "heron mill").text
    assert MASK in hits
    assert "bluebird" not in hits


@pytest.mark.usefixtures("birds")
def test_an_answer_that_comes_to_a_blocked_word_is_taken_back(api, runtime):
    use(runtime, "block", "Surely")
    events = stream(api, "Where is the nest of the heron by the mill?")
    assert "Surely" not in json.dumps(events)
    assert [name for name, _ in events][-2:] == ["replace", "done"]
    answer = events[-1][1]["answer"]
    assert (answer["reason"], answer["citations"], answer["spans"]) == ("answer_filtered", [], [])
    assert events[-2][1]["text"] == answer["text"] == refusal_text("x", "answer_filtered", None)


@pytest.mark.usefixtures("birds")
def test_a_flagged_word_changes_nothing_and_is_recorded(api, runtime):
    use(runtime, "flag", "heron", "bluebird")
    answer = ask(api, "Where is the nest of the heron by the mill?")
    assert answer["text"].startswith(MILL)
    record = api.get("/v1/audit", params={"subject": answer["id"]}).json()["items"][0]
    counts = {verdict["place"]: verdict["count"] for verdict in record["body"]["verdicts"]}
    assert counts == {"question": 1, "output": 3}


@pytest.mark.usefixtures("birds")
def test_answers_over_the_protocol_of_openai_pass_the_same_filter(api, runtime):
    use(runtime, "mask", "bluebird")
    use(runtime, "block", "kestrel", name="hard")
    for question, stream in product(
        ("Where is the nest of the heron by the mill?", "kestrel?"), (False, True)
    ):
        message = {"role": "user", "content": question}
        body = {"model": "fathom:birds", "messages": [message], "stream": stream}
        said = api.post("/openai/v1/chat/completions", json=body).text
        assert ("content filter" if "kestrel" in question else MASK) in said
        assert "bluebird" not in said


@pytest.mark.usefixtures("birds")
def test_a_lexicon_works_from_the_next_question_on_and_until_it_is_switched_off(api, runtime):
    question = "Where is the nest of the heron by the mill?"
    use(runtime, "mask", "bluebird")
    assert MASK in ask(api, question)["text"]
    lexicons.change(runtime.db, "words", lexicons.Change(enabled=False))
    assert MASK not in ask(api, question)["text"]


class TestPersonalData:
    @pytest.fixture
    def settings(self, settings):
        safety = settings.safety.model_copy(update={"redact": ("output", "audit")})
        return settings.model_copy(update={"safety": safety})

    @pytest.mark.usefixtures("birds")
    def test_personal_data_is_unreadable_in_answers_hits_and_audit(self, api, runtime):
        answer = ask(api, "Where is the nest of the owl in the barn?")
        assert f"barn, says {MASK * 16}." in answer["text"]
        for said in (
            json.dumps(answer),
            found(api, "owl barn").text,
            api.get("/v1/audit/export").text,
            repr(stored.provenance(runtime, answer["id"], in_work=False)),
        ):
            assert "anna" not in said
        ask(api, "Does the owl write to bob@example.org about the barn?")
        assert "bob" not in api.get("/v1/audit/export").text
