"""Keeping a collection equal to what somebody else holds: documents by the caller's ids, and whole folders."""

import hashlib

import pytest
from fastapi.testclient import TestClient

from tests.app.texts import DUCKS, GEESE, upload


@pytest.fixture
def birds(api: TestClient) -> str:
    return str(api.post("/v1/collections", json={"name": "birds"}).json()["id"])


def put(api: TestClient, collection: str, external_id: str, name: str, data: bytes, **fields: str):
    path = f"/v1/collections/{collection}/documents/by-external-id/{external_id}"
    return api.put(path, files={"files": (name, data)}, data=fields)


def names(api: TestClient, collection: str) -> dict[str, str | None]:
    listed = api.get(f"/v1/collections/{collection}/documents").json()["items"]
    return {item["name"]: item["external_id"] for item in listed}


def test_the_first_put_makes_a_document_and_the_next_replaces_it(api, birds, work):
    made = put(api, birds, "wiki/42", "ducks.md", DUCKS, metadata='{"team": "docs"}')
    assert made.status_code == 202, made.text
    document = made.json()["documents"][0]
    assert (document["external_id"], document["version"]) == ("wiki/42", 1)
    assert made.headers["location"] == f"/v1/jobs/{made.json()['jobs'][0]['id']}"
    work()
    replaced = put(api, birds, "wiki/42", "geese.md", GEESE).json()["documents"][0]
    assert (replaced["id"], replaced["name"], replaced["version"]) == (document["id"], "geese.md", 2)
    assert replaced["metadata"] == {"team": "docs"}
    assert "Ducks" in api.get(f"/v1/documents/{document['id']}/content").json()["text"]
    work()
    assert "Geese" in api.get(f"/v1/documents/{document['id']}/content").json()["text"]
    assert names(api, birds) == {"geese.md": "wiki/42"}


def test_putting_the_same_bytes_again_changes_nothing(api, birds):
    put(api, birds, "42", "ducks.md", DUCKS)
    again = put(api, birds, "42", "ducks.md", DUCKS).json()
    assert (again["jobs"], again["documents"][0]["version"]) == ([], 1)


def test_a_document_of_the_same_name_gets_the_id_it_lacks(api, birds):
    upload(api, birds, {"ducks.md": DUCKS})
    put(api, birds, "42", "ducks.md", DUCKS)
    assert names(api, birds) == {"ducks.md": "42"}


@pytest.mark.parametrize("method", ["put", "post"])
def test_a_name_never_takes_over_a_document_with_another_id(api, birds, method):
    put(api, birds, "1", "index.html", DUCKS)
    if method == "put":
        refused = put(api, birds, "2", "index.html", GEESE)
    else:
        refused = upload(api, birds, {"index.html": GEESE}, external_id="2")
    assert (refused.status_code, refused.json()["code"]) == (409, "external_id_taken")
    assert names(api, birds) == {"index.html": "1"}
    assert put(api, birds, "2", "second/index.html", GEESE).status_code == 202


@pytest.mark.parametrize(
    ("external_id", "files", "fields"),
    [
        ("42", 2, {}),
        ("42", 1, {"external_id": "43"}),
        ("a%00b", 1, {}),
        ("x" * 256, 1, {}),
    ],
)
def test_an_id_that_can_not_be_used_is_refused(api, birds, external_id, files, fields):
    path = f"/v1/collections/{birds}/documents/by-external-id/{external_id}"
    parts = [("files", (f"{number}.md", DUCKS)) for number in range(files)]
    reply = api.put(path, files=parts, data=fields)
    assert reply.status_code == 422
    assert reply.json()["code"] in {"bad_external_id", "bad_address", "invalid_request"}
    assert names(api, birds) == {}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sync(api: TestClient, collection: str, files: dict[str, bytes], **more: bool):
    listed = [{"path": path, "sha256": sha256(data)} for path, data in files.items()]
    return api.post(f"/v1/collections/{collection}/sync", json={"files": listed, **more})


def test_a_folder_is_compared_then_uploaded_then_equal(api, birds, work):
    upload(api, birds, {"same.md": DUCKS, "changed.md": DUCKS, "gone.md": GEESE})
    work()
    folder = {"same.md": DUCKS, "changed.md": GEESE, "north/new.md": GEESE}
    listed = api.get(f"/v1/collections/{birds}/documents").json()["items"]
    ids = {item["name"]: item["id"] for item in listed}
    found = sync(api, birds, folder).json()
    assert found == {
        "add": ["north/new.md"],
        "replace": [{"path": "changed.md", "document_id": ids["changed.md"]}],
        "delete": [{"path": "gone.md", "document_id": ids["gone.md"]}],
        "unchanged": 1,
        "deleted": 0,
    }
    assert sorted(names(api, birds)) == ["changed.md", "gone.md", "same.md"], "comparing changes nothing"
    wanted = [*found["add"], *(item["path"] for item in found["replace"])]
    upload(api, birds, {path: folder[path] for path in wanted})
    work()
    assert sync(api, birds, folder, delete=True).json()["deleted"] == 1
    assert sync(api, birds, folder).json() == {
        "add": [],
        "replace": [],
        "delete": [],
        "unchanged": 3,
        "deleted": 0,
    }
    assert sorted(names(api, birds)) == sorted(folder)


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ([], "at least 1"),
        ([{"path": "a.md", "sha256": "0" * 64}] * 2, "twice"),
        ([{"path": "a.md", "sha256": "short"}], "sha256"),
        ([{"path": "a\u0001.md", "sha256": "0" * 64}], "a\\x01.md"),
        ([{"path": "x" * 256, "sha256": "0" * 64}], "255 characters"),
    ],
)
def test_a_list_that_makes_no_sense_deletes_nothing(api, birds, files, word):
    upload(api, birds, {"ducks.md": DUCKS})
    reply = api.post(f"/v1/collections/{birds}/sync", json={"files": files, "delete": True})
    assert reply.status_code == 422
    assert word in reply.json()["detail"] + reply.json()["hint"]
    assert sorted(names(api, birds)) == ["ducks.md"]
