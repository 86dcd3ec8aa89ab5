"""Layouts of sets that models are calibrated on."""

import json

import pytest

from app.measuring.questions.calibration_sets import read
from app.measuring.questions.datasets import Selection, build
from app.measuring.questions.formats import FormatError

PARIS = "Paris is the capital of France. It lies on the Seine."


def load(path):
    name, records = read(path)
    return build(path.name, name, records, Selection())


def test_qamr_joins_the_sentences_of_a_paragraph(tmp_path):
    rows = [
        {"sentence_id": "W:wiki:7:0:2", "context": "Dogs bark.", "question": "Who barks?", "answer": "Dogs",
         "answer_spans": [[0, 4]]},
        {"sentence_id": "W:wiki:7:0:1", "context": "Cats purr.", "question": "Who purrs?", "answer": "Cats",
         "answer_spans": [[0, 4]]},
    ]  # fmt: skip
    path = tmp_path / "qamr.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    data = load(path)
    assert data.articles[0].paragraphs == ("Cats purr. Dogs bark.",)
    assert [(q.evidence[0].start, q.evidence[0].end) for q in data.questions] == [(11, 15), (0, 4)]


def test_sentence_starts_give_the_sentence_around_an_answer(tmp_path):
    path = tmp_path / "qed.jsonl"
    row = {
        "title": "Paris", "context": PARIS, "question": "Which river?", "answers": ["the Seine"],
        "answer_spans": [[43, 52]], "sentence_starts": [0, 32],
    }  # fmt: skip
    path.write_text(json.dumps(row), encoding="utf-8")
    (place,) = load(path).questions[0].evidence
    assert PARIS[place.start : place.end] == "the Seine"
    assert PARIS[slice(*place.sentence)] == "It lies on the Seine."


def test_a_passage_with_a_kind_is_a_document_of_its_own(tmp_path):
    rows = [
        {"question": "How?", "context": PARIS, "answers": ["the Seine"], "kind": "howto", "title": "Paris"},
        {"question": "Is it?", "context": PARIS, "answers": ["yes"], "kind": "yesno"},
    ]
    path = tmp_path / "docs.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    data = load(path)
    assert (data.format, [a.title for a in data.articles], len(data.questions)) == ("contexts", ["Paris"], 1)


def test_question_files_are_read_too_and_other_content_is_refused(tmp_path):
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps({"question": "Which?", "answers": ["Seine"], "documents": [PARIS]}))
    assert load(path).format == "documents"
    path.write_text(json.dumps({"question": "Which?", "context": PARIS, "answer_spans": [7]}))
    with pytest.raises(FormatError, match="qed"):
        read(path)
