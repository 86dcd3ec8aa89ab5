"""What Python reads and no database keeps: refused with a problem on every route, never a fault of the program."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.api.json_body import MAX_DEPTH
from tests.app.texts import DUCKS, upload

# Each as it stands in a JSON text.
UNSTORABLE = {
    "half a pair": r'"\ud800"', "other half": r'"duck \udc00 pond"', "U+0000": r'"\u0000"',
    "no number": "NaN", "no end": "Infinity", "too large": "1e999", "many digits": "1" * 5000,
    "lists": "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), "deep": "[" * 900 + "]" * 900,
    "deeper": '{"a":' * 100_000 + "1" + "}" * 100_000,
}  # fmt: skip
VALUE, NAME = "the value", "the name"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def document(api: TestClient) -> str:
    api.post("/v1/collections", json={"name": "birds"})
    return str(upload(api, "birds", {"ducks.md": DUCKS}).json()["documents"][0]["id"])


def marked(value: Any) -> Iterator[Any]:
    """Copies of a JSON value, each with a mark in one place: instead of a value, or as a name."""
    yield VALUE
    if isinstance(value, dict):
        yield {**value, NAME: 1}
        for name, inner in value.items():
            yield from ({**value, name: found} for found in marked(inner))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from ([*value[:index], found, *value[index + 1 :]] for found in marked(inner))


def bodies(api: TestClient) -> Iterator[tuple[str, str, Any]]:
    """Method, path and an example body of every route that reads JSON."""
    description = api.get("/openapi.json").json()
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            media = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if media is None:
                continue
            schema = media["schema"]
            name = schema.get("$ref", "").rpartition("/")[2]
            example = description["components"]["schemas"][name]["example"] if name else None
            yield method, path, example or {"url": "http://127.0.0.1/", "metadata": {"team": ["docs"]}}


def test_no_route_takes_what_can_not_be_stored(api: TestClient, document: str) -> None:
    """Every place of every body that the description shows, with everything that can't be stored."""
    told: dict[tuple[int, str], int] = {}
    for method, path, example in bodies(api):
        url = path.replace("{collection}", "birds").replace("{document_id}", document)
        for text in map(json.dumps, marked(example)):
            for bad in UNSTORABLE.values():
                whole, name = text == f'"{VALUE}"', f'"{NAME}"' in text
                if (name and not bad.startswith('"')) or (len(bad) > 4000 and not whole):
                    continue  # what can't be a name, and what takes long
                sent = text.replace(f'"{VALUE}"', bad).replace(f'"{NAME}"', bad)
                reply = api.request(method, url.replace("{answer_id}", "x"), content=sent, headers=JSON)
                body = reply.json()
                found = (reply.status_code, body.get("code") or body["error"]["code"])
                # OpenAI's protocol knows no 422
                status = 400 if path.startswith("/openai/") else 422
                assert found == (status, "bad_json"), (method, path, sent[:200])
                told[found] = told.get(found, 0) + 1
    assert told[422, "bad_json"] > 300
    assert api.get("/v1/collections/birds/documents").json()["items"][0]["metadata"] == {}


def test_no_form_brings_it_in_either(api: TestClient, document: str) -> None:
    files = {"files": ("swans.md", b"Swans fly.")}
    for bad in UNSTORABLE.values():
        form = {"metadata": f'{{"team": {bad}}}'}
        for headers in ({}, {"Idempotency-Key": "k"}):
            reply = api.post("/v1/collections/birds/documents", data=form, files=files, headers=headers)
            assert reply.json()["code"] == ("bad_json" if len(bad) < 60_000 else "field_too_large"), bad[:80]
    assert len(api.get("/v1/collections/birds/documents").json()["items"]) == 1


def test_what_is_as_deep_as_it_may_be_is_stored_and_shown(api: TestClient, document: str) -> None:
    metadata: dict[str, Any] = {
        "文": "鸭\ud83e\udd86".encode("utf-16", "surrogatepass").decode("utf-16"),
        "n": 10**30,
    }
    for _ in range(MAX_DEPTH - 3):
        metadata = {"in": metadata}
    assert api.patch(f"/v1/documents/{document}", json={"metadata": metadata}).status_code == 200
    assert api.get(f"/v1/documents/{document}").json()["metadata"] == metadata


def packed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


CURSORS = [
    "9" * 30, "9" * 499, "-1", "٣", "²", "", "é", packed("[" * 370), packed('["2025-01-01T00:00:00Z", "x"'),
    packed('["0001-01-01T00:00:00+14:00", "x"]'), packed('["9999-12-31T23:59:59-14:00", "x"]'),
    packed(r'["2025-01-01T00:00:00Z", "\ud800"]'), packed(r'["2025-01-01T00:00:00Z", "\u0000"]'),
    packed('["2025-01-01T00:00:00Z", 5]'), packed('[5, "x"]'), packed("5"), packed("{}"),
]  # fmt: skip
BOUNDARIES = ["x" * 257, "x" * 5000, '""', '" "', "\xff", "x\x01"]


def test_what_is_no_cursor_no_address_and_no_boundary_is_told(api: TestClient, document: str) -> None:
    for path in ("/v1/collections", "/v1/collections/birds/documents", f"/v1/documents/{document}/chunks"):
        for cursor in CURSORS:
            reply = api.get(path, params={"cursor": cursor})
            assert (reply.status_code, reply.json()["code"]) == (422, "bad_cursor"), (path, cursor)
    for path in ("collections/%00", "documents/x%00", "collections?cursor=%00", "jobs/a%00b/events"):
        reply = api.get(f"/v1/{path}")
        assert (reply.status_code, reply.json()["code"]) == (422, "bad_address"), path
    for boundary in BOUNDARIES:
        body = f"--{boundary}\r\n\r\n--{boundary}--".encode("latin-1")
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}".encode("latin-1")}
        reply = api.post("/v1/collections/birds/documents", content=body, headers=headers)
        assert reply.json()["code"] in {"bad_multipart", "not_multipart", "no_files", "upload_cut_off"}, (
            boundary
        )


def test_a_declared_type_that_can_not_be_stored_counts_as_none(api: TestClient, document: str) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n'
        b"Content-Type: text/\xc2\x85plain\r\n\r\nwords\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    reply = api.post("/v1/collections/birds/documents", content=body, headers=headers)
    assert reply.json()["documents"][0]["media_type"] is None
