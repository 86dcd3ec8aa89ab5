"""Stored files: whoever reads one gets the bytes that were stored, or is told that they are gone or damaged."""

from pathlib import Path

import pytest

from app.errors import DamagedFileError, describe
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.storage import BlobStore

DATA = b"# Duck\n\nThe duck swims on the pond."


def damage(path: Path, kind: str) -> None:
    data = bytearray(path.read_bytes())
    if kind == "flipped":
        data[len(data) // 2] ^= 1
    elif kind == "cut":
        del data[-1:]
    elif kind == "empty":
        data.clear()
    else:
        data += b"\0"
    path.write_bytes(data)


KINDS = ("flipped", "cut", "empty", "longer")


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_bytes_are_never_given_out(tmp_path, kind):
    store = BlobStore(tmp_path / "blobs")
    stored = store.put(DATA)
    damage(store.path(stored.sha256), kind)
    for read in (store.read, store.path):
        with pytest.raises(DamagedFileError) as error:
            read(stored.sha256)
        failure = describe(error.value)
        assert (failure.code, failure.exit_code) == ("file_damaged", 9)
    store.put(DATA)  # the same bytes again heal it
    assert store.read(stored.sha256) == DATA


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_original_is_neither_ingested_nor_served_and_heals(runtime, api, work, kind):
    collection = collections.create(runtime.db, name="birds").row.id
    stored = runtime.blobs.put(DATA)
    (taken,) = record_uploads(runtime, collection, [Upload(name="duck.md", blob=stored)])
    damage(runtime.blobs.path(stored.sha256), kind)
    assert work() == 1
    document = taken.view.document.id
    failed = documents.get(runtime.db, document).newest
    assert (failed.status, failed.error["code"]) == ("failed", "file_damaged")
    reply = api.get(f"/v1/documents/{document}/content", params={"format": "original"})
    assert (reply.status_code, reply.json()["code"]) == (500, "file_damaged")
    assert DATA[:6] not in reply.content
    # what the hint says
    runtime.blobs.put(DATA)
    documents.retry(runtime.db, document)
    assert work() == 1
    assert documents.get(runtime.db, document).newest.status == "ready"
    reply = api.get(f"/v1/documents/{document}/content", params={"format": "original"})
    assert reply.content == DATA
