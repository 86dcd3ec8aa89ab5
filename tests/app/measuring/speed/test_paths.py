import pytest

from app.errors import CollectionNotFoundError, InvalidInputError
from app.intake.local_files import files_under
from app.intake.record import Upload, record_uploads
from app.library import collections
from app.measuring.speed.paths import measure_ingestion, measure_search, plain_script, questions_of
from ingestion.config import ParsingLimits
from tests.app.texts import DUCKS, GEESE
from tests.retrieval.doubles import HashEmbedder


@pytest.fixture
def folder(tmp_path):
    birds = tmp_path / "birds"
    birds.mkdir()
    (birds / "ducks.md").write_bytes(DUCKS)
    (birds / "geese.md").write_bytes(GEESE)
    (birds / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    return birds


def by_line(text):
    return [line for line in text.splitlines() if line.strip()]


def test_the_plain_script_indexes_every_window_of_what_can_be_read(folder):
    files, encoded = files_under([folder]), []

    def encode(texts):
        encoded.extend(texts)
        return HashEmbedder().embed_passages(texts)

    assert plain_script(files, ParsingLimits(), by_line, encode) == len(encoded) == 4


def test_ingestion_is_measured_on_homes_of_its_own(folder, settings, parts):
    files, scripts, ours = files_under([folder]), [], list(settings.home.rglob("*"))
    result = measure_ingestion(files, settings, parts, lambda: scripts.append(1), rounds=2)
    assert (result["documents"], result["failed"], len(scripts)) == (2, 1, 3)
    assert result["chunks"] >= 2
    assert result["peers"][0]["ratio"] == result["ratio"]
    assert result["documents_per_s"] > 0
    assert list(settings.home.rglob("*")) == ours


def test_a_folder_without_text_is_told(folder, settings, parts):
    files = [file for file in files_under([folder]) if file.name == "broken.pdf"]
    with pytest.raises(InvalidInputError, match="No file could be taken in"):
        measure_ingestion(files, settings, parts, lambda: None, rounds=1)


@pytest.fixture
def birds(runtime, work):
    key = collections.create(runtime.db, name="birds").row.id
    files = {"ducks.md": DUCKS, "geese.md": GEESE}
    uploads = [Upload(name=name, blob=runtime.blobs.put(data)) for name, data in files.items()]
    record_uploads(runtime, key, uploads)
    work()
    return key


def test_search_is_measured_beside_a_plain_one(runtime, birds):
    asked = questions_of(runtime, "birds", 6)
    assert all(text in (DUCKS + GEESE).decode() for text in asked)
    result = measure_search(runtime, "birds", asked, HashEmbedder().embed_queries, 2)
    assert (result["questions"], result["k"], result["collection"]) == (len(asked), 2, "birds")
    assert {"embed", "dense", "lexical", "fuse", "compress"} <= result["stages_p50_ms"].keys()
    assert 0 < result["p50_ms"] <= result["p99_ms"]
    # sentences of the passages themselves: both sides find where they stand
    assert result["peers"][0]["its_best_among_ours"] == 1


def test_nothing_to_search_is_told(runtime):
    collections.create(runtime.db, name="empty")
    with pytest.raises(InvalidInputError, match="holds no passage"):
        questions_of(runtime, "empty", 3)
    with pytest.raises(InvalidInputError, match="no passage or no question"):
        measure_search(runtime, "empty", ["what?"], HashEmbedder().embed_queries, None)
    with pytest.raises(CollectionNotFoundError):
        questions_of(runtime, "nowhere", 3)
