"""Mixtures: sets from several folders, without what touches a development part."""

import json
from pathlib import Path

import pytest

from generator.data.examples import Example, SetSpec
from generator.data.mixture import Mixture, training_examples
from generator.data.overlap import HeldOut

STORY = "Every morning the ferry leaves the harbour at nine and takes an hour to cross the bay to Oslo."


LIMITED = "A limit leaves this passage out of the scores, and it is kept away from training all the same."


def example(question: str, passage: str) -> Example:
    return Example(question=question, passage=passage, answers=((0, 1),), group="g", source="s")


def write(folder: Path, name: str, *rows: tuple[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    lines = [{"question": q, "context": c, "answers": [c[:5]], "kind": "span"} for q, c in rows]
    (folder / name).write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")


def test_what_touches_a_development_part_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write(one, "dev.jsonl", ("When does it leave?", STORY), ("Who?", LIMITED))
    rows = [
        ("when  does it LEAVE?", "A passage of its own."),
        ("Whence?", "As told before: " + STORY.upper()),
        ("Whither?", "Free of all that."),
        ("Why?", LIMITED),
    ]
    write(two, "new.jsonl", *rows)
    write(two, "old.jsonl", *rows)
    mixture = Mixture(
        train=(SetSpec(path="old.jsonl"), SetSpec(path="new.jsonl", compare=True)),
        development=(SetSpec(path="dev.jsonl", limit=1),),
    )
    with caplog.at_level("INFO"):
        examples = training_examples(mixture, (one, two), 0)
    assert [e.question for e in examples if e.source == "new.jsonl"] == ["Whither?"]
    assert len([e for e in examples if e.source == "old.jsonl"]) == 4
    assert "'new.jsonl: passage': 2, 'new.jsonl: question': 1" in caplog.text


def test_passages_touch_from_fifty_characters_on() -> None:
    held_out = HeldOut([example("q", STORY)])
    shared = STORY[10:].rstrip(".")
    for length in (30, 48):
        assert not held_out.has_part_of("zzz " + shared[:length] + " zzz")
    assert held_out.has_part_of("zzz " + shared[:56] + " zzz")
    assert held_out.has_part_of("zzz " + shared[:56].replace(" ", " | ") + " zzz"), "marks do not count"
    assert not held_out.has_part_of("| --- " * 40)
