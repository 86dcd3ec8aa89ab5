"""Lines that say their kind: what is a range, what is relevance alone, and what is a sentence that holds the answer."""

import json

import pyarrow as pa
import pytest

from generator.data.examples import SetSpec, read_set
from generator.data.kinds import Supervision, first_block, kind_answers
from generator.errors import TrainingDataError

PASSAGE = "The ferry leaves at nine. It takes an hour and costs two crowns, bicycles included. The bus waits."


def line(kind: str, *answers: str, context: str = PASSAGE) -> dict[str, object]:
    return {"lang": "en", "question": "When?", "context": context, "answers": list(answers), "kind": kind}


@pytest.mark.parametrize(
    ("kind", "answers", "supervision", "texts"),
    [
        ("span", ["nine", "nowhere", "hour"], Supervision.RANGES, ["nine", "hour"]),
        ("freeform", ["nine"], Supervision.RANGES, ["nine"]),
        ("freeform", ["at 9 o'clock"], Supervision.RELEVANT, []),
        ("yesno", ["yes"], Supervision.RELEVANT, []),
        ("pair", ["The bus waits."], Supervision.WITHIN, ["The bus waits."]),
        ("pair", [PASSAGE], Supervision.RELEVANT, []),
        ("pair", ["elsewhere"], Supervision.RELEVANT, []),
        ("unanswerable", [], Supervision.RANGES, []),
    ],
)
def test_what_each_kind_teaches(
    kind: str, answers: list[str], supervision: Supervision, texts: list[str]
) -> None:
    found = kind_answers(line(kind, *answers))
    assert found is not None
    assert found.supervision == supervision
    assert [PASSAGE[a:b] for a, b in found.spans] == texts


def test_an_answer_that_is_nowhere_teaches_nothing() -> None:
    assert kind_answers(line("span", "nowhere")) is None
    assert kind_answers({**line("span", "nine"), "question": "x" * 401}) is None


def test_a_how_to_is_answered_by_its_first_block() -> None:
    page = "Install\n\nRun these:\n\n1. make\n2. make install\n\nThen read on."
    found = kind_answers(line("howto", page.removeprefix("Install\n\n"), context=page))
    assert found is not None
    assert [page[a:b] for a, b in found.spans] == ["Run these:\n\n1. make\n2. make install"]
    assert first_block("One. " * 100) == ("One. " * 84).rstrip()
    assert first_block("x" * 500) == ""


def test_a_packed_set_is_read_like_a_plain_one(tmp_path) -> None:
    rows = [
        line("span", "nine"),
        line("pair", "The bus waits."),
        line("freeform", "at 9"),
        line("yesno", "yes"),
    ]
    text = "\n".join(json.dumps(row) for row in rows).encode()
    with pa.output_stream(tmp_path / "set.jsonl.zst", compression="zstd") as stream:
        stream.write(text)
    examples = read_set(SetSpec(path="set.jsonl"), tmp_path)
    assert [e.supervision for e in examples] == [
        Supervision.RANGES,
        Supervision.WITHIN,
        Supervision.RELEVANT,
        Supervision.RELEVANT,
    ]
    written = read_set(SetSpec(path="set.jsonl", free_form=True), tmp_path)
    assert [(e.answers, e.target) for e in written] == [(((20, 24),), None), ((), "at 9")]

    (tmp_path / "set.jsonl.zst").write_bytes(b"no archive")
    with pytest.raises(TrainingDataError, match="can't be unpacked"):
        read_set(SetSpec(path="set.jsonl"), tmp_path)
    with pytest.raises(TrainingDataError, match="is missing"):
        read_set(SetSpec(path="other.jsonl"), tmp_path)
