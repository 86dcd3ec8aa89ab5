"""Certificates of answers, from asking to `fathom verify`: it holds, is derived again, and says what has changed."""

import json
from dataclasses import replace

import pytest

from tests.app.copying_generator import AttributingGenerator
from tests.app.texts import DUCKS, GEESE, upload

QUESTION = "How many eggs lays a duck?"


@pytest.fixture
def generator():
    return AttributingGenerator(spoil=" So they say.")


@pytest.fixture
def birds(api, work):
    made = api.post("/v1/collections", json={"name": "birds"}).json()["id"]
    upload(api, made, {"ducks.md": DUCKS, "geese.md": GEESE})
    work()
    return made


def ask(api, question=QUESTION, **more):
    reply = api.post("/v1/answers", json={"collections": ["birds"], "question": question, **more})
    assert reply.status_code == 200, reply.text
    return reply.json()["id"]


@pytest.fixture
def certified(api, birds, tmp_path):
    def write(answer, name="answer.json"):
        reply = api.get(f"/v1/answers/{answer}/certificate")
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-disposition"] == f'attachment; filename="{answer}.certificate.json"'
        (tmp_path / name).write_bytes(reply.content)
        return str(tmp_path / name)

    return write


def verdict(fathom, *arguments):
    code, out, _ = fathom("verify", *arguments, "--json")
    told = json.loads(out)
    return code, told["holds"], {one["check"]: one["verdict"] for one in told["checks"]}, told["derivation"]


def test_a_certificate_holds_against_the_originals_and_is_derived_again(api, certified, fathom, tmp_path):
    file = certified(ask(api))
    folder = tmp_path / "originals"
    folder.mkdir()
    (folder / "ducks.md").write_bytes(DUCKS)
    (tmp_path / "key.pem").write_text(api.get("/v1/certificate-key").json()["pem"])
    assert fathom("certify", "--public-key")[1] == (tmp_path / "key.pem").read_text()
    told = verdict(fathom, file, "--originals", str(folder), "--key", str(tmp_path / "key.pem"), "--derive")
    assert told[:2] == (0, True)
    assert told[2] == dict.fromkeys(
        ["form", "hash", "signature", "key", "citations", "ranges", "original of ducks.md"], "ok"
    )
    assert told[3] == "same"
    value = json.loads((tmp_path / "answer.json").read_bytes())
    assert {run["kind"] for run in value["answer"]["runs"]} == {"copied", "written"}
    assert value["derivation"]["model"] == "copying@1"


def test_a_certificate_is_checked_elsewhere_without_a_database(api, certified, fathom, tmp_path):
    file = certified(ask(api, filter={"document.name": {"eq": "ducks.md"}}, k=3, temperature=0.25))
    assert verdict(fathom, file)[3] == "same"
    (tmp_path / "home" / "fathom.db").rename(tmp_path / "elsewhere.db")
    assert verdict(fathom, file) == (
        0,
        True,
        {
            "form": "ok", "hash": "ok", "signature": "ok", "key": "not checked", "citations": "ok", "ranges": "ok",
            "originals": "not checked",
        },
        "not re-derived: there is no database here",
    )  # fmt: skip


def test_what_has_changed_since_is_said(api, work, certified, fathom, parts, monkeypatch):
    answer = ask(api)
    file = certified(answer)
    upload(api, "birds", {"ducks.md": DUCKS.replace(b"about ten", b"about twelve")})
    work()
    code, holds, _, again = verdict(fathom, file)
    assert (code, holds, again) == (0, True, "differs: another text, the collections have changed since")
    assert fathom("verify", file, "--derive")[0] == 6
    assert verdict(fathom, file, "--no-derive")[3] == "not re-derived: not asked for"
    reply = api.get(f"/v1/answers/{answer}/certificate")
    assert (reply.status_code, reply.json()["code"]) == (409, "certificate_sources_gone")

    class Other(AttributingGenerator):
        model_id = "other@1"

    other = replace(parts, generator=lambda _: Other())
    monkeypatch.setattr("app.composition.runtime.shipped_parts", lambda: other)
    assert verdict(fathom, file)[3] == "not re-derived: it was answered by copying@1, and other@1 is here"
    api.delete("/v1/collections/birds")
    assert verdict(fathom, file)[3] == "not re-derived: its collections are not here"


def test_a_refusal_has_a_certificate_too(api, certified, fathom, tmp_path):
    file = certified(ask(api, "Xylograph?"))
    assert verdict(fathom, file, "--derive")[:2] == (0, True)
    assert json.loads((tmp_path / "answer.json").read_bytes())["documents"] == []


def test_a_changed_file_does_not_hold(api, certified, fathom, tmp_path):
    file = certified(ask(api))
    (tmp_path / "answer.json").write_bytes(
        (tmp_path / "answer.json").read_bytes().replace(b"ten eggs", b"six eggs")
    )
    code, out, _ = fathom("verify", file)
    assert code == 6
    assert "FAILED  hash: The content was changed." in out
    assert "does NOT hold" in out


def test_the_command_line_writes_the_same_kind_of_file(api, birds, fathom, tmp_path):
    answer = ask(api)
    code, _, err = fathom("certify", answer, "-o", str(tmp_path / "cli.json"))
    assert (code, "cli.json is written." in err) == (0, True)
    assert verdict(fathom, str(tmp_path / "cli.json"))[:2] == (0, True)
    assert fathom("certify", "ans_none")[0] == 3
    assert fathom("certify")[0] == 2
