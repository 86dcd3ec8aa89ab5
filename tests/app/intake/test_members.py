"""Archives and mails: the files inside are documents of their own, and go with what they came in."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.composition.runtime import Runtime
from app.db import collections as collection_rows
from app.db import documents as document_rows
from app.db import jobs
from app.db.types import utc_now
from app.errors import LeaseLostError
from app.intake import ingesting, local_files, members
from app.intake.members import Members
from app.library import collections, documents
from tests.app.texts import DUCKS, GEESE, upload
from tests.ingestion.hostile import locked, zipped
from tests.ingestion.parsers.pdf.built import built, stream, text


@pytest.fixture
def birds(api: TestClient) -> str:
    return str(api.post("/v1/collections", json={"name": "birds"}).json()["id"])


def send(api: TestClient, collection: str, name: str, data: bytes, **fields: str) -> dict[str, Any]:
    reply = upload(api, collection, {name: data}, **fields)
    assert reply.status_code == 202, reply.text
    return dict(reply.json()["documents"][0])


def shown(api: TestClient, collection: str) -> dict[str, dict[str, Any]]:
    items = api.get(f"/v1/collections/{collection}/documents", params={"limit": 100}).json()["items"]
    return {item["name"]: item for item in items}


def found_in(api: TestClient, collection: str, query: str) -> set[str]:
    reply = api.post("/v1/search", json={"collections": [collection], "query": query})
    return {hit["document"]["name"] for hit in reply.json()["hits"]}


def test_each_file_of_an_archive_is_searchable_and_the_archive_lists_them(api, birds, work):
    data = zipped({"ducks.md": DUCKS, "sub/geese.md": GEESE, "photo.bin": bytes(range(256))})
    outer = send(api, birds, "birds.zip", data, metadata='{"team": "ponds"}')
    work()
    found = shown(api, birds)
    assert {name: item["status"] for name, item in found.items()} == {
        "birds.zip": "ready",
        "birds.zip/ducks.md": "ready",
        "birds.zip/sub/geese.md": "ready",
        "birds.zip/photo.bin": "failed",
    }
    assert found["birds.zip/photo.bin"]["error"]["code"] == "unsupported_format"
    assert found["birds.zip/ducks.md"]["parent_id"] == outer["id"]
    assert found["birds.zip/ducks.md"]["metadata"] == {"team": "ponds"}
    assert found["birds.zip"]["chunks"] == 0
    assert found_in(api, birds, "Where do ducks swim?") == {"birds.zip/ducks.md", "birds.zip/sub/geese.md"}
    content = api.get(f"/v1/documents/{outer['id']}/content").json()
    assert content["text"] == "- ducks.md\n- sub/geese.md\n- photo.bin"
    assert api.get(f"/v1/jobs/{outer['job_id']}").json()["state"] == "done"


def test_the_attachments_of_a_mail_are_documents_beside_its_text(api, birds, work):
    message = EmailMessage()
    message["Subject"] = "About ducks"
    message.set_content("See the file.")
    message.add_attachment(DUCKS, maintype="text", subtype="markdown", filename="ducks.md")
    send(api, birds, "mail.eml", bytes(message))
    work()
    found = shown(api, birds)
    assert {name: item["chunks"] > 0 for name, item in found.items()} == {
        "mail.eml": True,
        "mail.eml/ducks.md": True,
    }


def test_files_attached_to_a_pdf_are_documents_also_where_its_text_is_known(api, birds, work):
    data = built(
        [text(60, 700, "See the list of ducks.")],
        {
            110: "<< /Type /Filespec /F (ducks.md) /UF (ducks.md) /EF << /F 111 0 R >> >>",
            111: stream(DUCKS.decode(), "/Type /EmbeddedFile"),
        },
        catalog="/Names << /EmbeddedFiles << /Names [(ducks.md) 110 0 R] >> >>",
    )
    send(api, birds, "a.pdf", data)
    work()
    send(api, birds, "b.pdf", data)
    work()
    assert {name: item["status"] for name, item in shown(api, birds).items()} == dict.fromkeys(
        ("a.pdf", "a.pdf/ducks.md", "b.pdf", "b.pdf/ducks.md"), "ready"
    )


def test_the_same_archive_under_another_name_has_documents_of_its_own(api, birds, work):
    send(api, birds, "a.zip", zipped({"ducks.md": DUCKS}))
    send(api, birds, "b.zip", zipped({"ducks.md": DUCKS}))
    work()
    assert set(shown(api, birds)) == {"a.zip", "a.zip/ducks.md", "b.zip", "b.zip/ducks.md"}


def test_a_new_archive_replaces_what_differs_and_deletes_what_is_gone(api, birds, work):
    send(api, birds, "a.zip", zipped({"one.md": DUCKS, "same.md": GEESE, "gone.md": DUCKS + b"old"}))
    work()
    before = shown(api, birds)
    send(api, birds, "a.zip", zipped({"one.md": GEESE + b"new", "same.md": GEESE, "more.md": DUCKS}))
    work()
    after = shown(api, birds)
    assert set(after) == {"a.zip", "a.zip/one.md", "a.zip/same.md", "a.zip/more.md"}
    assert (after["a.zip/one.md"]["id"], after["a.zip/one.md"]["version"]) == (
        before["a.zip/one.md"]["id"],
        2,
    )
    assert after["a.zip/same.md"]["version"] == 1


def test_what_cannot_be_unpacked_is_told_on_the_archive_and_the_rest_is_there(api, birds, work):
    data = locked(zipped({"open.md": DUCKS, "shut.md": GEESE}), "shut.md")
    outer = send(api, birds, "a.zip", data)
    work()
    found = shown(api, birds)
    assert found["a.zip/open.md"]["status"] == "ready"
    assert found["a.zip"]["status"] == "failed"
    assert found["a.zip"]["error"]["code"] == "partly_unpacked"
    assert "shut.md (protected by a password)" in found["a.zip"]["error"]["message"]
    assert api.post(f"/v1/documents/{outer['id']}/retry").status_code == 202
    work()
    assert shown(api, birds)["a.zip"]["status"] == "failed"


def test_a_bomb_leaves_nothing_behind_and_the_next_document_is_read(api, birds, work):
    send(api, birds, "bomb.zip", zipped({"first.md": DUCKS, "bomb.bin": bytes(9_000_000)}))
    send(api, birds, "ducks.md", DUCKS)
    work()
    found = shown(api, birds)
    assert set(found) == {"bomb.zip", "ducks.md"}
    assert found["bomb.zip"]["error"]["code"] == "limit_exceeded"
    assert found["ducks.md"]["status"] == "ready"


def test_hiding_and_deleting_an_archive_takes_its_files_along(api, birds, work, runtime):
    outer = send(api, birds, "a.zip", zipped({"ducks.md": DUCKS}))
    work()
    inner = shown(api, birds)["a.zip/ducks.md"]["id"]
    api.patch(f"/v1/documents/{outer['id']}", json={"enabled": False})
    assert api.get(f"/v1/documents/{inner}").json()["enabled"] is False
    assert api.get(f"/v1/collections/{birds}").json()["chunks"] == 0
    api.patch(f"/v1/documents/{outer['id']}", json={"enabled": True})
    assert api.get(f"/v1/collections/{birds}").json()["chunks"] > 0
    assert api.delete(f"/v1/documents/{outer['id']}").status_code == 204
    assert shown(api, birds) == {}
    assert found_in(api, birds, "Where do ducks swim?") == set()
    assert api.get(f"/v1/collections/{birds}").json()["chunks"] == 0


def test_files_that_come_later_out_of_a_hidden_archive_are_hidden(api, birds, work):
    outer = send(api, birds, "a.zip", zipped({"ducks.md": DUCKS}))
    work()
    api.patch(f"/v1/documents/{outer['id']}", json={"enabled": False})
    send(api, birds, "a.zip", zipped({"ducks.md": DUCKS, "geese.md": GEESE}))
    work()
    assert shown(api, birds)["a.zip/geese.md"]["enabled"] is False
    assert found_in(api, birds, "geese") == set()


def test_a_version_that_holds_no_files_takes_the_old_ones_along_also_if_it_is_known(api, birds, work):
    send(api, birds, "known.zip", DUCKS)  # text under a wrong name
    send(api, birds, "a.zip", zipped({"geese.md": GEESE}))
    work()
    assert "a.zip/geese.md" in shown(api, birds)
    send(api, birds, "a.zip", DUCKS)
    work()
    assert {name: item["status"] for name, item in shown(api, birds).items()} == {
        "a.zip": "ready",
        "known.zip": "ready",
    }


def test_a_document_sent_by_itself_does_not_go_with_an_archive_that_has_its_name_inside(api, birds, work):
    send(api, birds, "a.zip/ducks.md", DUCKS)
    outer = send(api, birds, "a.zip", zipped({"ducks.md": DUCKS + b"newer"}))
    work()
    assert api.delete(f"/v1/documents/{outer['id']}").status_code == 204
    assert set(shown(api, birds)) == {"a.zip/ducks.md"}


def test_members_of_an_archive_from_an_address_are_told_by_their_own_suffix():
    name = "https://x.example/get?file=a.zip/birds.csv"
    assert ingesting.parser_hint(name, "application/octet-stream", is_member=True) == ".csv"


def test_long_names_are_cut_and_stay_apart(api, birds, work):
    send(api, birds, "a.zip", zipped({f"{'x' * 300}{end}.md": DUCKS for end in "ab"}))
    work()
    names = [name for name in shown(api, birds) if name != "a.zip"]
    assert len(names) == 2
    assert all(len(name) <= 255 and name.startswith("a.zip/") and name.endswith(".md") for name in names)


def test_a_worker_without_its_lease_records_nothing(runtime: Runtime, api, birds):
    outer = send(api, birds, "a.zip", zipped({"ducks.md": DUCKS}))
    with runtime.db.write() as session:
        stale = jobs.claim(session, "one", utc_now(), 30, 5)
    assert stale is not None
    send(api, birds, "a.zip", zipped({"geese.md": GEESE}))
    with runtime.db.read() as session:
        document = document_rows.find(session, outer["id"])
    assert document is not None
    found = Members(runtime.db, runtime.blobs, runtime.settings.limits.max_name_chars, document)
    found.store("ducks.md", DUCKS)
    with pytest.raises(LeaseLostError):
        found.record_apart(stale, found.batches())
    assert set(shown(api, birds)) == {"a.zip"}


def test_an_archive_and_its_files_are_recorded_in_one_transaction(api, birds, work, monkeypatch):
    send(api, birds, "a.zip", zipped({"ducks.md": DUCKS, "geese.md": GEESE}))
    with monkeypatch.context() as broken:
        broken.setattr("app.db.contents.publish", refuse)
        work()
    assert set(shown(api, birds)) == {"a.zip"}
    assert shown(api, birds)["a.zip"]["status"] == "failed"


def refuse(*_arguments: object) -> None:
    raise ValueError("not today")


@pytest.mark.parametrize(("files", "locks"), [(2, 1), (3, 2), (5, 3)])
def test_a_large_archive_takes_the_lock_once_a_batch(api, birds, runtime, monkeypatch, files, locks):
    monkeypatch.setattr(members, "BATCH", 2)
    send(api, birds, "a.zip", zipped({f"{number}.md": DUCKS for number in range(files)}))
    with runtime.db.write() as session:
        job = jobs.claim(session, "one", utc_now(), 30, 5)
    taken, lock = [], collection_rows.lock
    monkeypatch.setattr(collection_rows, "lock", lambda *asked: taken.append(asked) or lock(*asked))
    ingesting.run_job(runtime, job, lambda *_: None)
    assert len(taken) == locks
    assert set(shown(api, birds)) == {"a.zip", *(f"a.zip/{number}.md" for number in range(files))}


def test_a_mirrored_folder_keeps_what_came_out_of_its_archives(runtime: Runtime, work, tmp_path: Path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.zip").write_bytes(zipped({"ducks.md": DUCKS}))
    view = collections.get_or_create(runtime, "mirrored")
    for _ in range(2):
        recorded = local_files.record_files(
            runtime, view.row.id, local_files.files_under([tmp_path / "docs"]), mirror=True
        )
        work()
        assert recorded.deleted == 0
    names = [
        v.document.name
        for v in documents.views_of(runtime.db, documents.with_members(runtime.db, recorded.document_ids))
    ]
    assert names == ["a.zip", "a.zip/ducks.md"]
    (tmp_path / "docs" / "a.zip").unlink()
    (tmp_path / "docs" / "b.md").write_bytes(GEESE)
    local_files.record_files(runtime, view.row.id, local_files.files_under([tmp_path / "docs"]), mirror=True)
    assert [v.document.name for v in documents.page(runtime.db, view.row.id, None, None, 9).items] == ["b.md"]
