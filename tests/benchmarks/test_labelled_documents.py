"""Documents of labelled questions: whence each comes, and that all questions are about one of them."""

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.labelled_documents import COLLECTIONS, write_collection

SHAPES = {"fact", "definition", "list", "steps", "yesno", "row", "comparison", "condition", "unanswerable"}


def test_every_question_is_of_a_known_form_and_document() -> None:
    collections = json.loads(COLLECTIONS.read_text(encoding="utf-8"))
    assert all(one["licence"] and one["pattern"] and one["documents"] for one in collections.values())
    seen = set()
    for path in COLLECTIONS.parent.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            question = json.loads(line)
            assert question["document"] in collections[question["collection"]]["documents"], question["id"]
            assert question["answerable"] == bool(question["quotes"]) == bool(question["must"])
            assert question["answerable"] == (question["shape"] != "unanswerable")
            assert question["shape"] in SHAPES
            assert question["question"].strip()
            seen.add(question["id"])
    assert len(seen) == 2591


def test_documents_are_written_as_they_are_at_their_commit(tmp_path: Path) -> None:
    clone = tmp_path / "product"
    collection = {
        "repository": "https://example.org/owner/product",
        "commit": None,
        "documents": {"en-a.md": "en/a.md"},
    }
    with pytest.raises(FileNotFoundError, match="git clone https:"):
        write_collection(collection, tmp_path, tmp_path / "out")
    (clone / "en").mkdir(parents=True)
    (clone / "en" / "a.md").write_text("# A\n", encoding="utf-8")

    def git(*words: str) -> str:
        named = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        return subprocess.run(
            ["git", "-C", clone, *named, *words], check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "a")
    first = git("rev-parse", "HEAD")
    (clone / "en" / "a.md").write_text("# B\n", encoding="utf-8")
    git("commit", "-q", "-a", "-m", "b")
    assert write_collection(collection, tmp_path, tmp_path / "out") == 1
    assert (tmp_path / "out" / "en-a.md").read_text(encoding="utf-8") == "# B\n"
    write_collection({**collection, "commit": first}, tmp_path, tmp_path / "out")
    assert (tmp_path / "out" / "en-a.md").read_text(encoding="utf-8") == "# A\n"
