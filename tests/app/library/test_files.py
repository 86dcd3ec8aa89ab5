"""An uploaded file owns its bytes: deletions, the sweep and the proof of a deletion know it."""

from app.intake.mapping import parsing_limits
from app.intake.record import Upload, record_uploads
from app.library import collections, documents, files, proving

DATA = b"# Quuxbergen\n\nThe vault of Quuxbergen opens with seventeen brass keys.\n"


def test_bytes_stay_as_long_as_a_file_or_a_document_has_them(runtime, work, tmp_path):
    key = collections.create(runtime.db, name="vaults").row.id
    blob = runtime.blobs.put(DATA)
    first = files.record(runtime, "a.md", "assistants", None, blob)
    second = files.record(runtime, "b.md", "assistants", None, blob)
    (taken,) = record_uploads(runtime, key, [Upload(name="a.md", blob=blob)])
    work()
    file = tmp_path / "a.md"
    file.write_bytes(DATA)

    def places():
        asked = proving.wanted(runtime.db, None, file, parsing_limits(runtime.settings.limits))
        found = proving.findings(runtime, runtime.settings, asked)
        return {item.place: item.hint for item in found}

    files.delete(runtime, first.id)
    documents.delete(runtime, taken.view.document.id)
    assert runtime.blobs.exists(blob.sha256)
    row = f"table uploaded_files, row {second.id}, sha256"
    assert places()[row] == "Delete the file: DELETE /openai/v1/files/ID."
    files.delete(runtime, second.id)
    assert not runtime.blobs.exists(blob.sha256)
    assert places() == {}


def test_the_last_document_keeps_what_its_file_had(runtime):
    key = collections.create(runtime.db, name="vaults").row.id
    blob = runtime.blobs.put(DATA)
    file = files.record(runtime, "a.md", "assistants", None, blob)
    record_uploads(runtime, key, [Upload(name="a.md", blob=blob)])
    files.delete(runtime, file.id)
    assert runtime.blobs.read(blob.sha256) == DATA
    collections.delete(runtime, key)
    assert not runtime.blobs.exists(blob.sha256)


def test_a_collection_goes_with_its_batches(runtime):
    key = collections.create(runtime.db, name="vaults").row.id
    batch = files.add_batch(runtime.db, key, ["doc_a"])
    assert files.batch(runtime.db, "vaults", batch.id).document_ids == ["doc_a"]
    collections.delete(runtime, key)
