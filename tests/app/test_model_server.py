"""`generator = "openai"`: the same path, the same events, with a model server on a real socket behind them."""

import json
import threading
from dataclasses import replace

import httpx
import pytest
import uvicorn

from app.answers import run
from app.answers.accept import Ask
from app.answers.json_form import answer_as_json, event_data, event_name
from app.cli import main
from app.composition.runtime import build_runtime, shipped_parts
from app.errors import describe
from app.intake.record import Upload, record_uploads
from app.library import collections
from app.main import create_app
from app.search import searching
from app.search.scope import RankingChoice
from app.settings.reading import load_settings
from app.worker import Worker
from generator.errors import ModelServerError
from generator.quoting.prompt import REFUSALS
from tests.app.copying_generator import CopyingGenerator
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS
from tests.generator.openai.model_server import PATIENCE_S, chunk, completion, model_server, refusing, saying

QUESTION = "Which weeds do they eat?"
KEY = "sk-very-secret"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with one document, taken in once for all tests here."""
    home = tmp_path_factory.mktemp("model-server") / "home"
    runtime = build_runtime(load_settings(home=home), small_parts())
    collection = collections.create(runtime.db, name="birds").row.id
    record_uploads(runtime, collection, [Upload(name="ducks.md", blob=runtime.blobs.put(DUCKS))])
    Worker(runtime).run_pending()
    runtime.close()
    return home


def settings_for(home, server, **more):
    named = {"base_url": server.url, "model": "small", "api_key": KEY, "timeout_s": PATIENCE_S}
    return load_settings(home=home, generator="openai", openai=named, **more)


PARTS = replace(small_parts(), generator=shipped_parts().generator)


@pytest.fixture
def ask(home):
    """Asks with a server that answers so; gives answer, events and server."""

    def asked(*replies, question=QUESTION, stop=lambda server: None, **more):
        with model_server(*replies) as server:
            runtime = build_runtime(settings_for(home, server, **more), PARTS)
            try:
                events = []
                pending = run.begin(runtime, Ask(collections=("birds",), question=question))
                outcome = run.complete(
                    runtime,
                    pending,
                    lambda event: events.append((event_name(event), event_data(event))),
                    lambda: stop(server),
                )
            finally:
                runtime.close()
        return answer_as_json(outcome.answer), events, server

    return asked


def test_an_answer_cites_what_it_quotes_and_marks_what_nothing_backs(ask):
    answer, events, server = ask(
        saying("They eat weeds and insects [1]. Ducks also like pizza [1].", tokens=15)
    )
    assert answer["text"] == "They eat weeds and insects. Ducks also like pizza."
    (citation,) = answer["citations"]
    assert (citation["quote"], citation["document"]["name"]) == ("They eat weeds and insects.", "ducks.md")
    assert citation["end"] - citation["start"] == len(citation["quote"])
    (marked,) = answer["unsupported"]
    assert answer["text"][marked["answer_start"] : marked["answer_end"]] == "Ducks also like pizza."
    assert [span["kind"] for span in answer["spans"]] == ["copied", "written"]
    assert (answer["answerable"], answer["confidence"], answer["usage"]["generated_tokens"]) == (
        True,
        None,
        15,
    )
    assert answer["model"] == f"small@127.0.0.1:{server.url.split(':')[2].removesuffix('/v1')}"
    names = [name for name, _ in events]
    assert [name for name in names if name != "token"] == ["meta", "citation", "done"]
    assert "".join(data["text"] for name, data in events if name == "token") == answer["text"]


def test_the_server_gets_question_passages_and_settings(ask):
    _, _, server = ask(saying("Weeds."), answers={"temperature": 0.3, "max_new_tokens": 77})
    assert QUESTION in server.prompt
    assert "They eat weeds and insects." in server.prompt
    assert (server.seen[0].body["temperature"], server.seen[0].body["max_tokens"]) == (0.3, 77)
    assert server.seen[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_refusal_is_the_same_as_with_any_generator(ask):
    answer, events, _ = ask(saying(REFUSALS[0]))
    assert (answer["answerable"], answer["reason"]) == (False, "not_in_documents")
    assert answer["text"] == "No direct answer was found. The passages below come closest."
    assert answer["nearest"][0]["document"]["name"] == "ducks.md"
    assert (answer["citations"], answer["unsupported"]) == ([], [])
    assert [name for name, _ in events] == ["meta", "token", "done"]


def test_a_late_refusal_takes_back_what_was_shown(ask):
    _, events, _ = ask(saying("Well, hm. ", REFUSALS[0]))
    assert [name for name, _ in events][-2:] == ["replace", "done"]


def test_an_invented_quote_is_never_a_citation(ask):
    answer, _, _ = ask(saying('The guide says "ducks bark at night" [1].'))
    assert answer["citations"] == []
    assert answer["unsupported"] == [{"answer_start": 0, "answer_end": len(answer["text"])}]


def test_stopping_while_the_server_is_silent_hangs_up(ask):
    def silent(conversation):
        conversation.start()
        conversation.send(chunk("They eat weeds and insects. But"))
        conversation.wait_for_client_to_leave()
        left.set()

    left = threading.Event()
    answer, _, _ = ask(silent, stop=lambda server: "stopped" if server.asked.is_set() else None)
    assert answer["status"] == "cancelled"
    assert left.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("reply", "code", "status", "hint"),
    [
        (refusing(401, b""), "model_server_key", 502, "FATHOM_OPENAI__API_KEY"),
        (refusing(404, b""), "model_server_not_found", 502, "FATHOM_OPENAI__MODEL"),
        (refusing(429, b"", retry_after="7"), "model_server_busy", 503, "Wait"),
        (
            refusing(400, {"error": "context"}),
            "model_server_refused",
            502,
            "FATHOM_RETRIEVAL__CONTEXT_TOKENS",
        ),
        (refusing(500, b""), "model_server_failed", 502, "log of the model server"),
    ],
)
def test_failures_say_what_to_do(ask, reply, code, status, hint):
    with pytest.raises(ModelServerError) as error:
        ask(reply)
    failure = describe(error.value)
    assert (failure.code, failure.status) == (code, status)
    assert hint in failure.hint
    assert failure.retry_after_s == (7 if code == "model_server_busy" else None)


@pytest.fixture
def serve(home):
    """A running API in front of a model server."""
    running = []

    def start(server):
        app = create_app(settings_for(home, server), PARTS)
        config = uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=2)
        api = uvicorn.Server(config)
        thread = threading.Thread(target=api.run, daemon=True)
        thread.start()
        running.append((api, thread))
        while not api.started:
            assert thread.is_alive()
        port = api.servers[0].sockets[0].getsockname()[1]
        return httpx.Client(base_url=f"http://127.0.0.1:{port}/v1", timeout=PATIENCE_S)

    yield start
    for api, thread in running:
        api.should_exit = True
        thread.join(PATIENCE_S)


def events_of(lines, until="done"):
    event = ""
    for line in lines:
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield event, json.loads(line.removeprefix("data: "))
            if event == until:
                return


BODY = {"collections": ["birds"], "question": QUESTION, "stream": True}


def test_over_rest_a_sentence_arrives_before_the_next_is_written(serve):
    go_on = threading.Event()

    def reply(conversation):
        conversation.start()
        conversation.send(chunk("They eat weeds and insects. "), chunk("A"))
        assert go_on.wait(PATIENCE_S)
        conversation.send(chunk(" duck lays about ten eggs."), *completion())

    with (
        model_server(reply) as server,
        serve(server) as client,
        client.stream("POST", "/answers", json=BODY) as got,
    ):
        lines = got.iter_lines()
        *_, (_, token) = events_of(lines, "token")
        assert token == {"text": "They eat weeds and insects.", "kind": "copied"}
        go_on.set()
        *_, (_, done) = events_of(lines)
    assert [c["n"] for c in done["answer"]["citations"]] == [1, 2]
    assert done["answer"]["unsupported"] == []


def test_over_rest_stopping_closes_the_connection_to_the_server(serve):
    def silent(conversation):
        conversation.wait_for_client_to_leave()

    with (
        model_server(silent) as server,
        serve(server) as client,
        client.stream("POST", "/answers", json=BODY) as got,
    ):
        lines = got.iter_lines()
        *_, (_, meta) = events_of(lines, "meta")
        assert server.asked.wait(PATIENCE_S)
        assert client.delete(f"/answers/{meta['id']}/stream").status_code == 204
        assert server.left.wait(PATIENCE_S)
        *_, (_, done) = events_of(lines)
    assert done["answer"]["status"] == "cancelled"


def test_over_rest_a_server_that_breaks_off_ends_the_stream_with_a_problem(serve):
    def cut(conversation):
        conversation.start()
        conversation.send(chunk("They eat weeds and insects. A duck"))

    with model_server(cut) as server, serve(server) as client:
        with client.stream("POST", "/answers", json=BODY) as got:
            events = list(events_of(got.iter_lines(), "error"))
        assert [name for name, _ in events] == ["meta", "token", "token", "citation", "error"]
        problem = events[-1][1]["problem"]
        assert (problem["code"], problem["status"]) == ("model_server_failed", 502)
        whole = client.post("/answers", json=BODY | {"stream": False})
        assert (whole.status_code, whole.json()["code"]) == (502, "model_server_failed")


def test_reranking_is_done_by_the_model_that_ships(home, monkeypatch):
    monkeypatch.setattr("app.composition.generators._load_fathom_small", lambda settings: CopyingGenerator())
    with model_server(saying("x")) as server:
        runtime = build_runtime(settings_for(home, server), PARTS)
        found = searching.as_wire(
            searching.search(runtime, ["birds"], "duck eggs", choice=RankingChoice(rerank=True))
        )
        runtime.close()
        assert "rerank" in found["hits"][0]["scores"]
        assert server.seen == []


@pytest.fixture
def doctor(home, monkeypatch, capsys, tmp_path):
    """Runs `fathom doctor` against a server; gives exit code and report."""
    monkeypatch.setattr("app.composition.runtime.shipped_parts", lambda: PARTS)
    monkeypatch.chdir(tmp_path)

    def run(url):
        monkeypatch.setenv("FATHOM_GENERATOR", "openai")
        monkeypatch.setenv("FATHOM_OPENAI__BASE_URL", url)
        monkeypatch.setenv("FATHOM_OPENAI__MODEL", "small")
        monkeypatch.setenv("FATHOM_OPENAI__API_KEY", KEY)
        with pytest.raises(SystemExit) as ended:
            main(["--home", str(home), "doctor", "--json"])
        printed = capsys.readouterr().out
        assert KEY not in printed
        report = json.loads(printed)
        (check,) = (check for check in report["checks"] if check["name"] == "model server")
        return ended.value.code, check, report

    return run


def test_the_doctor_asks_the_server_and_masks_the_key(doctor):
    with model_server(
        refusing(200, {"data": [{"id": "small"}]}), refusing(200, {"data": [{"id": "big"}]})
    ) as server:
        code, check, report = doctor(server.url)
        assert (code, check["ok"]) == (0, True)
        assert "has small" in check["detail"]
        assert report["settings"]["FATHOM_OPENAI__API_KEY"] == "**********"
        _, check, _ = doctor(server.url)
        assert "does not list small; it lists big" in check["detail"]


def test_the_doctor_says_when_nobody_is_there(doctor, free_port):
    code, check, _ = doctor(f"http://127.0.0.1:{free_port}/v1")
    assert (code, check["ok"]) == (5, False)
    assert "FATHOM_OPENAI__BASE_URL" in check["detail"]
