"""Bad input through REST: each ends in a clear problem, nothing is lost, and the next job runs."""

import json
import re

import pytest
from fastapi.testclient import TestClient

from tests.app.texts import DUCKS, upload
from tests.bad_input import BAD_FILES, LAW, MIXED_ENCODINGS

PROBLEM = "application/problem+json"


@pytest.fixture
def birds(api: TestClient) -> str:
    return str(api.post("/v1/collections", json={"name": "birds"}).json()["id"])


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_fails_with_a_reason_and_the_next_one_is_taken(api, birds, work, case):
    file = BAD_FILES[case]
    reply = upload(api, birds, {file.name: file.data, "ducks.md": DUCKS})
    assert reply.status_code == 202
    assert work() == 2
    documents = api.get(f"/v1/collections/{birds}/documents").json()["items"]
    bad, good = sorted(documents, key=lambda d: d["name"] == "ducks.md")
    assert bad["status"] == "failed"
    assert bad["error"]["code"] in file.codes, bad["error"]
    assert bad["error"]["message"]
    assert bad["error"]["hint"]
    assert good["status"] == "ready"
    original = api.get(f"/v1/documents/{bad['id']}/content", params={"format": "original"})
    assert original.content == file.data, "what can't be read is kept as it came"


def test_lines_in_two_encodings_are_read_each_in_its_own(api, birds, work):
    upload(api, birds, {"law.txt": MIXED_ENCODINGS})
    work()
    document = api.get(f"/v1/collections/{birds}/documents").json()["items"][0]
    assert document["status"] == "ready", document["error"]
    assert api.get(f"/v1/documents/{document['id']}/content").json()["text"] == LAW * 6


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16", "utf-8-sig"])
def test_encodings_are_detected(api, birds, work, encoding):
    text = "鴨子在池塘裡游泳。牠們吃水草和昆蟲。" * 8
    upload(api, birds, {"ducks.txt": text.encode(encoding)})
    work()
    document = api.get(f"/v1/collections/{birds}/documents").json()["items"][0]
    assert document["status"] == "ready", document["error"]
    assert "鴨子在池塘裡游泳" in api.get(f"/v1/documents/{document['id']}/content").json()["text"]


def problem_of(reply) -> dict:
    assert reply.headers["content-type"] == PROBLEM, reply.text
    body = reply.json()
    assert set(body) >= {"type", "title", "status", "detail", "instance", "code", "hint", "request_id"}
    assert body["status"] == reply.status_code
    assert body["request_id"] == reply.headers["x-request-id"]
    return body


# Bodies where an empty object is refused before any id is looked up.
STORE = "/openai/v1/vector_stores/{collection}"
BODIES = {
    "/v1/collections/{collection}/sync": {"files": [{"path": "a.txt", "sha256": "0" * 64}]},
    "/v1/collections/{collection}/grants": {"user": "nobody", "role": "reader"},
    "/v1/collections/{collection}/golden": {"question": "What do ducks eat?", "expected": ["weeds"]},
    "/v1/documents/{document_id}/chunks/{chunk_id}": {"enabled": False},
    "/v1/webhooks/{webhook_id}": {"enabled": True},
    f"{STORE}/search": {"query": "ducks"},
    f"{STORE}/files": {"file_id": "nothing"},
    f"{STORE}/files/{{store_file}}": {"attributes": {}},
    f"{STORE}/file_batches": {"file_ids": ["nothing"]},
}


def test_every_route_answers_an_unknown_id_with_a_problem(api):
    """The routes are those of the application itself, so that none is forgotten."""
    tried, wrong = 0, []
    for path, operations in api.get("/openapi.json").json()["paths"].items():
        if "{" not in path or "answers" in path:
            continue
        for method in operations:
            if (method, path) == ("put", "/v1/lexicons/{lexicon}"):  # it makes what is not there
                continue
            url = re.sub(r"\{\w+\}", "nothing", path.replace("{chunk_id}", "7"))
            if "multipart/form-data" in operations[method].get("requestBody", {}).get("content", {}):
                reply = api.request(method, url, files={"files": ("a.txt", b"text")})
            else:
                body = BODIES.get(path, {})
                reply = api.request(method, url, json=body if method in {"patch", "post"} else None)
            code = (reply.json()["error"] if path.startswith("/openai/") else problem_of(reply))["code"]
            if (reply.status_code, code.rpartition("_not_")[2]) != (404, "found"):
                wrong.append((method, path, reply.text))
            tried += 1
    assert not wrong, "\n".join(map(str, wrong))
    assert tried >= 12


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nowhere", 404, "not_found"),
        ("PUT", "/v1/collections", 405, "method_not_allowed"),
        ("POST", "/v1/collections", 422, "invalid_request"),
        ("GET", "/v1/collections?limit=0", 422, "invalid_request"),
        ("GET", "/v1/collections?cursor=%%%", 422, "bad_cursor"),
    ],
)
def test_protocol_errors_are_problems(api, method, path, status, code):
    body = problem_of(api.request(method, path))
    assert (body["status"], body["code"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1]", b'{"name": ""}', b'{"name": "a/b"}', b'{"name": "x", "oops": 1}', b'{"name": "a\\u0001"}'],
)
def test_bad_json_is_told_field_by_field(api, body):
    reply = api.post("/v1/collections", content=body, headers={"Content-Type": "application/json"})
    told = problem_of(reply)
    assert told["status"] == 422
    assert told["errors"]


def test_a_name_that_is_taken_is_a_conflict(api, birds):
    assert problem_of(api.post("/v1/collections", json={"name": "birds"}))["code"] == "collection_exists"


def test_an_unexpected_error_tells_no_details(api, monkeypatch):
    def broken(*_args: object) -> None:
        raise KeyError("secret internals")

    monkeypatch.setattr("app.library.collections.page", broken)
    reply = api.get("/v1/collections")
    assert problem_of(reply)["code"] == "internal_error"
    assert "secret" not in reply.text


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        (b"text", "text/plain", "not_multipart"),
        (b"", "multipart/form-data; boundary=x", "upload_cut_off"),
        (b"no boundary at all", "multipart/form-data; boundary=x", "bad_multipart"),
        (
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nhalf',
            "multipart/form-data; boundary=x",
            "upload_cut_off",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n[]\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
            "no_files",
        ),
    ],
)
def test_a_bad_form_stores_nothing(api, birds, settings, content, content_type, code):
    headers = {"Content-Type": content_type}
    reply = api.post(f"/v1/collections/{birds}/documents", content=content, headers=headers)
    assert problem_of(reply)["code"] == code
    assert api.get(f"/v1/collections/{birds}").json()["documents"] == 0
    assert not [path for path in settings.blobs_dir.rglob("*") if path.is_file()]


@pytest.mark.parametrize("name", ["x" * 300, "a\x7f.txt", "  "])
def test_names_that_can_not_be_shown_are_refused(api, birds, name):
    assert problem_of(upload(api, birds, {name: b"text"}))["code"] == "bad_document_name"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "..\\..\\x", "CON", "\u202etxt.exe", "C:\\x.txt"]
)
def test_a_name_is_never_a_path(api, birds, settings, tmp_path, name):
    assert upload(api, birds, {name: b"text of the file"}).status_code == 202
    outside = [p for p in tmp_path.rglob("*") if p.is_file() and settings.home not in p.parents]
    assert outside == []
    stored = [p.name for p in settings.blobs_dir.rglob("*") if p.is_file()]
    assert all(len(file) == 64 for file in stored)


def test_foreign_pages_and_hosts_are_refused(api):
    foreign = {"Origin": "https://evil.example"}
    assert problem_of(api.post("/v1/collections", json={"name": "x"}, headers=foreign))["status"] == 403
    assert api.get("/v1/collections").json()["items"] == []
    assert problem_of(api.get("/v1/collections", headers={"Host": "evil.example"}))["code"] == "unknown_host"
    own = {"Origin": "http://testserver"}
    assert api.post("/v1/collections", json={"name": "x"}, headers=own).status_code == 201


@pytest.mark.parametrize(
    "origin",
    ["http://testserver:8501", "http://localhost:8501", "null", "", "http://[", "http://testserver:x", "é"],
)
def test_a_page_of_another_port_or_of_no_place_at_all_changes_nothing(api, origin):
    reply = api.post("/v1/collections", json={"name": "x"}, headers={"Origin": origin.encode()})
    assert problem_of(reply)["code"] == "foreign_origin"
    assert api.get("/v1/collections").json()["items"] == []


def test_a_json_body_beyond_the_limit_is_refused(api):
    body = json.dumps({"name": "x", "description": "y" * 2_000_000}).encode()
    headers = {"Content-Type": "application/json"}
    assert problem_of(api.post("/v1/collections", content=body, headers=headers))["status"] == 413
    chunked = _pieces(body)
    assert problem_of(api.post("/v1/collections", content=chunked, headers=headers))["status"] == 413


def _pieces(body: bytes):
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]
