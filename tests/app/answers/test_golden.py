"""Golden questions: asked after each change, once for many; a new encoder waits for them in the shadow."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.answers import golden, golden_runs
from app.answers.golden import Place, Wish
from app.answers.golden_runs import StoppedError
from app.composition.runtime import Runtime, build_runtime
from app.db import golden as rows
from app.db.audit import walk
from app.db.models import Answer
from app.db.types import utc_now
from app.errors import AnswerNotFoundError, ConflictError, InvalidInputError, NotFoundError
from app.intake import reembedding
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.search import searching
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.copying_generator import CopyingGenerator
from tests.app.doubles import CountingEmbedder, NewEmbedder, small_parts
from tests.app.library.test_erasing import holding
from tests.app.texts import DUCKS, GEESE, upload

FILES = {"ducks.md": DUCKS, "geese.md": GEESE}
EAT, EGGS = "They eat weeds and insects.", "A duck lays about ten eggs."


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def opened(request, tmp_path):
    """Opens the home with one encoder or the other, as a process started with it would."""
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
    runtimes = []

    def start(embedder=None, **settings) -> Runtime:
        parts = replace(small_parts(embedder), generator=lambda _: CopyingGenerator())
        configured = load_settings(home=tmp_path / "home", database_url=url, **settings)
        runtimes.append(build_runtime(configured, parts))
        return runtimes[-1]

    yield start
    for runtime in runtimes:
        runtime.close()


def add(runtime, collection, files):
    """Upload files; gives the ids of their documents."""
    uploads = [Upload(name=name, blob=runtime.blobs.put(data)) for name, data in files.items()]
    taken = record_uploads(runtime, collection, uploads)
    Worker(runtime).run_pending()
    return [one.view.document.id for one in taken]


def place(runtime, document, quote):
    _, content = documents.content(runtime.db, document)
    start = content.text.index(quote)
    return Place(document_id=document, start=start, end=start + len(quote))


@pytest.fixture
def birds(opened):
    """A runtime, a collection with three golden questions, and its documents."""
    runtime = opened()
    collection = collections.create(runtime.db, name="birds").row.id
    ducks, geese = add(runtime, collection, FILES)
    for wish in (
        Wish(question="Which weeds and insects do they eat?", places=(place(runtime, ducks, EAT),)),
        Wish(question="Which wedge do they form?", expected=("they form a WEDGE",)),
        Wish(question="Why is granite hard?", answerable=False),
    ):
        golden.add(runtime, collection, wish)
    return runtime, collection, ducks, geese


def looked(runtime):
    golden_runs.run_due(runtime)


def runs(runtime, collection):
    return golden_runs.runs(runtime.db, collection, None, 50).items


def test_each_question_is_judged_by_all_that_is_known_of_its_answer(birds):
    runtime, collection, *_ = birds
    told = golden_runs.run_now(runtime, collection)
    assert (told.run.passed, told.run.total, told.share) == (3, 3, 1.0)
    eats, wedge, granite = told.run.results
    assert (eats["found"], eats["rank"], eats["said"]) == (True, 1, None)
    assert (wedge["found"], wedge["said"]) == (None, True)
    assert (granite["answered"], granite["found"], granite["said"]) == (True, None, None)
    golden.add(runtime, collection, Wish(question="Which wedge do they form?", expected=("a square",)))
    worse = golden_runs.run_now(runtime, collection)
    assert (worse.run.passed, worse.run.total) == (3, 4)
    assert worse.newly_failed == [] and worse.before == told.run.id


def test_a_run_stores_no_answer_and_no_text(birds):
    runtime, collection, *_ = birds
    with runtime.db.read() as session:
        recorded = len(list(walk(session)))
    golden_runs.run_now(runtime, collection)
    with runtime.db.read() as session:
        assert session.query(Answer).count() == 0
        assert len(list(walk(session))) == recorded
        told = rows.newest(session, collection)
    assert "weeds" not in json.dumps([dict(one) for one in told.results])


def test_many_changes_end_in_one_run_and_none_in_none(birds):
    runtime, collection, *_ = birds
    looked(runtime)
    looked(runtime)
    assert [(one.reason, one.state, one.passed) for one in runs(runtime, collection)] == [
        ("questions", "done", 3)
    ]
    for number in range(3):
        add(runtime, collection, {f"swan {number}.md": b"# Swan\n\nThe swan sings.\n"})
    uploads = [Upload(name="late.md", blob=runtime.blobs.put(b"# Late\n\nIt came late.\n"))]
    record_uploads(runtime, collection, uploads)
    looked(runtime)
    assert len(runs(runtime, collection)) == 1, "while a document waits nothing is asked"
    Worker(runtime).run_pending()
    looked(runtime)
    assert [one.reason for one in runs(runtime, collection)] == ["documents", "questions"]
    golden.add(runtime, collection, Wish(question="Where do ducks swim?", expected=("ponds",)))
    looked(runtime)
    assert runs(runtime, collection)[0].reason == "questions"


def test_what_a_change_breaks_is_named(birds):
    runtime, collection, _, geese = birds
    looked(runtime)
    documents.delete(runtime, geese)
    looked(runtime)
    now = runs(runtime, collection)[0]
    told = golden_runs.report(runtime.db, collection, now.id)
    wedge = golden.questions(runtime.db, collection)[1].id
    assert (told.run.passed, told.newly_failed, told.newly_passed) == (2, [wedge], [])
    add(runtime, collection, {"geese.md": GEESE})
    looked(runtime)
    told = golden_runs.report(runtime.db, collection, runs(runtime, collection)[0].id)
    assert (told.newly_failed, told.newly_passed) == ([], [wedge])


def test_another_model_is_a_change(birds, monkeypatch):
    runtime, collection, *_ = birds
    looked(runtime)
    monkeypatch.setattr(type(runtime.generator), "model_id", "copying@2")
    looked(runtime)
    assert [one.reason for one in runs(runtime, collection)] == ["model", "questions"]


def test_a_run_of_a_process_that_died_is_done_again_and_one_that_is_stopped_waits(birds):
    runtime, collection, *_ = birds
    golden_runs.plan(runtime)
    with runtime.db.write() as session:
        held = rows.claim(session, utc_now(), -1.0)
    with pytest.raises(StoppedError):
        golden_runs.finish_run(runtime, held, lambda: True)
    assert golden_runs.work(runtime)
    (one,) = runs(runtime, collection)
    assert (one.id, one.state) == (held.id, "done")
    golden_runs.start(runtime, collection)
    assert golden_runs.work(runtime, lambda: True)
    assert runs(runtime, collection)[0].state == "queued"


def test_a_run_that_can_not_be_done_says_why(birds, monkeypatch):
    runtime, collection, *_ = birds

    def broken(*_):
        raise RuntimeError("no more")
        yield

    monkeypatch.setattr(runtime.generator, "stream", broken)
    looked(runtime)
    (one,) = runs(runtime, collection)
    assert (one.state, one.error) == ("failed", "internal_error")
    looked(runtime)
    assert len(runs(runtime, collection)) == 1, "it is not tried for ever"


# ------------------------------------------------------------------ another encoder
def dense(runtime, collection):
    return searching.search(runtime, [collection], "ducks", k=3).retrieved.stages["dense"]


class Blind(NewEmbedder):
    """Another encoder, by which nothing is found where words fail."""

    model_id = "blind@1"


def test_a_new_encoder_is_searched_by_only_once_the_questions_pass(birds, opened):
    old, collection, *_ = birds
    assert dense(old, collection)
    looked(old)
    old.close()
    new = opened(NewEmbedder())
    worker = Worker(new)
    worker.plan()
    assert worker.run_pending() == len(FILES)
    assert dense(new, collection) == [], "complete, and held back"
    assert golden_runs.is_held_back(new.db, collection, new.encoder_id)
    with pytest.raises(ConflictError):
        golden_runs.release(new.db, collection, new.encoder_id, force=False)
    looked(new)
    assert runs(new, collection)[0].reason == "encoder"
    assert dense(new, collection), "they passed"
    golden_runs.check_released(new.db, new.encoder_id)
    new.close()
    assert dense(opened(CountingEmbedder()), collection), "the way back is open"


def test_an_encoder_that_fails_stays_in_the_shadow_until_somebody_forces_it(
    birds, opened, fathom, monkeypatch
):
    old, collection, *_ = birds
    golden.add(old, collection, Wish(question="Which wedge do they form?", expected=("a square",)))
    old.close()
    new = opened(Blind())
    assert reembedding.embed_all(new, None, lambda *_: None) == len(FILES)
    (tried,) = golden_runs.try_encoder(new, None, force=False)
    assert (tried.collection, tried.passed, tried.total, tried.released) == ("birds", 3, 4, False)
    assert dense(new, collection) == []
    with pytest.raises(ConflictError, match="hold 1 collections back"):
        golden_runs.check_released(new.db, new.encoder_id)
    looked(new)
    assert dense(new, collection) == [], "nor does the next look let it through"
    golden_runs.release(new.db, collection, new.encoder_id, force=True)
    assert dense(new, collection)


def test_the_share_that_has_to_pass_is_set(birds, opened):
    old, collection, *_ = birds
    golden.add(old, collection, Wish(question="Which wedge do they form?", expected=("a square",)))
    old.close()
    new = opened(NewEmbedder(), golden={"share": 0.7})
    reembedding.embed_all(new, None, lambda *_: None)
    (tried,) = golden_runs.try_encoder(new, "birds", force=False)
    assert (tried.passed, tried.total, tried.released) == (3, 4, True)


def test_vectors_that_are_not_complete_are_released_by_no_run(birds, opened):
    old, collection, *_ = birds
    old.close()
    new = opened(NewEmbedder())
    golden_runs.run_now(new, collection, "encoder")  # by words alone, which find everything
    assert golden_runs.is_held_back(new.db, collection, new.encoder_id)


def test_a_collection_without_questions_waits_for_nothing(opened):
    old = opened(CountingEmbedder())
    collection = collections.create(old.db, name="birds").row.id
    add(old, collection, FILES)
    old.close()
    new = opened(NewEmbedder())
    reembedding.embed_all(new, None, lambda *_: None)
    assert dense(new, collection)


def test_the_command_embeds_tries_and_ends_with_6_where_the_questions_fail(fathom, parts, monkeypatch):
    def command(embedder, *arguments):
        made = replace(small_parts(embedder), generator=lambda _: CopyingGenerator())
        monkeypatch.setattr("app.composition.runtime.shipped_parts", lambda: made)
        return fathom(*arguments)

    Path("ducks.md").write_bytes(DUCKS)
    old, new = CountingEmbedder(), NewEmbedder()
    assert command(old, "ingest", "birds", "ducks.md")[0] == 0
    code, out, _ = command(old, "golden", "add", "birds", "Which weeds do they eat?", "--expected", "weeds")
    assert (code, out[:5]) == (0, "gold_")
    assert command(old, "golden", "add", "birds", "Do ducks swim?", "--expected", "never")[0] == 0
    assert command(old, "golden", "add", "birds", "x y", "--passage", "nowhere")[0] == 2
    code, out, _ = command(new, "index", "reembed", "--json")
    assert code == 6
    assert json.loads(out)["golden"] == [{"collection": "birds", "passed": 1, "total": 2, "released": False}]
    assert command(new, "index", "prune")[0] == 4
    assert "hold the encoder in use back" in command(new, "golden", "list", "birds")[1]
    assert command(new, "golden", "release", "birds")[0] == 4
    assert command(new, "index", "reembed", "--force")[0] == 0
    assert command(new, "index", "prune")[0] == 0
    code, out, _ = command(new, "golden", "run", "birds")
    assert (code, "1 of 2 pass" in out) == (6, True)
    last = json.loads(command(new, "golden", "list", "birds", "--json")[1])["items"][-1]["id"]
    assert command(new, "golden", "remove", "birds", last)[0] == 0
    assert command(new, "golden", "remove", "birds", last)[0] == 3
    assert command(new, "golden", "run", "birds", "--json")[0] == 0
    assert len(json.loads(command(new, "golden", "runs", "birds", "--json")[1])["items"]) == 4


# ------------------------------------------------------------------ where questions come from
@pytest.fixture
def generator():
    return CopyingGenerator()


def test_questions_come_by_hand_from_answers_and_from_feedback(api, work):
    collection = api.post("/v1/collections", json={"name": "birds"}).json()["id"]
    ducks = upload(api, collection, FILES).json()["documents"][0]["id"]
    work()

    def ask(question):
        return api.post("/v1/answers", json={"collections": [collection], "question": question}).json()["id"]

    def keep(**body):
        return api.post("/v1/collections/birds/golden", json=body)

    good, wrong, refused = ask("Which weeds do they eat?"), ask("Do ducks swim?"), ask("Why is granite hard?")
    feedback = {"rating": -1, "expected": "on ponds"}
    assert keep(answer_id=good).json()["source"] == "answer"
    api.post(f"/v1/answers/{wrong}/feedback", json={"rating": -1})
    assert keep(answer_id=wrong).json()["code"] == "answer_not_golden"
    api.post(f"/v1/answers/{wrong}/feedback", json=feedback)
    made = keep(answer_id=wrong).json()
    assert (made["source"], made["expected"], made["passages"]) == ("feedback", ["on ponds"], [])
    assert keep(answer_id=refused).json()["answerable"] is False
    assert keep(answer_id="ans_none").json()["code"] == "answer_not_found"
    assert keep(question=" ").status_code == 422
    elsewhere = [{"document_id": ducks, "start": 0, "end": 99_999}]
    assert keep(question="Which eggs?", passages=elsewhere).json()["code"] == "bad_passage"
    listed = api.get("/v1/collections/birds/golden").json()
    assert (listed["held_back"], len(listed["items"])) == (False, 3)
    run = api.post("/v1/collections/birds/golden/runs").json()
    assert run["state"] == "queued"
    assert api.post("/v1/collections/birds/golden/runs").json()["id"] == run["id"]
    golden_runs.run_due(api.app.state.runtime)
    told = api.get(f"/v1/collections/birds/golden/runs/{run['id']}").json()
    assert (told["state"], told["total"], told["before"]) == ("done", 3, None)
    assert [one["id"] for one in api.get("/v1/collections/birds/golden/runs").json()["items"]] == [run["id"]]
    assert api.post("/v1/collections/birds/golden/release", json={"force": True}).status_code == 204
    for item in listed["items"]:
        assert api.delete(f"/v1/collections/birds/golden/{item['id']}").status_code == 204
    assert api.delete(f"/v1/collections/birds/golden/{item['id']}").status_code == 404
    assert api.get("/v1/collections/birds/golden/runs/run_none").status_code == 404


def test_erasing_a_document_takes_its_passages_and_expected_texts_along(api, work, settings):
    collection = api.post("/v1/collections", json={"name": "birds"}).json()["id"]
    ducks = upload(api, collection, FILES).json()["documents"][0]["id"]
    work()
    text = api.get(f"/v1/documents/{ducks}/content").json()["text"]
    start = text.index(EGGS)
    passage = {"document_id": ducks, "start": start, "end": start + len(EGGS)}
    body = {"question": "How many?", "passages": [passage], "expected": ["ten-feathered-secret"]}
    assert api.post("/v1/collections/birds/golden", json=body).status_code == 201
    assert holding(settings.home, "ten-feathered-secret") != []
    assert api.delete(f"/v1/documents/{ducks}", params={"erase": True}).is_success
    (question,) = api.get("/v1/collections/birds/golden").json()["items"]
    assert (question["passages"], question["expected"]) == ([], [])
    assert holding(settings.home, EGGS) == holding(settings.home, "ten-feathered-secret") == []


def test_what_is_not_there_is_told(birds):
    runtime, collection, *_ = birds
    with pytest.raises(NotFoundError):
        golden.questions(runtime.db, "none")
    with pytest.raises(AnswerNotFoundError):
        golden.add_answer(runtime, collection, "ans_none")
    with pytest.raises(InvalidInputError):
        golden.add(runtime, collection, Wish(question="?"))
