"""Lexicons and the audit trail over REST and on the command line."""

import json

import pytest
from fastapi.testclient import TestClient


def put(api: TestClient, name: str = "secret", level: str = "mask", **more: object) -> dict:
    body = {"level": level, "words": ["青鸟计划", "bluebird"], **more}
    reply = api.put(f"/v1/lexicons/{name}", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_a_lexicon_is_made_changed_exported_and_deleted(api):
    assert put(api)["version"] == 1
    assert put(api)["version"] == 2
    changed = api.patch(
        "/v1/lexicons/secret", json={"level": "flag", "add": ["x1"], "remove": ["bluebird"]}
    ).json()
    assert (changed["version"], changed["level"], changed["words"]) == (3, "flag", 2)
    whole = api.get("/v1/lexicons/secret").json()
    assert whole["words"] == ["x1", "青鸟计划"]
    copy = {key: whole[key] for key in ("level", "words", "enabled", "pinyin")}
    assert api.put("/v1/lexicons/copy", json=copy).status_code == 200
    assert api.get("/v1/lexicons/copy").json()["checksum"] == whole["checksum"]
    assert [one["name"] for one in api.get("/v1/lexicons").json()["items"]] == ["copy", "secret"]
    assert api.delete("/v1/lexicons/secret").status_code == 204
    assert api.get("/v1/lexicons/secret").json()["code"] == "lexicon_not_found"


def test_the_test_box_shows_what_the_lexicons_in_use_do(api):
    text = "About Blue\u200bbird and 青鳥計劃."
    assert api.post("/v1/lexicons/try", json={"text": text}).json() == {
        "level": None,
        "text": text,
        "matches": [],
    }
    put(api)
    done = api.post("/v1/lexicons/try", json={"text": text}).json()
    assert done["text"] == "About █████████ and ████."
    assert [(match["start"], match["end"], match["word"]) for match in done["matches"]] == [
        (6, 15, "bluebird"),
        (20, 24, "青鸟计划"),
    ]
    put(api, "hard", "block")
    assert api.post("/v1/lexicons/try", json={"text": text}).json()["level"] == "block"
    for name in ("hard", "secret"):
        api.patch(f"/v1/lexicons/{name}", json={"enabled": False})
    assert api.post("/v1/lexicons/try", json={"text": text}).json()["level"] is None


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("a", {"level": "mask", "words": ["。"]}, "bad_word"),
        ("a", {"level": "mask", "words": ["x" * 201]}, "invalid_request"),
        ("a", {"level": "hide", "words": []}, "invalid_request"),
        ("a%0Ab", {"level": "mask", "words": []}, "bad_lexicon_name"),
        ("%20a", {"level": "mask", "words": []}, "bad_lexicon_name"),
    ],
)
def test_what_can_not_be_a_lexicon_is_told(api, name, body, code):
    reply = api.put(f"/v1/lexicons/{name}", json=body)
    assert (reply.status_code, reply.json()["code"]) == (422, code)


def test_each_change_of_a_lexicon_is_a_record_of_the_trail(api):
    put(api)
    api.patch("/v1/lexicons/secret", json={"enabled": False})
    api.delete("/v1/lexicons/secret")
    records = api.get("/v1/audit", params={"limit": 2}).json()
    assert [one["event"] for one in records["items"]] == ["lexicon.deleted", "lexicon.changed"]
    older = api.get("/v1/audit", params={"limit": 2, "cursor": records["next_cursor"]}).json()
    assert [one["body"]["version"] for one in older["items"]] == [1]
    assert api.get("/v1/audit", params={"event": "lexicon.deleted"}).json()["items"][0]["seq"] == 3
    assert api.get("/v1/audit", params={"cursor": "x"}).json()["code"] == "bad_cursor"


def test_the_trail_is_verified_and_exported_over_rest(api):
    put(api)
    head = api.get("/v1/audit/head").json()
    put(api)
    verdict = api.post("/v1/audit/verify", json={"heads": [head]}).json()
    assert (verdict["whole"], verdict["last"], verdict["found"]) == (True, 2, [])
    forged = api.post("/v1/audit/verify", json={"heads": [head | {"hash": "0" * 64}]}).json()
    assert [(one["seq"], one["last"], one["kind"]) for one in forged["found"]] == [(1, 1, "rehashed")]
    lines = api.get("/v1/audit/export").text.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2]


def test_the_command_line_does_the_same(fathom, tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("# projects\nbluebird,\n\n青鸟计划\n", encoding="utf-8-sig")
    assert fathom("lexicons", "import", "secret", str(file), "--level", "block")[0] == 0
    code, out, _ = fathom("lexicons", "try", "b l u e b i r d", "--json")
    assert (code, json.loads(out)["level"]) == (0, "block")
    code, out, _ = fathom("lexicons", "export", "secret")
    exported = tmp_path / "export.json"
    exported.write_text(out, encoding="utf-8")
    assert json.loads(out)["words"] == ["bluebird", "青鸟计划"]
    assert fathom("lexicons", "import", "again", str(exported))[0] == 0
    assert fathom("lexicons", "set", "again", "--no-use", "--add", "heron")[0] == 0
    code, out, _ = fathom("lexicons", "list", "--json")
    assert [(one["name"], one["words"], one["enabled"]) for one in json.loads(out)] == [
        ("again", 3, False),
        ("secret", 2, True),
    ]
    assert fathom("lexicons", "delete", "again")[0] == 0
    file.write_bytes(b"\xff\xfe\x00")
    assert fathom("lexicons", "import", "x", str(file))[0] == 2


def test_the_command_line_verifies_the_trail_against_a_kept_head(fathom, tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("bluebird")
    fathom("lexicons", "import", "secret", str(file))
    kept = tmp_path / "head.json"
    kept.write_text(fathom("audit", "head")[1])
    code, out, _ = fathom("audit", "verify", "--head", str(kept))
    assert code == 0
    assert "as it was written" in out
    kept.write_text(kept.read_text().replace('"seq": 1', '"seq": 7'))
    code, out, _ = fathom("audit", "verify", "--head", str(kept))
    assert code == 6
    assert "rows 2 to 7: removed" in out
    kept.write_text("nothing")
    assert fathom("audit", "verify", "--head", str(kept))[0] == 2
    assert len(fathom("audit", "export")[1].splitlines()) == 1
    assert "1 records are deleted" in fathom("audit", "prune", "--older-than", "0", "--yes")[1]
    assert fathom("audit", "verify")[0] == 0
