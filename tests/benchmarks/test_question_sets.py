"""Public sets become lines that `fathom eval` reads."""

import json

import pytest

from app.measuring.questions import formats
from app.measuring.questions.datasets import Selection, build
from benchmarks.public_sets import read
from benchmarks.question_sets import as_lines

TEXT = "Paris is the capital of France. It lies on the Seine."
SETS = {
    "nq": {"question": "Which?", "answers": ["the Seine"], "ctxs": [{"title": "Paris", "text": TEXT}]},
    "fairytaleqa": {"question": "Which?", "answers": ["the Seine"], "story": "Paris", "context": TEXT},
    "medquad": {"id": 1, "question": "Which?", "qtype": "information", "focus": "Paris", "answer": TEXT},
    "pubmedqa": {"17": {"QUESTION": "Which?", "CONTEXTS": [TEXT], "LONG_ANSWER": "The Seine."}},
    "qed": {"question": "Which?", "context": TEXT, "answers": ["the Seine"], "answer_spans": [[43, 52]]},
}


def written(path, *rows):
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SETS)
def test_a_public_set_is_asked_the_same_after_it_was_turned_into_lines(name, tmp_path):
    known, records = read(written(tmp_path / "set.jsonl", SETS[name]))
    assert known == name
    turned = tmp_path / "turned.jsonl"
    turned.write_text("\n".join(as_lines(records)), encoding="utf-8")
    before = build("set", name, records, Selection())
    after = build("set", *formats.read(turned), Selection())
    assert [article.paragraphs for article in after.articles] == [a.paragraphs for a in before.articles]
    (asked,), (meant,) = after.questions, before.questions
    assert (asked.text, asked.answers) == (meant.text, meant.answers)
    assert [(e.start, e.end) for e in asked.evidence] == [(e.start, e.end) for e in meant.evidence]


def test_reports_of_dragonball_stand_beside_its_questions(tmp_path):
    written(tmp_path / "docs.jsonl", {"doc_id": 3, "company_name": "Seine Ltd", "content": TEXT})
    row = {
        "question": "Which?", "doc_ids": [3], "references": [{"text": "the Seine"}], "type": "Factual",
        "answer": "The Seine.",
    }  # fmt: skip
    name, (record,) = read(written(tmp_path / "set.jsonl", row))
    assert (name, record.documents) == ("dragonball", (("3", "Seine Ltd", TEXT),))
    assert json.loads(next(as_lines([record])))["evidence"] == ["the Seine"]
