"""Bad input on the command line, each command a process of its own: what is said, what is kept, the exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.app.texts import DUCKS
from tests.bad_input import BAD_FILES, LONG_QUESTION, MIXED_ENCODINGS

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]


class Fathom:
    """`fathom` on one home, as somebody types it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app", "--home", str(self.home), *arguments]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FATHOM_")}
        environment["COLUMNS"] = "400"  # a table that folds no text
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=550
        )

    def json(self, *arguments: str) -> tuple[int, Any]:
        done = self(*arguments, "--json")
        assert done.stderr == ""
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def fathom(tmp_path_factory: pytest.TempPathFactory) -> Fathom:
    return Fathom(tmp_path_factory.mktemp("cli") / "home")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every bad file, a good one right behind each in the order of work, and one of 300 MB."""
    found = tmp_path_factory.mktemp("input") / "mixed"
    found.mkdir()
    for number, file in enumerate(BAD_FILES.values()):
        (found / f"{number:02} bad {file.name}").write_bytes(file.data)
        (found / f"{number:02} good.md").write_bytes(DUCKS + f"Duck number {number}.\n".encode())
    (found / "law.txt").write_bytes(MIXED_ENCODINGS)
    with (found / "large.txt").open("wb") as large:
        large.truncate(300 * 1024 * 1024)  # takes no room on the disk
    return found


@pytest.fixture(scope="module")
def ingested(fathom: Fathom, folder: Path) -> dict[str, Any]:
    code, result = fathom.json("ingest", "mixed", str(folder))
    assert code == 6
    return dict(result)


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_told_with_what_to_do(ingested, case):
    number, file = list(BAD_FILES).index(case), BAD_FILES[case]
    failed = {item["name"]: item for item in ingested["failed"]}
    told = failed[f"{number:02} bad {file.name}"]
    assert told["code"] in file.codes
    assert told["message"]
    assert told["hint"]


def test_every_good_file_is_taken_in(ingested):
    assert ingested["ready"] == len(BAD_FILES) + 1
    assert len(ingested["failed"]) == len(BAD_FILES) + 1


def test_a_file_of_300_mb_is_told_and_not_stored(ingested, fathom):
    told = next(item for item in ingested["failed"] if item["name"] == "large.txt")
    assert (told["code"], told["document_id"]) == ("file_too_large", None)
    assert "FATHOM_LIMITS__MAX_UPLOAD_BYTES" in told["hint"]
    stored = [path for path in (fathom.home / "blobs").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in stored) < 10 * 1024 * 1024


def test_the_second_time_nothing_is_done_again_and_people_read_the_same(ingested, fathom, folder):
    done = fathom("ingest", "mixed", str(folder))
    assert done.returncode == 6
    assert "0 new" in done.stdout
    for item in ingested["failed"]:
        line = next(line for line in done.stderr.splitlines() if item["name"] in line)
        assert item["message"] in line
        assert item["hint"] in line


QUESTIONS = [
    ("mixed", " ", 2, "empty_question", "Write what you want to know."),
    ("mixed", LONG_QUESTION, 2, "question_too_long", "100,000 characters"),
    ("nowhere", "What do ducks eat?", 3, "collection_not_found", "'nowhere'"),
]
CASES = ["empty question", "long question", "unknown collection"]


@pytest.mark.parametrize(("collection", "question", "code", "word", "said"), QUESTIONS, ids=CASES)
def test_a_bad_question_is_one_line_for_people(ingested, fathom, collection, question, code, word, said):
    done = fathom("ask", collection, question)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert done.stderr.startswith("fathom: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("collection", "question", "code", "word", "said"), QUESTIONS, ids=CASES)
def test_a_bad_query_is_one_object_for_programs(ingested, fathom, collection, question, code, word, said):
    returned, told = fathom.json("search", collection, question)
    assert (returned, told["error"]["code"]) == (code, word)
    assert told["error"]["message"]
    assert told["error"]["hint"]
