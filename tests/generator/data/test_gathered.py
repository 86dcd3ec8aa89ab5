"""Gathered questions: the form of a file, what a step sees of a question, and the order of an epoch."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.data.gathered import (
    GatheredBatches,
    GatheredConfig,
    GatheredPassage,
    GatheredQuestion,
    GoldRange,
    drawn,
    read_gathered,
)
from generator.errors import TrainingDataError

TEXT = "the cat sat on the mat"
GOLD = GoldRange(start=4, end=7, within=False)


def line(**changes: Any) -> dict[str, Any]:
    passage = {"text": TEXT, "kept": [[0, 11]], "sentences": [[0, 22]], "weight": 0.5, "gold": [[4, 7, 0]]}
    passage |= changes.pop("passage", {})
    told = {"id": "a-1", "collection": "animals", "document": "cat.md", "question": "who sat?"}
    return {**told, "answerable": True, "passages": [passage], **changes}


def question(gold: int, others: int, *, name: str = "q", length: int = 10) -> GatheredQuestion:
    right = [GatheredPassage(text=f"r{n}" * length, gold=(GOLD,)) for n in range(gold)]
    wrong = [GatheredPassage(text=f"w{n}" * length) for n in range(others)]
    return GatheredQuestion(
        id=name, collection="c", document=name, question="who?", passages=(*wrong[:1], *right, *wrong[1:])
    )


def test_a_line_is_read_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "gathered.jsonl"
    path.write_text(json.dumps(line()) + "\n\n", encoding="utf-8")
    (read,) = read_gathered(path)
    assert (read.id, read.collection, read.document, read.answerable) == ("a-1", "animals", "cat.md", True)
    (passage,) = read.passages
    assert passage.gold == (GOLD,)
    assert (passage.source.text, passage.source.kept, passage.source.weight) == (TEXT, ((0, 11),), 0.5)
    assert read.length == 11


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "must be an object"),
        ({"id": "a"}, "lacks 'collection'"),
        (line(question=" "), "the question is empty"),
        (line(passages=[]), "no passage to read"),
        (line(answerable=False), "unanswerable, and a passage has a gold range"),
        (line(passage={"gold": []}), "answerable, and no passage has a gold range"),
        (line(passage={"text": ""}), "text of a passage is empty"),
        (line(passage={"text": 7}), "no attribute 'strip'"),
        (line(passage={"weight": 0}), "must be above 0, not 0"),
        (line(passage={"gold": [[4, 99, 1]]}), "the range 4 to 99 is not in its passage of 22"),
        (line(passage={"kept": [[5, 5]]}), "the range 5 to 5"),
        (line(passage={"kept": [[5]]}), "unpack"),
    ],
)
def test_a_line_of_another_form_is_told_by_its_number(tmp_path: Path, values: Any, message: str) -> None:
    path = tmp_path / "gathered.jsonl"
    path.write_text(json.dumps(line()) + "\n" + json.dumps(values), encoding="utf-8")
    with pytest.raises(TrainingDataError, match=f"gathered.jsonl, line 2.*{message}"):
        read_gathered(path)


def test_a_line_that_is_no_json_and_a_missing_file_are_told(tmp_path: Path) -> None:
    path = tmp_path / "gathered.jsonl"
    with pytest.raises(TrainingDataError, match="missing"):
        read_gathered(path)
    path.write_text("{", encoding="utf-8")
    with pytest.raises(TrainingDataError, match="line 1"):
        read_gathered(path)


@pytest.mark.parametrize(
    ("gold", "others", "right", "wrong"),
    [(1, 4, 1, 2), (4, 4, 2, 1), (4, 0, 3, 0), (0, 5, 0, 3), (1, 1, 1, 1)],
)
def test_passages_that_answer_come_first_and_one_that_does_not_is_beside_them(
    gold: int, others: int, right: int, wrong: int
) -> None:
    seen = drawn(question(gold, others), 3, random.Random(0)).passages
    assert sum(bool(p.gold) for p in seen) == right
    assert sum(not p.gold for p in seen) == wrong
    if others and wrong < others:
        assert any(p.text.startswith("w0") for p in seen), "the one that search thought best is always read"


def test_an_epoch_is_a_function_of_seed_and_number_and_mixes_rehearsal_in() -> None:
    questions = [question(1, 5, name=f"q{n}", length=1 + n) for n in range(40)]
    rehearsal = [question(1, 2, name=f"r{n}") for n in range(30)]
    config = GatheredConfig(questions=4, passages=2, rehearsal_share=0.5)
    batches = GatheredBatches(questions, rehearsal, config, seed=3)
    epoch = list(batches(0))
    assert epoch == list(batches(0))
    assert epoch != list(batches(1))
    assert all(len(batch) == 4 for batch in epoch)
    names = [one.id for batch in epoch for one in batch]
    assert len(names) == len(set(names)) == 60
    assert sum(name.startswith("r") for name in names) == 20
    assert all(len(one.passages) == 2 for batch in epoch for one in batch)
    spread = [max(one.length for one in batch) - min(one.length for one in batch) for batch in epoch]
    assert sum(spread) / len(spread) < 25, "a batch is of about one length"


def test_documents_are_held_out_whole_and_by_their_share() -> None:
    names = [f"page-{n}.md" for n in range(600)]
    held = [replace(question(1, 1), document=name).held_out(1 / 6) for name in names]
    assert 0.12 < sum(held) / len(held) < 0.22
    assert not question(1, 1).held_out(0.0)
    assert question(1, 1).held_out(1.0)
