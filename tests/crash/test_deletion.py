"""A deleted document is never found again: by no process, from the moment the call returns, killed or not."""

from pathlib import Path

import pytest

from app.composition.runtime import Runtime, build_runtime
from app.intake.record import Upload, record_uploads
from app.library import collections, documents, index_audit
from app.worker import Worker
from tests.app.doubles import CountingEmbedder, small_parts
from tests.crash.process import server, settings_for

pytestmark = [pytest.mark.crash, pytest.mark.processes, pytest.mark.timeout(300)]

WORDS = ("duck", "goose", "swan", "heron", "stork", "crane", "rail", "coot", "grebe", "loon", "auk", "tern")


@pytest.fixture
def filled(tmp_path: Path):
    """This process, which searches, with a collection of one document a word."""
    opened = build_runtime(settings_for(tmp_path / "home"), small_parts())
    collection = collections.create(opened.db, name="birds").row.id
    uploads = [
        Upload(name=f"{word}.md", blob=opened.blobs.put(f"# The {word}\n\nA {word} has wings.".encode()))
        for word in WORDS
    ]
    record_uploads(opened, collection, uploads)
    Worker(opened).run_pending()
    yield opened, collection
    opened.close()


def found(runtime: Runtime, collection: str, question: str) -> set[str]:
    """Documents found by either index, the way a search does it."""
    index = runtime.collection_index(collection)
    vector = CountingEmbedder().embed_queries([question])[0]
    ids = set(index.dense.search(vector, 1000)[0].tolist())
    ids |= {key for key, _ in index.lexical.search(question, 1000)}
    return {passage.document_id for passage in runtime.passages.passages(sorted(ids)).values()}


def test_no_process_finds_what_another_one_deleted(filled, tmp_path, free_port):
    runtime, collection = filled
    ids = {
        v.document.name.removesuffix(".md"): v.document.id
        for v in documents.page(runtime.db, collection, None, None, 50).items
    }
    with server(tmp_path / "home", free_port) as (child, client):
        for word in WORDS[:8]:
            assert ids[word] in found(runtime, collection, word)
            assert client.delete(f"/v1/documents/{ids[word]}").status_code == 204
            assert ids[word] not in found(runtime, collection, word)
        # The reply is the promise: what was acknowledged holds although the process dies right after.
        assert client.delete(f"/v1/documents/{ids[WORDS[8]]}").status_code == 204
        child.kill()
        child.wait()
    assert ids[WORDS[8]] not in found(runtime, collection, WORDS[8])
    assert index_audit.audit(runtime, collection).clean
    with server(tmp_path / "home", free_port) as (_, client):
        assert client.get(f"/v1/documents/{ids[WORDS[8]]}").status_code == 404
        listed = client.get(f"/v1/collections/{collection}/documents").json()["items"]
        assert {item["name"] for item in listed} == {f"{word}.md" for word in WORDS[9:]}


def test_passages_of_a_deleted_document_are_gone_even_for_a_stale_index(filled):
    runtime, collection = filled
    index = runtime.collection_index(collection)
    stale = index.ids("dense")
    victim = documents.page(runtime.db, collection, None, None, 1).items[0].document.id
    other = build_runtime(runtime.settings, small_parts())
    documents.delete(other, victim)
    other.close()
    assert index.ids("dense") == stale, "nothing refreshed this index yet"
    assert victim not in {p.document_id for p in runtime.passages.passages(sorted(stale)).values()}


def test_a_hidden_document_is_not_found_until_it_is_shown_again(filled):
    runtime, collection = filled
    view = documents.page(runtime.db, collection, None, None, 1).items[0]
    word = view.document.name.removesuffix(".md")
    documents.update(runtime.db, view.document.id, enabled=False)
    assert view.document.id not in found(runtime, collection, word)
    documents.update(runtime.db, view.document.id, enabled=True)
    assert view.document.id in found(runtime, collection, word)
