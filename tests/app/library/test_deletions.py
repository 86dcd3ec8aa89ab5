"""The bin: deletions that are undone whole, found nowhere meanwhile, and erased when their time is over."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app import housekeeping
from app.composition.runtime import build_runtime
from app.db import deletions as rows
from app.db.frozen_models import BinItem, FrozenDocument, FrozenVersion
from app.db.types import utc_now
from app.errors import (
    CollectionNotFoundError,
    ConflictError,
    DocumentNotFoundError,
    InvalidInputError,
)
from app.intake.record import Upload, record_uploads
from app.library import collections, deletions, documents, erasing, proving
from app.library.deletions import BinItemNotFoundError
from tests.app.copying_generator import AttributingGenerator
from tests.app.library.test_erasing import OTHER, SECRET, ask, holding, said
from tests.crash.invariants import violations


@pytest.fixture
def generator():
    return AttributingGenerator(spoil=" So they say.")


@pytest.fixture
def ids(runtime, work):
    collection = collections.create(runtime.db, name="vaults").row.id
    texts = {"secret.md": f"# Quuxbergen\n\n{SECRET}\n", "other.md": f"# Florpheim\n\n{OTHER}\n"}
    taken = record_uploads(
        runtime,
        collection,
        [Upload(name=n, blob=runtime.blobs.put(t.encode()), metadata={"n": n}) for n, t in texts.items()],
    )
    work()
    return {item.view.document.name: item.view.document.id for item in taken} | {"collection": collection}


def found(api, query="brass keys vault"):
    reply = api.post("/v1/search", json={"collections": ["vaults"], "query": query})
    return {hit["document"]["name"] for hit in reply.json()["hits"]}


def held(runtime):
    """Rows of the bin: items, frozen documents, frozen versions."""
    with runtime.db.read() as session:
        return tuple(
            session.scalar(select(func.count()).select_from(table))
            for table in (BinItem, FrozenDocument, FrozenVersion)
        )


def make_old(runtime):
    with runtime.db.write() as session:
        session.execute(update(BinItem).values(expires_at=utc_now() - timedelta(seconds=1)))


def test_a_deleted_document_is_found_nowhere_and_comes_back_whole(api, runtime, ids):
    before = api.get(f"/v1/documents/{ids['secret.md']}").json()
    chunk_text = [c["text"] for c in api.get(f"/v1/documents/{ids['secret.md']}/chunks").json()["items"]]
    reply = api.delete(f"/v1/documents/{ids['secret.md']}")
    assert (reply.status_code, reply.headers["bin-item"][:4]) == (204, "bin_")
    assert found(api) == {"other.md"}
    assert api.get(f"/v1/documents/{ids['secret.md']}").status_code == 404
    listed = api.get("/v1/collections/vaults/documents").json()["items"]
    assert [one["name"] for one in listed] == ["other.md"]
    filtered = api.get("/v1/collections/vaults/documents", params={"filter": '{"n": {"eq": "secret.md"}}'})
    assert filtered.json()["items"] == []
    assert api.get("/v1/collections/vaults").json()["chunks"] == 1
    item = api.get("/v1/collections/vaults/bin").json()["items"][0]
    assert (item["name"], item["document_ids"], item["documents"]) == ("secret.md", [ids["secret.md"]], 1)
    assert item["id"] == reply.headers["bin-item"]

    embedded = runtime.embedder.sentences
    restored = api.post(f"/v1/collections/vaults/bin/{item['id']}/restore", json={})
    assert restored.status_code == 200, restored.text
    assert runtime.embedder.sentences == embedded
    assert found(api) == {"secret.md", "other.md"}
    assert api.get(f"/v1/documents/{ids['secret.md']}").json() == before | {"job_id": None}
    now = [c["text"] for c in api.get(f"/v1/documents/{ids['secret.md']}/chunks").json()["items"]]
    assert now == chunk_text
    assert api.get("/v1/collections/vaults/bin").json()["items"] == []
    assert held(runtime) == (0, 0, 0)
    assert violations(runtime, ids["collection"]) == []


def test_its_answers_withhold_its_words_until_it_is_back_and_lose_them_once_it_is_erased(
    api, runtime, settings, ids
):
    answer = ask(api)
    before = api.get(f"/v1/answers/{answer['id']}").json()
    assert SECRET in before["text"]
    item = api.delete(f"/v1/documents/{ids['secret.md']}").headers["bin-item"]
    erasing.withdraw_missed(runtime.db)
    assert "brass" not in said(api, answer["id"])
    assert "brass" not in api.get("/v1/answers").text
    assert api.post(f"/v1/collections/vaults/bin/{item}/restore", json={}).status_code == 200
    assert api.get(f"/v1/answers/{answer['id']}").json() == before
    assert SECRET in said(api, answer["id"])
    item = api.delete(f"/v1/documents/{ids['secret.md']}").headers["bin-item"]
    assert api.delete(f"/v1/collections/vaults/bin/{item}").status_code == 204
    assert "brass" not in said(api, answer["id"])
    assert holding(settings.home, SECRET) == []
    assert held(runtime) == (0, 0, 0)
    again = api.post(f"/v1/collections/vaults/bin/{item}/restore", json={})
    assert (again.status_code, again.json()["code"]) == (404, "bin_item_not_found")


@pytest.mark.parametrize("how", ["document", "collection"])
def test_its_answers_are_outdated_while_it_is_in_the_bin(api, runtime, ids, how):
    kept, lost = ask(api)["id"], ask(api)["id"]

    def outdated(answer):
        return api.get(f"/v1/answers/{answer}").json()["outdated"]

    def discard():
        if how == "document":
            return deletions.discard_document(runtime, ids["secret.md"])
        return deletions.discard_collection(runtime, "vaults")

    item = discard()
    assert outdated(kept)["reason"] == outdated(lost)["reason"] == "source_gone"
    deletions.restore(runtime, item)
    assert outdated(kept) is outdated(lost) is None
    deletions.erase(runtime, discard())
    assert outdated(kept)["reason"] == "source_gone"


@pytest.mark.parametrize("how", ["document", "collection"])
def test_a_deletion_whose_time_is_over_is_erased_everywhere(api, runtime, settings, ids, how):
    ask(api)
    if how == "document":
        deletions.discard_document(runtime, ids["secret.md"])
    else:
        deletions.discard_collection(runtime, "vaults")
    housekeeping.expire(runtime)
    assert holding(settings.home, SECRET) != []
    make_old(runtime)
    housekeeping.expire(runtime)
    assert holding(settings.home, SECRET) == []
    assert held(runtime) == (0, 0, 0)


def test_the_proof_counts_the_bin(runtime, settings, ids):
    def places(text):
        wanted = proving.Wanted(document_id=ids["secret.md"], text=text)
        return "\n".join(f"{one.place}: {one.hint}" for one in proving.findings(runtime, settings, wanted))

    item = deletions.discard_document(runtime, ids["secret.md"])
    for text in (None, SECRET):
        assert "frozen_documents" in places(text)
        assert "fathom bin erase" in places(text)
    assert f"of document {ids['secret.md']} in the bin ({item})" in places(SECRET)
    deletions.erase(runtime, item)
    assert places(None) == places(SECRET) == ""


def test_erase_now_leaves_nothing_in_the_bin(api, runtime, settings, ids):
    answer = ask(api)
    assert "bin-item" not in api.delete(f"/v1/documents/{ids['secret.md']}?erase=true").headers
    assert held(runtime) == (0, 0, 0)
    assert "brass" not in said(api, answer["id"])
    deletions.discard_document(runtime, ids["other.md"])
    assert api.delete("/v1/collections/vaults?erase=true").status_code == 204
    assert held(runtime) == (0, 0, 0)
    assert holding(settings.home, OTHER) == holding(settings.home, SECRET) == []


def test_with_the_bin_switched_off_deletions_erase(runtime, parts, settings, ids):
    off = build_runtime(
        settings.model_copy(update={"bin": settings.bin.model_copy(update={"keep_days": 0})}), parts
    )
    assert deletions.discard_document(off, ids["secret.md"]) is None
    assert deletions.discard_collection(off, "vaults") is None
    assert held(off) == (0, 0, 0)
    assert holding(settings.home, SECRET) == []
    off.close()


def test_a_collection_comes_back_with_its_documents_and_answers_again(api, runtime, parts, settings, ids):
    other = build_runtime(settings, parts)
    index = other.collection_index(ids["collection"])
    before = index.ids("lexical")
    item = api.delete("/v1/collections/vaults").headers["bin-item"]
    assert api.get("/v1/collections").json()["items"] == []
    assert api.get(f"/v1/documents/{ids['secret.md']}").status_code == 404
    with pytest.raises(CollectionNotFoundError):
        other.collection_index(ids["collection"])
    made = collections.create(runtime.db, name="vaults").row.id  # the name is free
    taken = api.post(f"/v1/bin/{item}/restore", json={})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    listed = api.get("/v1/bin").json()["items"]
    assert [(one["name"], one["documents"], one["kind"]) for one in listed] == [("vaults", 2, "collection")]
    restored = api.post(f"/v1/bin/{item}/restore", json={"name": "vaults again"})
    assert restored.status_code == 200, restored.text
    assert (restored.json()["id"], restored.json()["documents"]) == (ids["collection"], 2)
    collections.delete(runtime, made)
    api.patch(f"/v1/collections/{ids['collection']}", json={"name": "vaults"})
    assert found(api) == {"secret.md", "other.md"}
    assert ask(api)["text"].startswith(SECRET)
    # a process that knew the collection finds no chunk of before
    index = other.collection_index(ids["collection"])
    assert not index.ids("lexical") & before
    assert len(index.ids("lexical")) == len(index.ids("dense")) == 2
    assert violations(runtime, ids["collection"]) == []
    other.close()


def test_a_document_deleted_before_its_collection_comes_back_after_it(runtime, ids):
    first = deletions.discard_document(runtime, ids["secret.md"])
    whole = deletions.discard_collection(runtime, "vaults")
    with pytest.raises(CollectionNotFoundError):
        deletions.restore(runtime, first)
    deletions.restore(runtime, whole)
    deletions.restore(runtime, first)
    assert {view.document.name for view in documents.top_level(runtime.db, ids["collection"])} == {
        "secret.md",
        "other.md",
    }


def test_a_taken_name_is_refused_and_another_one_can_be_given(runtime, work, ids):
    item = deletions.discard_document(runtime, ids["secret.md"])
    record_uploads(runtime, "vaults", [Upload(name="secret.md", blob=runtime.blobs.put(b"# New\n\nNew.\n"))])
    work()
    with pytest.raises(ConflictError, match="another document"):
        deletions.restore(runtime, item)
    with pytest.raises(InvalidInputError):
        deletions.restore(runtime, item, name="a\nb")
    deletions.restore(runtime, item, name="old secret.md")
    assert documents.get(runtime.db, ids["secret.md"]).document.name == "old secret.md"
    assert violations(runtime, ids["collection"]) == []


def test_a_version_that_waited_is_read_after_the_restoration(runtime, work, ids):
    record_uploads(
        runtime, "vaults", [Upload(name="secret.md", blob=runtime.blobs.put(b"# Quuxbergen\n\nForgotten.\n"))]
    )
    item = deletions.discard_document(runtime, ids["secret.md"])
    work()
    deletions.restore(runtime, item)
    assert documents.get(runtime.db, ids["secret.md"]).serving.number == 1
    work()
    assert "Forgotten" in documents.content(runtime.db, ids["secret.md"])[1].text


def test_a_document_that_is_switched_off_stays_so(api, runtime, ids):
    documents.update(runtime.db, ids["secret.md"], enabled=False)
    deletions.restore(runtime, deletions.discard_document(runtime, ids["secret.md"]))
    assert found(api) == {"other.md"}
    documents.update(runtime.db, ids["secret.md"], enabled=True)
    assert found(api) == {"secret.md", "other.md"}


def test_the_bytes_stay_as_long_as_the_bin_has_them(runtime, settings, work, ids):
    data = f"# Quuxbergen\n\n{SECRET}\n".encode()
    copy = record_uploads(runtime, "vaults", [Upload(name="copy.md", blob=runtime.blobs.put(data))])
    work()
    item = deletions.discard_document(runtime, ids["secret.md"])
    documents.delete(runtime, copy[0].view.document.id)
    deletions.restore(runtime, item)
    assert documents.original(runtime.db, runtime.blobs, ids["secret.md"])[1].read_bytes() == data


def test_an_item_of_another_collection_or_kind_is_not_found(runtime, ids):
    collections.create(runtime.db, name="elsewhere")
    item = deletions.discard_document(runtime, ids["secret.md"])
    for collection in ("elsewhere", None):
        with pytest.raises(BinItemNotFoundError):
            deletions.restore(runtime, item, collection=collection)
        with pytest.raises(BinItemNotFoundError):
            deletions.erase(runtime, item, collection=collection)
    with pytest.raises(DocumentNotFoundError):
        deletions.discard_document(runtime, ids["secret.md"])


def test_the_list_goes_page_by_page_newest_first(runtime, ids):
    for name in ("secret.md", "other.md"):
        deletions.discard_document(runtime, ids[name])
    first = deletions.page(runtime.db, "vaults", None, 1)
    second = deletions.page(runtime.db, "vaults", first.next_cursor, 1)
    assert [item.name for item in (*first.items, *second.items)] == ["other.md", "secret.md"]
    assert second.next_cursor is None
    with runtime.db.read() as session:
        assert rows.expired(session, utc_now(), 5) == []


def test_the_command_line_deletes_restores_and_erases(fathom, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "secret.md").write_text(f"# Quuxbergen\n\n{SECRET}\n")
    assert fathom("ingest", "vaults", str(tmp_path / "docs"))[0] == 0

    def as_json(*arguments):
        code, out, err = fathom(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    document = as_json("collections", "show", "vaults")["items"][0]["id"]
    item = as_json("documents", "delete", document)["bin_item"]
    assert [one["id"] for one in as_json("bin", "list", "vaults")["items"]] == [item]
    assert as_json("bin", "restore", item)["documents"] == 1
    assert as_json("documents", "delete", document, "--erase")["bin_item"] is None
    whole = as_json("collections", "delete", "vaults", "--yes")["bin_item"]
    assert [one["id"] for one in as_json("bin", "list")["items"]] == [whole]
    assert as_json("bin", "erase", whole, "--yes") == {"erased": whole}
    assert as_json("bin", "list")["items"] == []
