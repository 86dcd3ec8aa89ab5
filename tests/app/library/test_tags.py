"""Tags: given, shown, counted, found by filters, and kept by the bin."""

import json

import pytest

from app.intake.record import Upload, record_uploads
from app.library import collections, deletions, documents
from app.search.filtering import filter_of


@pytest.fixture
def ids(runtime, work):
    collections.create(runtime.db, name="birds")
    texts = {"duck.md": b"# Ducks\n\nDucks eat weed.\n", "swan.md": b"# Swans\n\nSwans eat weed.\n"}
    taken = record_uploads(
        runtime, "birds", [Upload(name=n, blob=runtime.blobs.put(t)) for n, t in texts.items()]
    )
    work()
    return {item.view.document.name: item.view.document.id for item in taken}


def tag(api, document, *tags):
    return api.patch(f"/v1/documents/{document}", json={"tags": list(tags)})


def found(api, wanted):
    reply = api.post("/v1/search", json={"collections": ["birds"], "query": "weed", "filter": wanted})
    assert reply.status_code == 200, reply.text
    return {hit["document"]["name"] for hit in reply.json()["hits"]}


def test_tags_are_stored_in_lower_case_each_once(api, ids):
    reply = tag(api, ids["duck.md"], "Legal", "legal ", "Über  uns", "合同")
    assert reply.json()["tags"] == ["legal", "über uns", "合同"]
    assert api.get(f"/v1/documents/{ids['duck.md']}").json()["tags"] == ["legal", "über uns", "合同"]
    listed = api.get("/v1/collections/birds/documents").json()["items"]
    assert {one["name"]: one["tags"] for one in listed} == {
        "duck.md": ["legal", "über uns", "合同"],
        "swan.md": [],
    }
    assert api.patch(f"/v1/documents/{ids['duck.md']}", json={"metadata": {"a": 1}}).json()["tags"]
    assert tag(api, ids["duck.md"]).json()["tags"] == []


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({"document.tag": "LEGAL"}, {"duck.md"}),
        ({"document.tag": {"in": ["legal", "draft"]}}, {"duck.md", "swan.md"}),
        ({"document.tag": {"ne": "legal"}}, {"swan.md"}),
        ({"document.tag": {"contains": "raf"}}, {"swan.md"}),
        ({"document.tag": {"exists": False}}, set()),
        ({"and": [{"document.tag": "legal"}, {"document.tag": "old"}]}, {"duck.md"}),
    ],
)
def test_filters_find_documents_by_their_tags(api, ids, wanted, names):
    tag(api, ids["duck.md"], "legal", "old")
    tag(api, ids["swan.md"], "draft")
    assert found(api, wanted) == names
    assert {
        view.document.name
        for view in documents.page(
            api.app.state.runtime.db, "birds", None, None, 10, wanted=filter_of(wanted)
        ).items
    } == names


def test_a_change_of_tags_counts_for_the_next_search(api, ids):
    assert found(api, {"document.tag": "legal"}) == set()
    tag(api, ids["swan.md"], "legal")
    assert found(api, {"document.tag": "legal"}) == {"swan.md"}
    tag(api, ids["swan.md"])
    assert found(api, {"document.tag": "legal"}) == set()


def test_metadata_of_the_same_name_is_no_tag(api, ids):
    api.patch(f"/v1/documents/{ids['duck.md']}", json={"metadata": {"document": {"tag": "legal"}}})
    assert found(api, {"document.tag": "legal"}) == set()


def test_fields_count_tags_first(api, ids):
    tag(api, ids["duck.md"], "legal", "old")
    tag(api, ids["swan.md"], "legal")
    field = api.get("/v1/collections/birds/fields").json()["fields"][0]
    values = [{"value": "legal", "documents": 2}, {"value": "old", "documents": 1}]
    assert field == {"name": "document.tag", "kind": "text", "documents": 2, "values": values}


@pytest.mark.parametrize("tags", [["a" * 65], [" "], ["a\u200bb"], [str(n) for n in range(51)]])
def test_a_tag_that_can_not_be_one_is_refused_and_changes_nothing(api, ids, tags):
    tag(api, ids["duck.md"], "legal")
    reply = tag(api, ids["duck.md"], *tags)
    assert (reply.status_code, reply.json()["code"]) == (422, "bad_tags")
    assert api.get(f"/v1/documents/{ids['duck.md']}").json()["tags"] == ["legal"]


def test_the_bin_keeps_tags(api, runtime, ids):
    tag(api, ids["duck.md"], "legal")
    deletions.restore(runtime, deletions.discard_document(runtime, ids["duck.md"]))
    assert found(api, {"document.tag": "legal"}) == {"duck.md"}


def test_members_of_an_archive_get_its_tags(runtime, work):
    import io
    import zipfile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.md", "# Geese\n\nGeese fly.\n")
    collections.create(runtime.db, name="birds")
    taken = record_uploads(
        runtime, "birds", [Upload(name="all.zip", blob=runtime.blobs.put(packed.getvalue()))]
    )
    work()
    documents.update(runtime.db, taken[0].view.document.id, tags=["legal"])
    listed = documents.page(runtime.db, "birds", None, None, 10, wanted=filter_of({"document.tag": "legal"}))
    assert {view.document.name for view in listed.items} == {"all.zip", "all.zip/inner.md"}


def test_the_command_line_adds_and_takes_away(fathom, tmp_path):
    (tmp_path / "duck.md").write_text("# Ducks\n\nDucks eat weed.\n")
    fathom("ingest", "birds", str(tmp_path / "duck.md"))
    document = json.loads(fathom("collections", "show", "birds", "--json")[1])["items"][0]["id"]
    code, out, err = fathom("documents", "tag", document, "--add", "Legal", "--add", "old", "--json")
    assert code == 0, err
    assert json.loads(out)["items"][0]["tags"] == ["legal", "old"]
    out = fathom("documents", "tag", document, "--remove", "OLD", "--json")[1]
    assert json.loads(out)["items"][0]["tags"] == ["legal"]
    out = fathom("search", "birds", "weed", "--where", "document.tag=legal", "--json")[1]
    assert len(json.loads(out)["hits"]) == 1
