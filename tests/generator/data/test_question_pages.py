"""Long answers: the part of the page that answers is the range, among other parts of the same page."""

import json
import random
from pathlib import Path

import pytest

from generator.data.question_pages import page_examples
from generator.errors import TrainingDataError

ROWS = [
    ("1-1", "What is (are) Ferry Fever ?", "Ferry fever is a disease of sailors. It comes from cold water."),
    (
        "1-2",
        "What are the symptoms of Ferry Fever ?",
        "What are the symptoms? Shivering and thirst. " + "More. " * 90,
    ),
    ("1-3", "Where to find help ?", "These resources address ferry fever."),
    ("2-1", "What is (are) Dock Rot ?", "Dock rot eats wood."),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pages.jsonl"
    lines = [json.dumps({"id": i, "question": q, "answer": a}) for i, q, a in ROWS]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_the_right_part_begins_with_the_answer(file: Path) -> None:
    examples = page_examples(file, "set", random.Random(0), parts=3, limit=9)
    said = {e.question: e.passage[slice(*e.answers[0])] for e in examples}
    assert said.keys() == {"What is Ferry Fever?", "What are the symptoms of Ferry Fever?"}
    assert said["What is Ferry Fever?"] == ROWS[0][2]
    assert said["What are the symptoms of Ferry Fever?"].startswith("Shivering and thirst. More.")
    for example in examples:
        assert "Ferry fever is" in example.passage
        assert "Shivering" in example.passage
        assert "resources" not in example.passage
        assert len(example.passage) < 520


def test_half_of_the_passages_have_their_questions_as_headings(file: Path) -> None:
    examples = [
        example
        for seed in range(40)
        for example in page_examples(file, "set", random.Random(seed), parts=3, limit=9)
    ]
    headed = [example for example in examples if "\n\n" in example.passage]
    assert 20 < len(headed) < 60
    for example in headed:
        lines = example.passage.split("\n\n")
        assert set(lines[::2]) == {"What is Ferry Fever?", "What are the symptoms of Ferry Fever?"}
        asked = lines.index(example.question)
        assert lines[asked + 1].startswith(example.passage[slice(*example.answers[0])])


def test_the_limit_is_kept(file: Path) -> None:
    assert len(page_examples(file, "set", random.Random(0), parts=3, limit=1)) == 1


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="is missing"):
        page_examples(tmp_path / "none.jsonl", "set", random.Random(0), parts=3, limit=1)
