"""`fathom eval` as its user calls it: one JSON object, one line a question, one page."""

import json

import pytest

from tests.app.copying_generator import CopyingGenerator


@pytest.fixture
def generator():
    return CopyingGenerator()


@pytest.fixture(autouse=True)
def question_set(tmp_path):
    row = {
        "question": "What do ducks eat?",
        "answers": ["weeds"],
        "documents": ["Ducks eat weeds. They swim."],
    }
    (tmp_path / "set.jsonl").write_text(json.dumps(row))


def test_report_and_details_are_written_beside_what_is_printed(fathom, tmp_path):
    code, out, _ = fathom(
        "eval", "set.jsonl", "--report", "report.html", "--details", "notes.jsonl", "--json"
    )
    result = json.loads(out)
    assert (code, result["n"]) == (0, 1)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "fathom eval: set.jsonl" in page
    assert json.loads((tmp_path / "notes.jsonl").read_text())["question"] == "What do ducks eat?"


@pytest.mark.parametrize("option", ["--report", "--details"])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_measured(fathom, tmp_path, option):
    code, out, err = fathom("eval", "set.jsonl", option, "absent/file")
    assert (code, out, "Can't write absent/file" in err) == (2, "", True)
    assert fathom("eval", "set.jsonl", option, str(tmp_path))[0] == 2
