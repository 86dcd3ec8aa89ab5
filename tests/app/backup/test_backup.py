"""A backup holds all that a home holds, and gives it back on either database, whole or not at all."""

import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from app.answers import run
from app.answers.accept import Ask
from app.backup.archive import Manifest
from app.backup.making import make
from app.backup.restoring import restore, restore_home
from app.composition.runtime import Runtime, build_runtime
from app.db import migrate
from app.db.engine import Database
from app.errors import ConflictError, InvalidInputError
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.search import searching
from app.settings.reading import load_settings
from app.storage import BlobStore
from app.worker import Worker
from tests.app.doubles import CountingEmbedder, small_parts
from tests.app.texts import DUCKS, GEESE


def quiet(*_: int) -> None:
    """No progress is shown."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A home with two documents, one of them deleted once, and an answer."""
    runtime = build_runtime(load_settings(home=tmp_path_factory.mktemp("from") / "home"), small_parts())
    birds = collections.create(runtime.db, name="birds").row.id
    uploads = [
        Upload(name=name, blob=runtime.blobs.put(data), metadata={"team": "docs", "years": [2023, 2024.5]})
        for name, data in (("ducks.md", DUCKS), ("gone.md", b"# Gone"), ("geese.md", GEESE))
    ]
    recorded = record_uploads(runtime, birds, uploads)
    Worker(runtime).run_pending()
    documents.delete(runtime, recorded[1].view.document.id)
    run.answer(runtime, Ask(collections=("birds",), question="How many eggs does a duck lay?"))
    yield runtime
    runtime.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    if request.param == "sqlite":
        return None
    found: str = request.getfixturevalue("postgres_url")
    return found.replace("postgresql://", "postgresql+psycopg://")


def rows(database: Database) -> dict[str, list[tuple[str, ...]]]:
    """All rows as texts that are the same on both databases."""
    found = {}
    with database.read() as session:
        for table in sorted(set(inspect(database.engine).get_table_names()) - {"installation", "workers"}):
            read = session.execute(text(f'SELECT * FROM "{table}"'))
            names = sorted(read.keys())
            found[table] = sorted(tuple(plain(row._mapping[name]) for name in names) for row in read)
    return found


def plain(value: object) -> str:
    shown = bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)
    return "".join(character for character in shown if character.isalnum())[:40]


def restored(manifest_of: Path, home: Path, url: str | None) -> tuple[Manifest, Runtime]:
    settings = load_settings(home=home, **({"database_url": url} if url else {}))
    return restore_home(settings, manifest_of, quiet), build_runtime(settings, small_parts())


def test_a_backup_comes_back_whole_and_nothing_is_embedded_anew(
    filled: Runtime, tmp_path: Path, url: str | None
) -> None:
    made = make(filled.db, filled.blobs, tmp_path / "all.fathom", quiet)
    manifest, runtime = restored(tmp_path / "all.fathom", tmp_path / "to", url)
    try:
        assert manifest == made
        assert (manifest.rows["collections"], manifest.rows["documents"], manifest.originals) == (1, 2, 2)
        if url is None:
            assert rows(runtime.db) == rows(filled.db)
        assert sorted(runtime.blobs.hashes()) == sorted(filled.blobs.hashes())
        found = searching.search(runtime, ["birds"], "ducks lay eggs", wanted={"years": {"gt": 2024}})
        assert {document.name for document in found.documents.values()} == {"ducks.md", "geese.md"}
        embedder = runtime.embedder
        assert isinstance(embedder, CountingEmbedder)
        assert embedder.sentences == 0
        again = Upload(name="swans.md", blob=runtime.blobs.put(b"# Swans\n\nSwans swim."))
        record_uploads(runtime, "birds", [again])
        Worker(runtime).run_pending()
        found = searching.search(runtime, ["birds"], "swans")
        assert "swans.md" in {document.name for document in found.documents.values()}
    finally:
        runtime.close()


def test_a_home_that_holds_something_is_left_alone(filled: Runtime, tmp_path: Path) -> None:
    make(filled.db, filled.blobs, tmp_path / "all.fathom", quiet)
    before = rows(filled.db)
    with pytest.raises(ConflictError, match="holds 1 collections"):
        restore(filled.db, filled.settings.home, filled.blobs, tmp_path / "all.fathom", quiet)
    assert rows(filled.db) == before
    other = BlobStore(tmp_path / "blobs")
    other.put(b"foreign")
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(ConflictError, match="1 files that are not in the backup"):
        restore(database, tmp_path, other, tmp_path / "all.fathom", quiet)
    database.close()


@pytest.mark.parametrize("place", [0.2, 0.5, 0.7, 0.9])
def test_a_damaged_backup_changes_nothing(filled: Runtime, tmp_path: Path, place: float) -> None:
    path = tmp_path / "all.fathom"
    make(filled.db, filled.blobs, path, quiet)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        end = archive.start_dir
    at = int(end * place)
    data[at : at + 30] = bytes(byte ^ 255 for byte in data[at : at + 30])
    path.write_bytes(data)
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises((ConflictError, InvalidInputError)):
        restore(database, tmp_path, BlobStore(tmp_path / "blobs"), path, quiet)
    assert migrate.current_revision(database) is None
    assert not BlobStore(tmp_path / "blobs").holds_files()
    database.close()


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.db'}")
    for name, data in (
        ("cut.fathom", b"PK\x03\x04 and no more"),
        ("empty.fathom", b""),
        ("text.fathom", b"hello"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InvalidInputError, match="can't be restored"):
            restore(database, tmp_path, BlobStore(tmp_path / "blobs"), tmp_path / name, quiet)
    with pytest.raises(InvalidInputError, match="no file"):
        restore(database, tmp_path, BlobStore(tmp_path / "blobs"), tmp_path / "none", quiet)
    database.close()


def test_a_lost_original_is_named_and_the_rest_comes_back(filled: Runtime, tmp_path: Path) -> None:
    shutil.copytree(filled.settings.home, tmp_path / "copy")
    runtime = build_runtime(load_settings(home=tmp_path / "copy"), small_parts())
    lost = sorted(runtime.blobs.hashes())[0]
    runtime.blobs.path(lost).write_bytes(b"flipped")
    made = make(runtime.db, runtime.blobs, tmp_path / "all.fathom", quiet)
    runtime.close()
    assert made.missing == [lost]
    _, back = restored(tmp_path / "all.fathom", tmp_path / "to", None)
    assert len(documents.page(back.db, "birds", None, None, 10).items) == 2
    back.close()


def test_a_deletion_in_the_middle_is_followed(
    filled: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(filled.settings.home, tmp_path / "copy")
    runtime = build_runtime(load_settings(home=tmp_path / "copy"), small_parts())
    path, deleted = runtime.blobs.path, []

    def delete_first(sha256: str) -> Path:
        if not deleted:
            deleted.append(documents.page(runtime.db, "birds", None, None, 1).items[0].document.id)
            for document in [
                view.document.id for view in documents.page(runtime.db, "birds", None, None, 9).items
            ]:
                documents.delete(runtime, document)
        return path(sha256)

    monkeypatch.setattr(runtime.blobs, "path", delete_first)
    made = make(runtime.db, runtime.blobs, tmp_path / "all.fathom", quiet)
    assert (made.rows["documents"], made.originals, made.missing) == (0, 0, [])
    runtime.close()


def test_the_commands(fathom: Callable[..., tuple[object, str, str]], tmp_path: Path) -> None:
    (tmp_path / "ducks.md").write_bytes(DUCKS)
    assert fathom("ingest", "birds", str(tmp_path / "ducks.md"))[0] == 0
    code, out, _ = fathom("backup", str(tmp_path / "all.fathom"))
    assert (code, out.partition(" (")[0]) == (
        0, "Written: 1 collections, 1 documents, 0 answers, 1 originals"
    )  # fmt: skip
    code, _, err = fathom("restore", str(tmp_path / "all.fathom"))
    assert code == 4
    assert "empty home" in err
    (tmp_path / "home").rename(tmp_path / "old")
    code, out, _ = fathom("restore", str(tmp_path / "all.fathom"), "--json")
    assert code == 0
    assert '"documents": 1' in out
    assert "ducks.md" in fathom("search", "birds", "eggs")[1]
