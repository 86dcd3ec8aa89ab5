"""Vector stores and files through the official client: uploaded, stored, read, searched, answered from, deleted."""

import hashlib
import io

import httpx
import openai
import pytest

from app.composition.runtime import build_runtime
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS, GEESE

SHEEP = b"# Sheep\n\nSheep graze on dry meadows. They give wool in spring.\n"
TEXT = SHEEP.decode().removeprefix("# ").strip()  # as citations count it
EXPIRES = {"anchor": "last_active_at", "days": 1}
NO_FILTER = {"type": "like", "key": "a", "value": "b"}
QUESTION = "Where do sheep graze?"


@pytest.fixture
def work(home):
    """Have everything that is queued read."""

    def run():
        runtime = build_runtime(load_settings(home=home), small_parts())
        Worker(runtime).run_pending()
        runtime.close()

    return run


@pytest.fixture
def store(client, request):
    made = client.vector_stores.create(name=f"store of {request.node.name}"[:200])
    yield made
    client.vector_stores.delete(made.id)


def upload(client, data=SHEEP, name="sheep.md"):
    return client.files.create(file=(name, io.BytesIO(data)), purpose="assistants")


def test_an_uploaded_file_is_put_into_a_store_searched_and_answered_from(client, store, work):
    file = upload(client)
    assert (file.filename, file.bytes, file.purpose) == ("sheep.md", len(SHEEP), "assistants")
    put = client.vector_stores.files.create(store.id, file_id=file.id, attributes={"team": "farm"})
    assert (put.id, put.status, put.vector_store_id) == (file.id, "in_progress", store.id)
    counts = client.vector_stores.retrieve(store.id).file_counts
    assert (counts.in_progress, counts.completed, counts.total) == (1, 0, 1)
    work()
    now = client.vector_stores.files.poll(file.id, vector_store_id=store.id)
    assert (now.status, now.attributes, now.usage_bytes) == ("completed", {"team": "farm"}, len(SHEEP))
    there = client.vector_stores.retrieve(store.id)
    assert (there.status, there.file_counts.completed, there.usage_bytes) == ("completed", 1, len(SHEEP))
    (text,) = client.vector_stores.files.content(file.id, vector_store_id=store.id)
    assert text.text == TEXT
    (found, *_) = client.vector_stores.search(store.id, query=QUESTION)
    places = found.fathom
    assert found.content[0].text == TEXT[places["start"] : places["end"]]
    assert client.files.retrieve(found.file_id).filename == "sheep.md"
    assert client.files.content(found.file_id).read() == client.files.content(file.id).read() == SHEEP
    tool = {"type": "file_search", "vector_store_ids": [store.id]}
    reply = client.responses.create(model="fathom", input=QUESTION, tools=[tool])
    assert reply.output[-1].content[0].annotations[0].file_id == found.file_id
    farm, town = ({"type": "eq", "key": "team", "value": value} for value in ("farm", "town"))
    either = {"type": "or", "filters": [farm, town]}
    for wanted, count in ((farm, 1), (town, 0), (either, 1), (farm | {"type": "nin", "value": ["farm"]}, 0)):
        assert len(client.vector_stores.search(store.id, query=QUESTION, filters=wanted).data) == count
    reply = client.responses.create(model="fathom", input=QUESTION, tools=[tool | {"filters": town}])
    assert not reply.fathom["answerable"]
    changed = client.vector_stores.files.update(file.id, vector_store_id=store.id, attributes={"year": 2026})
    assert changed.attributes == {"year": 2026}


def test_a_file_and_what_was_made_of_it_are_deleted_apart_and_together(client, store, work, home):
    file = upload(client, SHEEP + b"More.\n")
    client.vector_stores.files.create(store.id, file_id=file.id)
    work()
    client.vector_stores.files.delete(file.id, vector_store_id=store.id)
    assert list(client.vector_stores.files.list(store.id)) == []
    assert client.files.content(file.id).read() == SHEEP + b"More.\n"  # the file owns its bytes
    client.vector_stores.files.create(store.id, file_id=file.id)
    client.files.delete(file.id)
    assert list(client.vector_stores.files.list(store.id)) == []
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)
    runtime = build_runtime(load_settings(home=home), small_parts())
    assert not runtime.blobs.exists(hashlib.sha256(SHEEP + b"More.\n").hexdigest())
    runtime.close()


def test_a_batch_is_counted(client, store, work):
    files = [
        upload(client, DUCKS, "a.md"),
        upload(client, GEESE, "b.md"),
        upload(client, b"%PDF-1.4 broken", "c.pdf"),
    ]
    batch = client.vector_stores.file_batches.create(store.id, file_ids=[file.id for file in files])
    assert (batch.status, batch.file_counts.in_progress, batch.file_counts.total) == ("in_progress", 3, 3)
    work()
    done = client.vector_stores.file_batches.poll(batch.id, vector_store_id=store.id)
    counts = done.file_counts
    assert (done.status, counts.completed, counts.failed, counts.total) == ("completed", 2, 1, 3)
    states = {
        item.id: item
        for item in client.vector_stores.file_batches.list_files(batch.id, vector_store_id=store.id)
    }
    assert [states[file.id].status for file in files] == ["completed", "completed", "failed"]
    assert states[files[2].id].last_error.message
    failed = client.vector_stores.files.list(store.id, filter="failed")
    assert [item.id for item in failed] == [files[2].id]


def test_a_batch_is_cancelled(client, store):
    file = upload(client)
    batch = client.vector_stores.file_batches.create(store.id, files=[{"file_id": file.id}])
    gone = client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store.id)
    assert (gone.status, gone.file_counts.cancelled) == ("cancelled", 1)
    assert client.vector_stores.retrieve(store.id).file_counts.total == 0


def test_two_files_of_one_name_are_two_documents(client, store):
    first, second = upload(client), upload(client, GEESE)
    for file in (first, second):
        client.vector_stores.files.create(store.id, file_id=file.id)
    assert {item.id for item in client.vector_stores.files.list(store.id)} == {first.id, second.id}


def test_lists_are_paged_by_the_last_item_seen(client, store):
    files = [upload(client, DUCKS + bytes([65 + n]), f"{n}.md") for n in range(5)]
    for file in files:
        client.vector_stores.files.create(store.id, file_id=file.id)
    ids = [file.id for file in files]
    assert [item.id for item in client.vector_stores.files.list(store.id, limit=2)] == ids[::-1]
    assert [item.id for item in client.vector_stores.files.list(store.id, limit=2, order="asc")] == ids
    assert [item.id for item in client.files.list(limit=2)][:5] == ids[::-1]
    assert client.files.list(purpose="batch").data == []
    stores = [item.id for item in client.vector_stores.list(limit=1)]
    assert stores[0] == store.id
    assert len(set(stores)) == len(stores) >= 3


def test_a_store_is_a_collection(client, base_url):
    made = client.vector_stores.create(name="pastures")
    url = base_url.replace("/openai/v1", f"/v1/collections/{made.id}")
    assert httpx.get(url).json()["name"] == "pastures"
    client.vector_stores.update(made.id, name="meadows")
    assert httpx.get(url).json()["name"] == "meadows"
    assert client.vector_stores.delete(made.id).deleted
    assert httpx.get(url).status_code == 404


@pytest.mark.parametrize(
    ("call", "status", "code"),
    [
        (lambda c: c.vector_stores.create(name="birds"), 409, "collection_exists"),
        (lambda c: c.vector_stores.create(name="x", metadata={"a": "b"}), 400, "unsupported_parameter"),
        (lambda c: c.vector_stores.create(name="x", expires_after=EXPIRES), 400, "unsupported_parameter"),
        (lambda c: c.vector_stores.retrieve("vs_none"), 404, "collection_not_found"),
        (lambda c: c.vector_stores.search("birds", query=" "), 400, "empty_query"),
        (lambda c: c.vector_stores.search("birds", query="x", filters=NO_FILTER), 400, "bad_filter"),
        (lambda c: c.vector_stores.files.create("birds", file_id="file-none"), 404, "file_not_found"),
        (lambda c: c.vector_stores.files.retrieve("file-none", vector_store_id="birds"), 404, "document_not_found"),
        (lambda c: c.vector_stores.file_batches.create("birds", file_ids=[]), 400, "no_files"),
        (lambda c: c.vector_stores.file_batches.retrieve("vsfb_none", vector_store_id="birds"), 404, "batch_not_found"),
        (lambda c: c.files.delete("file-none"), 404, "file_not_found"),
        (lambda c: c.files.list(extra_query={"before": "file-none"}), 400, "unsupported_parameter"),
    ],
)  # fmt: skip
def test_what_can_not_be_done_is_told(client, call, status, code):
    with pytest.raises(openai.APIStatusError) as refused:
        result = call(client)
        list(result) if hasattr(result, "__iter__") else None
    assert (refused.value.status_code, refused.value.code) == (status, code)
