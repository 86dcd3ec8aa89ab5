"""Outdated answers over REST and on the command line: listed, asked again, reviewed."""

import json
import time

import pytest

from tests.app.copying_generator import CopyingGenerator
from tests.app.texts import DUCKS, GEESE, upload

WETTER = DUCKS.replace(b"lays about ten eggs", b"lays about twelve eggs")


@pytest.fixture
def generator():
    return CopyingGenerator()


@pytest.fixture
def birds(api, work):
    made = api.post("/v1/collections", json={"name": "birds"}).json()["id"]
    upload(api, made, {"ducks.md": DUCKS, "geese.md": GEESE})
    work()
    return made


def ask(api, question="How many eggs lays a duck?"):
    reply = api.post("/v1/answers", json={"collections": ["birds"], "question": question})
    assert reply.status_code == 200, reply.text
    return reply.json()


def replace(api, work):
    upload(api, "birds", {"ducks.md": WETTER})
    work()


def test_an_outdated_answer_says_so_and_is_listed(api, work, birds):
    eggs, geese = ask(api), ask(api, "When do geese fly south?")
    assert (eggs["outdated"], eggs["renews"], eggs["renewed_by"]) == (None, None, None)
    replace(api, work)
    told = api.get(f"/v1/answers/{eggs['id']}").json()
    assert told["outdated"]["reason"] == "source_changed"
    assert [source["name"] for source in told["outdated"]["documents"]] == ["ducks.md"]
    found = {
        flag: api.get("/v1/answers", params={"outdated": flag}).json()["items"] for flag in (True, False)
    }
    assert [[answer["id"] for answer in items] for items in found.values()] == [[eggs["id"]], [geese["id"]]]
    whole = api.get("/v1/answers", params={"collection": "birds", "limit": 1}).json()
    assert ([item["id"] for item in whole["items"]], whole["has_more"]) == ([geese["id"]], True)
    rest = api.get("/v1/answers", params={"cursor": whole["next_cursor"]}).json()
    assert [item["id"] for item in rest["items"]] == [eggs["id"]]
    assert api.get("/v1/collections/birds/answers").json() == {"answers": 2, "outdated": 1}
    assert api.get("/v1/answers", params={"collection": "fish"}).json()["items"] == []


def test_an_answer_is_asked_again(api, work, birds):
    before = ask(api)
    replace(api, work)
    after = api.post(f"/v1/answers/{before['id']}/again", json={}).json()
    assert (after["text"], after["change"]) == ("A duck lays about twelve eggs.", "changed")
    assert after["renews"] == before["id"]
    assert api.get(f"/v1/answers/{before['id']}").json()["renewed_by"] == after["id"]
    assert api.get("/v1/answers", params={"outdated": True}).json()["items"] == []
    with api.stream("POST", f"/v1/answers/{after['id']}/again", json={"stream": True}) as reply:
        events = [line for line in reply.iter_lines() if line.startswith("event:")]
    assert events[-1] == "event: done"
    assert api.post("/v1/answers/ans_none/again", json={}).status_code == 404


def test_a_review_runs_in_the_server(api, work, birds):
    ask(api)
    ask(api, "When do geese fly south?")
    replace(api, work)
    begun = api.post("/v1/collections/birds/reviews")
    assert begun.status_code == 202
    path = f"/v1/reviews/{begun.json()['id']}"
    deadline = time.monotonic() + 20
    while (view := api.get(path).json())["state"] in {"queued", "running"} and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {name: view[name] for name in ("state", "total", "done", "changed", "same", "failed")} == {
        "state": "done", "total": 1, "done": 1, "changed": 1, "same": 0, "failed": 0,
    }  # fmt: skip
    (change,) = api.get(f"{path}/changes").json()["items"]
    assert change["before"]["renewed_by"] == change["after"]["id"]
    assert change["after"]["text"] == "A duck lays about twelve eggs."
    assert [one["id"] for one in api.get("/v1/collections/birds/reviews").json()["items"]] == [view["id"]]
    assert api.delete(path).status_code == 204
    assert api.get(path).json()["state"] == "done"
    assert api.get("/v1/reviews/rev_none").json()["code"] == "review_not_found"


def test_the_command_line_lists_asks_again_and_reviews(api, work, birds, fathom):
    answer = ask(api)["id"]
    assert fathom("answers", "list", "--outdated")[:2] == (0, "")
    replace(api, work)
    code, out, _ = fathom("answers", "list", "--outdated", "--collection", "birds")
    assert (code, out.split()[0]) == (0, answer)
    assert "[source changed: ducks.md]" in out
    code, out, _ = fathom("answers", "review", "birds")
    assert (code, out.splitlines()[-1]) == (0, "1 of 1 answers changed, 0 say the same.")
    assert "  + A duck lays about twelve eggs." in out
    code, out, _ = fathom("answers", "list", "--json")
    listed = json.loads(out)["items"]
    assert [(one["change"], one["renewed_by"] is None) for one in listed] == [
        ("changed", True),
        (None, False),
    ]
    code, out, _ = fathom("answers", "again", listed[0]["id"])
    assert (code, out.splitlines()[-1]) == (0, "It says the same.")
    assert fathom("answers", "again", "ans_none")[0] == 3
