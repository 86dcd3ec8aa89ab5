"""`fathom prove-gone` finds a text wherever it was left, and nothing where it was left nowhere."""

import gzip
import json
import shutil
import sqlite3
import zipfile

import pytest

from app.answers import run
from app.answers.accept import Ask
from app.composition.runtime import build_runtime
from app.intake.mapping import parsing_limits
from app.intake.record import Upload, record_uploads
from app.library import collections, documents, proving
from app.library.traces import Traces
from tests.app.copying_generator import AttributingGenerator

TEXTS = {
    "en": "# Quuxbergen\n\nThe vault of Quuxbergen opens with seventeen brass keys, kept by the baker.\n",
    "zh": "# 库斯堡\n\n库斯堡的金库由十七把黄铜钥匙打开，钥匙由镇上的面包师保管，每年清点一次。\n",
}


@pytest.fixture
def generator():
    return AttributingGenerator()


@pytest.fixture(params=["en", "zh"])
def left(request, runtime, work, settings, tmp_path):
    """A deleted document, of which an answer was given: its id, file, text and collection."""
    data = TEXTS[request.param].encode()
    file = tmp_path / "secret.md"
    file.write_bytes(data)
    collection = collections.create(runtime.db, name="vaults").row.id
    uploads = [
        Upload(name="secret.md", blob=runtime.blobs.put(data)),
        Upload(name="other.md", blob=runtime.blobs.put(b"# Florpheim\n\nThe lake freezes in March.\n")),
    ]
    taken = record_uploads(runtime, collection, uploads)
    work()
    question = (
        "Which keys open the vault of Quuxbergen?" if request.param == "en" else "哪些钥匙打开库斯堡的金库？"
    )
    assert run.answer(runtime, Ask(collections=(collection,), question=question)).answer.citations
    return taken[0].view.document.id, file, data.decode(), collection


def places(runtime, left, *, by="file", look_in=()):
    document, file, _, _ = left
    limits = parsing_limits(runtime.settings.limits)
    asked = proving.wanted(runtime.db, document, file if by == "file" else None, limits)
    return [finding.place for finding in proving.findings(runtime, runtime.settings, asked, look_in)]


def test_before_its_deletion_a_document_stands_where_it_stands(runtime, left):
    document, _, _, _ = left
    found = "\n".join(places(runtime, left))
    for where in (f"of document {document}", "table answers", "table answer_sources", "/blobs/", "fathom.db"):
        assert where in found
    assert "other.md" not in found


@pytest.mark.parametrize("by", ["id", "file"])
def test_after_its_deletion_it_stands_nowhere(runtime, left, by):
    documents.delete(runtime, left[0])
    assert places(runtime, left, by=by) == []


def _unknown_table(runtime, settings, left, tmp_path):
    with runtime.db.write() as session:
        session.connection().exec_driver_sql("CREATE TABLE scratch (note TEXT)")
        session.connection().exec_driver_sql("INSERT INTO scratch VALUES (?)", (f"{{x}} {left[2]} {{y}}",))
    return ["table scratch"]


def _json(runtime, settings, left, tmp_path):
    with runtime.db.write() as session:
        session.connection().exec_driver_sql(
            "UPDATE answers SET request = ?", (json.dumps({"noted": "x" * 13 + left[2]}),)
        )
    return ["table answers"]


def _blob(runtime, settings, left, tmp_path):
    runtime.blobs.put(left[1].read_bytes())
    return ["/blobs/"]


def _half_upload(runtime, settings, left, tmp_path):
    incoming = settings.blobs_dir / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    (incoming / "0f").write_bytes(left[1].read_bytes()[3:])
    return ["/incoming/"]


def _other_document(runtime, settings, left, tmp_path):
    data = b"A letter begins here.\n\n" + left[1].read_bytes()
    record_uploads(runtime, left[3], [Upload(name="letter.md", blob=runtime.blobs.put(data))])
    from app.worker import Worker

    Worker(runtime).run_pending()
    return ["(letter.md)"]


def _log(runtime, settings, left, tmp_path):
    (settings.home / "fathom.log").write_text("".join(f"line {n} {left[2]!r}\n" for n in range(3)))
    return ["/fathom.log"]


TEXT_PLACES = [_unknown_table, _json, _blob, _half_upload, _other_document, _log]


@pytest.mark.parametrize("plant", TEXT_PLACES)
def test_a_text_left_anywhere_in_the_home_is_found(runtime, settings, left, tmp_path, plant):
    documents.delete(runtime, left[0])
    expected = plant(runtime, settings, left, tmp_path)
    found = "\n".join(places(runtime, left))
    assert all(place in found for place in expected), found


@pytest.mark.parametrize("how", ["copy of the database", "zip", "gzip", "plain"])
def test_a_text_in_a_backup_that_is_named_is_found(runtime, settings, left, tmp_path, how):
    backups = tmp_path / "backups"
    backups.mkdir()
    if how == "copy of the database":
        with sqlite3.connect(settings.home / "fathom.db") as one, sqlite3.connect(backups / "b.db") as two:
            one.backup(two)
    elif how == "zip":
        with zipfile.ZipFile(backups / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("in/secret.md", left[2] * 20)
    elif how == "gzip":
        (backups / "b.gz").write_bytes(gzip.compress(left[1].read_bytes() * 20))
    else:
        (backups / "b.tar").write_bytes(b"\0" * 511 + left[1].read_bytes())
    documents.delete(runtime, left[0])
    assert places(runtime, left) == []
    assert [place.rsplit("/", 2)[-2] for place in places(runtime, left, look_in=[backups])] == ["backups"]


def _old_snapshot(runtime, settings, left, tmp_path):
    index = runtime.collection_index(left[3])
    index.snapshot()
    dense = settings.indexes_dir / left[3] / "dense"
    shutil.copytree(dense, tmp_path / "dense")
    documents.delete(runtime, left[0])
    shutil.copytree(tmp_path / "dense", dense, dirs_exist_ok=True)
    return "/dense/gen-"


def _old_words(runtime, settings, left, tmp_path):
    runtime.collection_index(left[3]).close()
    folder = settings.indexes_dir / left[3] / "lexical"
    shutil.copytree(folder, tmp_path / "lexical")
    documents.delete(runtime, left[0])
    shutil.copytree(tmp_path / "lexical", folder, dirs_exist_ok=True)
    return "/lexical"


def _removed_words(runtime, settings, left, tmp_path):
    index = runtime.collection_index(left[3])
    ids = sorted(index.ids("lexical"))
    index.lexical.remove(ids[:1])
    index.lexical.commit()
    documents.delete(runtime, left[0])
    index.lexical.add([10**6], ["another text"])
    index.lexical.add([10**6 + 1], ["another text"])
    index.lexical.commit()
    index.lexical.remove([10**6])
    index.lexical.commit()
    return "/lexical"


def _folder_of_a_gone_collection(runtime, settings, left, tmp_path):
    documents.delete(runtime, left[0])
    (settings.indexes_dir / "col_gone").mkdir(parents=True)
    return "/col_gone"


def _stored_file_of_nobody(runtime, settings, left, tmp_path):
    documents.delete(runtime, left[0])
    runtime.blobs.put(b"nobody's")
    return "/blobs/"


def _row_that_names_it(runtime, settings, left, tmp_path):
    documents.delete(runtime, left[0])
    with runtime.db.write() as session:
        session.connection().exec_driver_sql("UPDATE answers SET comment = ?", (f"see {left[0]}",))
    return "table answers"


@pytest.mark.parametrize(
    "plant",
    [
        _old_snapshot, _old_words, _removed_words, _folder_of_a_gone_collection, _stored_file_of_nobody,
        _row_that_names_it,
    ],
)  # fmt: skip
def test_what_is_left_is_found_by_the_id_alone(settings, parts, runtime, left, tmp_path, plant):
    expected = plant(runtime, settings, left, tmp_path)
    assert expected in "\n".join(places(runtime, left, by="id"))


def test_unused_pages_that_were_not_overwritten_are_found(runtime, settings, left):
    documents.delete(runtime, left[0])
    runtime.close()
    with sqlite3.connect(settings.home / "fathom.db") as plain:
        plain.execute("PRAGMA secure_delete = OFF")
        plain.execute("CREATE TABLE scratch (note TEXT)")
        plain.executemany("INSERT INTO scratch VALUES (?)", [(left[2] * 40,)] * 50)
        plain.commit()
        plain.execute("DROP TABLE scratch")
    found = "\n".join(places(runtime, left, by="id"))
    assert found.endswith("fathom.db")
    assert places(runtime, left, by="file") == [found, found]


def test_the_command_ends_with_0_only_where_it_stands_nowhere(fathom, runtime, left):
    document, file, _, _ = left
    code, out, _ = fathom("prove-gone", document)
    assert (code, "table documents" in out) == (6, True)
    documents.delete(runtime, document)
    for arguments in ([document], [str(file)], [document, "--file", str(file)]):
        code, out, _ = fathom("prove-gone", *arguments, "--json")
        assert (code, json.loads(out)["gone"]) == (0, True), out
    code, out, _ = fathom("prove-gone", document, "--look-in", str(file), "--file", str(file))
    assert (code, str(file) in out) == (6, True)
    assert fathom("prove-gone", "no-such-thing")[0] == 2
    assert fathom("prove-gone", document, "--look-in", "no-such-folder")[0] == 2


def test_an_interrupted_deletion_is_finished_before_anything_is_said(
    settings, parts, runtime, left, monkeypatch
):
    from app.library import erasing

    monkeypatch.setattr(erasing, "finish", lambda *_, **__: False)
    documents.delete(runtime, left[0])
    monkeypatch.undo()
    runtime.close()  # which owned the index
    other = build_runtime(settings, parts)
    assert places(other, left) == []
    other.close()


@pytest.mark.parametrize("length", [20, 47, 48, 60, 5_000, 1_200_000])
@pytest.mark.parametrize("letter", ["a", "é", "文"])
def test_traces_find_every_run_that_is_long_enough_at_every_place(length, letter):
    """Letters that differ everywhere, so that no run repeats; what is found begins and ends anywhere."""
    import random

    chance = random.Random(length)
    base = ord(letter)
    text = "".join(chr(base + chance.randrange(20)) for _ in range(length // len(letter.encode()) + 1))
    traces = Traces(text)
    assert traces.find(b"x" * 1000) is None
    needed = 48 if len(text.encode()) >= 48 else len(text.encode())
    for offset in range(17):
        characters = -(-needed // len(letter.encode()))
        start = chance.randrange(max(1, len(text) - characters))
        part = text[start : start + characters]
        for said in (
            part,
            *([json.dumps(text[start : start + 2 * characters])[1:-1]] if letter != "a" else []),
        ):
            data = b"#" * offset + said.encode() + b"#" * 9
            assert traces.find(data) is not None, (offset, said[:20])


def test_traces_take_no_ruler_and_no_short_phrase_for_the_text():
    traces = Traces("A table\n" + "-" * 200 + "\nof the things that nobody else has ever put into one table.")
    assert traces.find(b"-" * 100) is None
    assert traces.find(b"of the things that nobody else") is None
