"""Provenance by token: in the document's coordinates, verbatim, compact, and clear where there is none."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from app.answers.citations import UnknownPassageError
from app.answers.json_form import as_json, trace_as_json, trace_from_json
from app.answers.provenance import (
    BEFORE_TOKENS,
    NO_ACTIONS,
    NO_TEXT,
    REFUSAL,
    STILL_WRITTEN,
    places_of,
    provenance_of,
    record,
)
from app.answers.types import Answer, AnswerSpan
from app.db.sources import DocumentName, Source
from generator.types import Attended, Ink, Span, Token
from retrieval.types import Passage

TEXT = "Water boils at 100 degrees. 水在一百度沸腾。 Ice melts at zero."
PASSAGES = {
    "1": Passage(chunk_id=1, document_id="doc_a", text=TEXT[:28], start=0, end=28),
    "2": Passage(chunk_id=2, document_id="doc_a", text=TEXT[28:], start=28, end=len(TEXT)),
}
TOKENS = [
    Token(text="水在", ink=Ink.COPIED, passage="2", start=0, end=2, action="copy"),
    Token(text="一百度", ink=Ink.COPIED, passage="2", start=2, end=5, action="next"),
    Token(
        text=" (100)",
        ink=Ink.WRITTEN,
        action="write",
        attention=[
            Attended(passage="1", start=15, end=18, weight=0.512345),
            Attended(passage="2", start=2, end=5, weight=0.2),
        ],
    ),
]
ANSWER = Answer(
    id="ans_1",
    question="Where?",
    collections=("col_1",),
    created_at="2025-01-01T12:00:00Z",
    status="done",
    text="水在一百度 (100)",
)


def stored(places):
    name = DocumentName(id="doc_a", name="water.txt", title="Water")
    return {
        (chunk, start, end): Source(
            document=name, chunk=chunk, page=3, start=start, end=end, quote=TEXT[start:end]
        )
        for chunk, start, end in places
    }


def tell(trace, **changed):
    answer = replace(ANSWER, **changed)
    return as_json(provenance_of(answer, trace, stored(places_of(answer, trace))))


def test_every_token_names_its_place_in_the_document():
    found = tell(record(ANSWER.text, TOKENS, (), PASSAGES))
    assert (found["recorded"], found["note"]) == ("tokens", None)
    assert [token["action"] for token in found["tokens"]] == ["copy", "next", "write"]
    for token in found["tokens"]:
        said = ANSWER.text[token["answer_start"] : token["answer_end"]]
        for item in token["ranges"]:
            assert TEXT[item["start"] : item["end"]] == item["quote"]
            assert item["page"] == 3
        if token["kind"] == "copied":
            (source,) = token["ranges"]
            assert (source["quote"], source["weight"], source["chunk"]) == (said, 1.0, 2)
    looked = found["tokens"][2]
    assert [(item["quote"], item["weight"]) for item in looked["ranges"]] == [
        ("100", 0.5123),
        ("一百度", 0.2),
    ]
    assert looked["weight_sum"] == 0.7123


def test_tokens_joined_are_the_text():
    found = tell(record(ANSWER.text, TOKENS, (), PASSAGES))
    bounds = [(token["answer_start"], token["answer_end"]) for token in found["tokens"]]
    assert [bounds[0][0], bounds[-1][1]] == [0, len(ANSWER.text)]
    assert all(left[1] == right[0] for left, right in pairwise(bounds))


def test_runs_put_tokens_of_one_ink_and_one_place_together():
    more = Token(
        text="!",
        ink=Ink.WRITTEN,
        action="write",
        attention=[Attended(passage="1", start=18, end=26, weight=0.3)],
    )
    text = ANSWER.text + "!"
    copied, written = tell(record(text, [*TOKENS, more], (), PASSAGES), text=text)["runs"]
    assert [(item["quote"], item["weight"]) for item in copied["ranges"]] == [("水在一百度", 1.0)]
    # what two tokens looked at is one range where it touches; weights are means over the two
    looked = [(item["quote"], item["weight"]) for item in written["ranges"]]
    assert looked == [("100 degrees", 0.4062), ("一百度", 0.1)]
    assert (written["answer_start"], written["answer_end"]) == (5, len(text))


def test_a_run_across_two_passages_of_a_document_is_one_range():
    tokens = [
        Token(text="100 degrees. ", ink=Ink.COPIED, passage="1", start=15, end=28, action="copy"),
        Token(text="水在", ink=Ink.COPIED, passage="2", start=0, end=2, action="copy"),
        Token(text="Ice", ink=Ink.COPIED, passage="2", start=9, end=12, action="copy"),
    ]
    text = "100 degrees. 水在Ice"
    runs = tell(record(text, tokens, (), PASSAGES), text=text)["runs"]
    assert [(run["ranges"][0]["start"], run["ranges"][0]["end"]) for run in runs] == [(15, 30), (37, 40)]


def test_a_trace_is_stored_as_small_json():
    trace = record(ANSWER.text, TOKENS, (), PASSAGES)
    stored = trace_as_json(trace)
    assert stored == {
        "sources": [[2, "doc_a"], [1, "doc_a"]],
        "tokens": [
            [2, "copied", "copy", [[0, 28, 30, 1.0]]],
            [3, "copied", "next", [[0, 30, 33, 1.0]]],
            [6, "written", "write", [[1, 15, 18, 0.5123], [0, 30, 33, 0.2]]],
        ],
    }
    assert trace_from_json(json.loads(json.dumps(stored))) == trace
    assert len(json.dumps(stored)) < 60 * len(TOKENS) + 60


def test_a_revised_answer_is_told_by_its_runs():
    span = Span(answer_start=0, answer_end=3, ink=Ink.COPIED, passage="2", start=2, end=5)
    found = tell(record("一百度", TOKENS, [span], PASSAGES), text="一百度")
    assert (found["recorded"], found["note"]) == ("runs", NO_ACTIONS)
    assert found["tokens"][0]["ranges"][0]["quote"] == "一百度"


def test_an_answer_stored_before_is_told_by_its_spans():
    spans = (
        AnswerSpan(answer_start=0, answer_end=5, kind="copied", chunk=2, document="doc_a", start=28, end=33),
        AnswerSpan(answer_start=5, answer_end=11, kind="written"),
    )
    found = tell(None, spans=spans)
    assert (found["recorded"], found["note"]) == ("runs", BEFORE_TOKENS)
    assert [token["ranges"] != [] for token in found["tokens"]] == [True, False]
    assert found["tokens"][0]["ranges"][0]["quote"] == "水在一百度"


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ({"text": "Not in these documents.", "reason": "not_in_documents"}, REFUSAL),
        ({"text": "", "status": "running"}, STILL_WRITTEN),
        ({"text": "", "status": "failed"}, NO_TEXT),
    ],
)
def test_where_nothing_is_recorded_the_note_says_why(answer, note):
    found = tell(None, **answer)
    assert (found["recorded"], found["note"], found["tokens"]) == ("nothing", note, [])


def test_of_a_source_that_is_gone_only_what_the_answer_says_is_told():
    found = as_json(provenance_of(ANSWER, record(ANSWER.text, TOKENS, (), PASSAGES), {}))
    assert [item["quote"] for token in found["tokens"] for item in token["ranges"]] == [
        "水在",
        "一百度",
        None,
        None,
    ]
    assert {item["page"] for token in found["tokens"] for item in token["ranges"]} == {None}


def test_a_passage_that_was_not_given_can_not_be_recorded():
    wrong = Token(text="x", ink=Ink.WRITTEN, attention=[Attended(passage="9", start=0, end=1, weight=0.5)])
    with pytest.raises(UnknownPassageError, match="'9'"):
        record("x", [wrong], (), PASSAGES)


def test_a_token_from_around_its_passage_names_its_place_in_the_document():
    tokens = [Token(text=TEXT[15:36], ink=Ink.COPIED, passage="2", start=-13, end=8, action="copy")]
    found = tell(record(TEXT[15:36], tokens, (), PASSAGES), text=TEXT[15:36])
    (run,) = found["runs"]
    assert [(place["start"], place["end"], place["quote"]) for place in run["ranges"]] == [
        (15, 36, TEXT[15:36])
    ]
    outside = [Token(text="x", ink=Ink.COPIED, passage="1", start=-1, end=0, action="copy")]
    with pytest.raises(UnknownPassageError):
        record("x", outside, (), PASSAGES)
