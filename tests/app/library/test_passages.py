"""Chunks that are switched off: in no search, no answer, no surroundings; in later versions too, and back again."""

import json

import pytest

from app.db.surroundings import SurroundingsReader
from app.intake.record import Upload, record_uploads
from app.library import collections, deletions, documents, index_audit, passages
from app.library.passages import ChunkNotFoundError
from tests.app.copying_generator import AttributingGenerator

DUCKS = "# Ducks\n\n" + "Ducks eat duckweed and small water insects in every pond of the park. " * 12
SWANS = "# Swans\n\n" + "Swans sleep afloat on the large lake beside the old bridge at night. " * 12
GEESE = "# Geese\n\n" + "Geese migrate south along the river before the first snow has fallen. " * 12


@pytest.fixture
def generator():
    return AttributingGenerator()


def text(*parts):
    return "\n\n".join(parts) + "\n"


@pytest.fixture
def document(runtime, work):
    collections.create(runtime.db, name="birds", settings={"max_tokens": 256})
    return uploaded(runtime, work, text(DUCKS, SWANS, GEESE))


def uploaded(runtime, work, whole):
    taken = record_uploads(runtime, "birds", [Upload(name="b.md", blob=runtime.blobs.put(whole.encode()))])
    work()
    return taken[0].view.document.id


def chunk_with(runtime, document, word):
    found = [one for one in documents.chunk_page(runtime.db, document, None, 50).items if word in one.text]
    assert len(found) == 1, [one.text[:30] for one in found]
    return found[0]


def hits(api, query, **more):
    body = {"collections": ["birds"], "query": query} | more
    return [hit["text"] for hit in api.post("/v1/search", json=body).json()["hits"]]


def switch(api, document, chunk, enabled):
    return api.patch(f"/v1/documents/{document}/chunks/{chunk.id}", json={"enabled": enabled})


def test_no_search_and_no_answer_uses_a_chunk_that_is_off(api, runtime, document):
    swans = chunk_with(runtime, document, "Swans")
    asked = {"collections": ["birds"], "question": "Where do swans sleep?"}
    before = api.post("/v1/answers", json=asked).json()
    assert "Swans sleep" in before["text"]
    reply = switch(api, document, swans, enabled=False)
    assert (reply.status_code, reply.json()["enabled"]) == (200, False)
    assert not any("Swans" in hit for hit in hits(api, "swans sleep afloat"))
    assert not any("Swans" in hit for hit in hits(api, "swans", filter={"document.name": "b.md"}))
    after = api.post("/v1/answers", json=asked).json()
    assert "Swans sleep" not in json.dumps(after["citations"]) + after["text"]
    assert api.get(f"/v1/answers/{before['id']}").json()["outdated"]["reason"] == "source_changed"
    listed = api.get(f"/v1/documents/{document}/chunks").json()["items"]
    assert [one["enabled"] for one in listed].count(False) == 1
    assert index_audit.audit(runtime, collections.get(runtime, "birds").row.id).clean
    assert switch(api, document, swans, enabled=True).json()["enabled"]
    assert any("Swans" in hit for hit in hits(api, "swans sleep afloat"))


def test_nothing_is_read_beyond_a_chunk_that_is_off(runtime, document):
    swans, ducks = chunk_with(runtime, document, "Swans"), chunk_with(runtime, document, "Ducks")
    geese = chunk_with(runtime, document, "Geese")

    def around():
        with runtime.db.read() as session:
            found = SurroundingsReader().read(session, [ducks.id, geese.id])
        return found[ducks.id].after, found[geese.id].before, found

    assert "Swans" in around()[0]
    assert "Swans" in around()[1]
    passages.set_enabled(runtime, document, swans.id, enabled=False)
    after, before, found = around()
    assert "Swans" not in after + before
    whole = documents.content(runtime.db, document)[1].text
    for chunk in (ducks, geese):
        read = found[chunk.id]
        assert whole[chunk.end : chunk.end + len(read.after)] == read.after
        assert whole[chunk.start - len(read.before) : chunk.start] == read.before
        assert all(start < chunk.end + len(read.after) for _, start, _, _ in read.blocks)


def test_it_stays_off_in_a_version_that_has_it_word_for_word(api, runtime, work, document):
    passages.set_enabled(runtime, document, chunk_with(runtime, document, "Swans").id, enabled=False)
    other = GEESE.replace("south", "far south")
    uploaded(runtime, work, text(DUCKS, SWANS, other))
    assert not chunk_with(runtime, document, "Swans").enabled
    assert not any("Swans" in hit for hit in hits(api, "swans sleep afloat"))
    assert any("far south" in hit for hit in hits(api, "geese migrate far south"))
    uploaded(runtime, work, text(DUCKS, SWANS.replace("large", "small"), other))
    assert chunk_with(runtime, document, "Swans").enabled


@pytest.mark.parametrize("how", ["bin", "document off and on"])
def test_it_stays_off_when_its_document_goes_and_returns(api, runtime, document, how):
    passages.set_enabled(runtime, document, chunk_with(runtime, document, "Swans").id, enabled=False)
    if how == "bin":
        deletions.restore(runtime, deletions.discard_document(runtime, document))
    else:
        documents.update(runtime.db, document, enabled=False)
        documents.update(runtime.db, document, enabled=True)
    assert not chunk_with(runtime, document, "Swans").enabled
    assert not any("Swans" in hit for hit in hits(api, "swans sleep afloat"))
    assert any("Geese" in hit for hit in hits(api, "geese migrate"))
    assert index_audit.audit(runtime, collections.get(runtime, "birds").row.id).clean


def test_a_chunk_of_another_document_is_not_found(api, runtime, work, document):
    other = record_uploads(
        runtime, "birds", [Upload(name="o.md", blob=runtime.blobs.put(b"# Owls\n\nOwls hunt.\n"))]
    )[0].view.document.id
    work()
    foreign = documents.chunk_page(runtime.db, other, None, 5).items[0]
    with pytest.raises(ChunkNotFoundError):
        passages.set_enabled(runtime, document, foreign.id, enabled=False)
    assert switch(api, document, foreign, enabled=False).json()["code"] == "chunk_not_found"


def test_the_command_line_switches_chunks(fathom, tmp_path):
    (tmp_path / "duck.md").write_text("# Ducks\n\nDucks eat weed.\n")
    fathom("ingest", "birds", str(tmp_path / "duck.md"))
    document = json.loads(fathom("collections", "show", "birds", "--json")[1])["items"][0]["id"]
    (chunk,) = json.loads(fathom("documents", "chunks", document, "--json")[1])["items"]
    code, out, err = fathom("documents", "chunks", document, "--off", str(chunk["id"]), "--json")
    assert code == 0, err
    assert not json.loads(out)["items"][0]["enabled"]
    assert json.loads(fathom("search", "birds", "weed", "--json")[1])["hits"] == []
    assert json.loads(fathom("documents", "chunks", document, "--on", str(chunk["id"]), "--json")[1])["items"]
    assert len(json.loads(fathom("search", "birds", "weed", "--json")[1])["hits"]) == 1
