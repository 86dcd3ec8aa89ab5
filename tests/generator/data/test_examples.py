"""Training sets as examples: the form that is no SQuAD file and no lines."""

import json

import pytest

from generator.data.examples import SetSpec, read_set
from generator.errors import TrainingDataError

ABSTRACTS = {
    str(number): {
        "QUESTION": f"Does it help, {number}?",
        "CONTEXTS": ["We tried it.", "Of 10 patients 9 got better."],
        "LONG_ANSWER": "It seems to help.",
    }
    for number in range(4)
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "abstracts.json").write_text(json.dumps(ABSTRACTS), encoding="utf-8")
    return tmp_path


def test_abstracts_are_answered_in_words_of_their_own(folder):
    examples = read_set(SetSpec(path="abstracts.json", take=0.5, free_form=True), folder)
    assert [example.question for example in examples] == ["Does it help, 0?", "Does it help, 1?"]
    assert examples[0].passage == "We tried it.\nOf 10 patients 9 got better."
    assert (examples[0].answers, examples[0].target) == ((), "It seems to help.")
    assert examples[0].group != examples[1].group


def test_a_line_without_a_question_is_no_example(tmp_path):
    """QAMR has one; calibration on all development questions stopped at it."""
    line = {"sentence_id": "a:1:0", "context": "It is four.", "answer": "four", "answer_spans": [[6, 10]]}
    lines = [json.dumps({**line, "question": question}) for question in ("How many?", "", " ")]
    (tmp_path / "lines.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert [example.question for example in read_set(SetSpec(path="lines.jsonl"), tmp_path)] == ["How many?"]


def test_abstracts_have_no_ranges_to_learn(folder):
    with pytest.raises(TrainingDataError, match="free_form"):
        read_set(SetSpec(path="abstracts.json"), folder)


@pytest.mark.parametrize("content", ['{"a": {"b": 1}}', '{"a": 1}', '[{"question": "?"}]', "{}"])
def test_another_form_is_told(tmp_path, content):
    (tmp_path / "other.json").write_text(content, encoding="utf-8")
    with pytest.raises(TrainingDataError, match="no SQuAD file"):
        read_set(SetSpec(path="other.json", free_form=True), tmp_path)
