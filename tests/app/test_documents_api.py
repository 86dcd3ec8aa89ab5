"""Documents through REST, with a worker beside it: taken in, shown, replaced, deleted."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.composition.runtime import build_runtime
from app.db import jobs
from app.db.types import utc_now
from app.worker import Worker
from tests.app.texts import DUCKS, GEESE, upload
from tests.ingestion.samples import sample


@pytest.fixture
def birds(api: TestClient) -> str:
    reply = api.post("/v1/collections", json={"name": "birds"})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def one(api: TestClient, collection: str, name: str, data: bytes, **more: Any) -> dict[str, Any]:
    reply = upload(api, collection, {name: data}, **more)
    assert reply.status_code == 202, reply.text
    return dict(reply.json()["documents"][0])


def test_an_uploaded_document_becomes_searchable(api, birds, work):
    document = one(api, birds, "ducks.md", DUCKS)
    assert document["status"] == "queued"
    assert document["job_id"].startswith("job_")
    assert work() == 1
    shown = api.get(f"/v1/documents/{document['id']}").json()
    assert shown["status"] == "ready", shown
    assert shown["title"] == "Ducks"
    assert shown["language"] == "en"
    assert shown["chunks"] >= 1
    assert api.get(f"/v1/jobs/{shown['job_id']}").json()["state"] == "done"


def test_one_list_shows_how_far_every_document_is(api, birds, runtime, work):
    for number in range(12):
        one(api, birds, f"{number}.md", DUCKS + str(number).encode())
    with runtime.db.write() as session:
        job = jobs.claim(session, "somebody", utc_now(), 30.0, 5)
        assert job is not None
        jobs.heartbeat(session, job, utc_now(), 30.0, ("embedding", 3, 8))
    listed = api.get(f"/v1/collections/{birds}/documents").json()["items"]
    waiting = {"done": 0, "total": 0}
    assert [d["progress"] for d in listed if d["job_id"] != job.id] == [waiting] * 11
    assert [d["progress"] for d in listed if d["job_id"] == job.id] == [{"done": 3, "total": 8}]
    with runtime.db.write() as session:
        jobs.give_back(session, job, utc_now(), count_attempt=False)
    work()
    listed = api.get(f"/v1/collections/{birds}/documents").json()["items"]
    assert {(d["status"], d["progress"]) for d in listed} == {("ready", None)}


def test_chunks_tile_the_content_and_quote_it(api, birds, work):
    document = one(api, birds, "ducks.md", DUCKS * 40)
    work()
    content = api.get(f"/v1/documents/{document['id']}/content").json()
    chunks: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = api.get(f"/v1/documents/{document['id']}/chunks", params=query).json()
        chunks += page["items"]
        cursor = page["next_cursor"]
        assert page["has_more"] is (cursor is not None)
        if cursor is None:
            break
    assert len(chunks) > 2
    assert "".join(chunk["text"] for chunk in chunks) == content["text"]
    for chunk in chunks:
        assert chunk["text"] == content["text"][chunk["start"] : chunk["end"]]


def test_blocks_of_a_pdf_say_their_page_and_their_box(api, birds, work):
    document = one(api, birds, "paper.pdf", sample("two_columns.pdf").data)
    work()
    blocks = api.get(f"/v1/documents/{document['id']}/content").json()["blocks"]
    assert {block["page"] for block in blocks} == {1, 2, 3}
    assert all(block["box"][0] < block["box"][2] and block["box"][1] < block["box"][3] for block in blocks)


def test_the_original_comes_back_as_an_attachment(api, birds):
    document = one(api, birds, 'folder/鸭子 "x".html', b"<script>alert(1)</script><p>Ducks swim.</p>")
    reply = api.get(f"/v1/documents/{document['id']}/content", params={"format": "original"})
    assert reply.content == b"<script>alert(1)</script><p>Ducks swim.</p>"
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E9")
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_the_same_bytes_and_name_change_nothing(api, birds, work):
    first = one(api, birds, "ducks.md", DUCKS)
    work()
    again = upload(api, birds, {"ducks.md": DUCKS}).json()
    assert again["jobs"] == []
    assert again["documents"][0]["id"] == first["id"]
    assert again["documents"][0]["version"] == 1
    assert api.get(f"/v1/collections/{birds}").json()["documents"] == 1


def test_the_same_bytes_under_another_name_are_not_embedded_again(api, birds, work, parts, settings):
    one(api, birds, "ducks.md", DUCKS)
    work()
    encoded = parts.embedder(settings).sentences
    twin = one(api, birds, "copies/canards.md", DUCKS)
    work()
    assert parts.embedder(settings).sentences == encoded > 0
    shown = api.get(f"/v1/documents/{twin['id']}").json()
    assert shown["status"] == "ready"
    assert shown["chunks"] >= 1
    assert api.get(f"/v1/collections/{birds}").json()["documents"] == 2


def test_a_changed_setting_reads_the_same_bytes_again(api, birds, work, settings, parts):
    page = b"<p>Ducks swim.</p><p>Geese fly.</p><p><del>Hens bark.</del></p>"
    one(api, birds, "a.html", page)
    work()
    limits = settings.limits.model_copy(update={"keep_hidden": True})
    keeping = build_runtime(settings.model_copy(update={"limits": limits}), parts)
    twin = one(api, birds, "b.html", page)
    Worker(keeping).run_pending()
    keeping.close()
    assert "Hens bark." in api.get(f"/v1/documents/{twin['id']}/content").json()["text"]


def test_a_twin_outlives_the_document_it_shares_with(api, birds, work):
    first = one(api, birds, "ducks.md", DUCKS)
    twin = one(api, birds, "canards.md", DUCKS)
    work()
    assert api.delete(f"/v1/documents/{first['id']}").status_code == 204
    assert "Ducks" in api.get(f"/v1/documents/{twin['id']}/content").json()["text"]
    original = api.get(f"/v1/documents/{twin['id']}/content", params={"format": "original"})
    assert original.content == DUCKS


def test_a_title_that_comes_from_the_name_is_each_documents_own(api, birds, work):
    one(api, birds, "one.txt", b"No heading here, only ducks.")
    two = one(api, birds, "two.txt", b"No heading here, only ducks.")
    work()
    assert api.get(f"/v1/documents/{two['id']}").json()["title"] == "two"


def test_the_old_version_serves_until_the_new_one_is_ready(api, birds, work):
    document = one(api, birds, "birds.md", DUCKS)
    work()
    newer = one(api, birds, "birds.md", GEESE)
    assert newer["id"] == document["id"]
    assert (newer["version"], newer["serving_version"], newer["status"]) == (2, 1, "queued")
    path = f"/v1/documents/{document['id']}/content"
    assert "Ducks" in api.get(path).json()["text"]
    work()
    text = api.get(path).json()["text"]
    assert "Geese" in text
    assert "Ducks" not in text
    assert api.get(f"/v1/documents/{document['id']}").json()["serving_version"] == 2


def test_a_broken_new_version_leaves_the_old_one_serving(api, birds, work):
    document = one(api, birds, "birds.md", DUCKS)
    work()
    one(api, birds, "birds.md", b"\x00\x01\x02\x03" * 100)
    work()
    shown = api.get(f"/v1/documents/{document['id']}").json()
    assert (shown["status"], shown["serving_version"]) == ("failed", 1)
    assert shown["error"]["code"]
    assert shown["chunks"] >= 1
    assert "Ducks" in api.get(f"/v1/documents/{document['id']}/content").json()["text"]


def test_uploading_twice_before_a_worker_comes_keeps_the_last(api, birds, work):
    first = upload(api, birds, {"birds.md": DUCKS}).json()["jobs"][0]
    one(api, birds, "birds.md", GEESE)
    assert work() == 1
    superseded = api.get(f"/v1/jobs/{first['id']}").json()
    assert (superseded["state"], superseded["error"]["code"]) == ("failed", "superseded")
    shown = api.get(f"/v1/collections/{birds}/documents").json()["items"]
    assert [(d["status"], d["version"], d["title"]) for d in shown] == [("ready", 2, "Geese")]


def test_a_failed_document_says_why_and_can_be_tried_again(api, birds, work):
    document = one(api, birds, "empty.txt", b"")
    work()
    shown = api.get(f"/v1/documents/{document['id']}").json()
    assert shown["status"] == "failed"
    assert shown["error"]["code"] == "empty_document"
    assert shown["error"]["hint"]
    assert api.get(f"/v1/collections/{birds}").json()["failed"] == 1
    assert api.get(f"/v1/collections/{birds}/documents", params={"status": "failed"}).json()["items"]
    retried = api.post(f"/v1/documents/{document['id']}/retry")
    assert retried.status_code == 202
    assert retried.headers["location"] == f"/v1/jobs/{retried.json()['id']}"
    assert work() == 1
    assert api.get(f"/v1/documents/{document['id']}").json()["status"] == "failed"


def test_only_a_failed_document_can_be_tried_again(api, birds, work):
    document = one(api, birds, "ducks.md", DUCKS)
    work()
    reply = api.post(f"/v1/documents/{document['id']}/retry")
    assert (reply.status_code, reply.json()["code"]) == (409, "not_failed")


def test_content_of_a_document_that_is_not_ready_is_a_clear_conflict(api, birds):
    document = one(api, birds, "ducks.md", DUCKS)
    reply = api.get(f"/v1/documents/{document['id']}/content")
    assert (reply.status_code, reply.json()["code"]) == (409, "document_not_ready")


def test_metadata_travels_with_the_upload_and_can_be_replaced(api, birds):
    document = one(api, birds, "ducks.md", DUCKS, metadata='{"team": "birds"}', external_id="d-1")
    assert document["metadata"] == {"team": "birds"}
    assert document["external_id"] == "d-1"
    renamed = one(api, birds, "mallards.md", DUCKS, external_id="d-1")
    assert renamed["id"] == document["id"]
    assert renamed["name"] == "mallards.md"
    changed = api.patch(f"/v1/documents/{document['id']}", json={"metadata": {"n": 1}, "enabled": False})
    assert changed.json()["metadata"] == {"n": 1}
    assert changed.json()["enabled"] is False


def test_lists_are_paged_without_gaps(api, birds):
    for number in range(7):
        one(api, birds, f"{number}.txt", f"Bird number {number}.".encode())
    names: list[str] = []
    cursor = None
    while True:
        query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = api.get(f"/v1/collections/{birds}/documents", params=query).json()
        names += [document["name"] for document in page["items"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert names == [f"{number}.txt" for number in range(7)]
    assert cursor is None


def test_a_job_is_followed_to_its_end(api, birds, work):
    job = upload(api, birds, {"ducks.md": DUCKS}).json()["jobs"][0]
    work()
    text = api.get(f"/v1/jobs/{job['id']}/events").text
    assert "event: progress" in text
    assert text.rstrip().rpartition("event: ")[2].startswith("done")
    assert '"state":"done"' in text


def test_deleting_a_collection_takes_everything_along(api, birds, work, runtime, settings):
    document = one(api, birds, "ducks.md", DUCKS)
    work()
    runtime.collection_index(birds)
    assert (settings.indexes_dir / birds).exists()
    assert api.delete("/v1/collections/birds").status_code == 204
    assert api.get(f"/v1/documents/{document['id']}").status_code == 404
    assert api.get("/v1/collections/birds").json()["code"] == "collection_not_found"
    assert not (settings.indexes_dir / birds).exists()


def coverage_is(runtime, value: dict[str, Any]) -> None:
    with runtime.db.write() as session:
        session.execute(text("UPDATE contents SET coverage = :value"), {"value": json.dumps(value)})


def test_coverage_is_shown_and_a_whole_document_has_no_warning(api, birds, work):
    document = one(api, birds, "ducks.md", DUCKS)
    assert (document["coverage"], document["warnings"]) == (None, [])
    work()
    shown = api.get(f"/v1/documents/{document['id']}").json()
    assert shown["coverage"]["kept"] == shown["coverage"]["visible"] > 50
    assert (shown["coverage"]["lost"], shown["warnings"]) == ([], [])


def test_a_document_that_lacks_text_is_ready_with_a_warning(api, birds, runtime, work):
    document = one(api, birds, "ducks.md", DUCKS)
    work()
    coverage_is(runtime, {"visible": 1000, "kept": 880, "lost": ["chassis", "WKX"]})
    for shown in (
        api.get(f"/v1/documents/{document['id']}").json(),
        api.get(f"/v1/collections/{birds}/documents").json()["items"][0],
    ):
        assert shown["status"] == "ready"
        (warning,) = shown["warnings"]
        assert warning["code"] == "text_left_out"
        assert "12 %" in warning["message"]
        assert "chassis, WKX" in warning["message"]
        assert "PDF or DOCX" in warning["hint"]


@pytest.mark.parametrize(
    ("visible", "kept", "warned"),
    [(1000, 971, False), (1000, 969, True), (40, 21, False), (40, 20, True), (0, 0, False)],
)
def test_little_that_is_lost_warns_nobody(api, birds, runtime, work, visible, kept, warned):
    document = one(api, birds, "ducks.md", DUCKS)
    work()
    coverage_is(runtime, {"visible": visible, "kept": kept, "lost": ["x"]})
    assert bool(api.get(f"/v1/documents/{document['id']}").json()["warnings"]) is warned
