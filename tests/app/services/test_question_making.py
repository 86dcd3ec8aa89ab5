"""Making questions, composed: what the reader agrees to is written, a stopped run goes on, and training reads it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from app.services import question_making
from app.services.question_making import MakingOptions, make_questions, tag
from generator.errors import TrainingDataError
from generator.training.examples import SetSpec, read_set
from generator.training.synthetic.questions import MadeQuestion

MODELS = Path(__file__).parents[3] / "models"
PLACES = ("Oslo", "Bergen", "Narvik", "Tromso", "Kirkenes", "Stavanger")


@pytest.fixture
def options(tmp_path: Path) -> MakingOptions:
    """Ferries that nobody labelled, in two languages, and a folder of pages."""
    lines = [
        {
            "text": f"The Ladoga ferry was built in {place} in {1900 + n}. It was cold. The bus waited for {n} hours."
        }
        for n, place in enumerate(PLACES)
    ]
    chinese = [{"text": f"武汉长江大桥于{1950 + n}年建成通车，全长{n}670米。"} for n in range(6)]
    for name, rows in (("en.jsonl", lines), ("zh.jsonl", chinese)):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.md").write_text(
        "# Limits\nJuiceFS supports the S3 protocol.\n", encoding="utf-8"
    )
    recipe = {"texts": [{"path": "en.jsonl", "limit": 4}, {"path": "zh.jsonl"}, {"path": "pages"}]}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    return MakingOptions(
        data=tmp_path,
        recipe=tmp_path / "recipe.json",
        out=tmp_path / "out" / "questions.jsonl",
        models=MODELS,
        compile_model=False,
    )


class Agreeable:
    """A reader that answers everything as meant, but for one kind."""

    asked = 0

    def __init__(self, options: MakingOptions) -> None:
        self.without = "how many"

    def kept(self, made: Sequence[MadeQuestion]) -> list[MadeQuestion]:
        type(self).asked += len(made)
        return [question for question in made if question.kind != self.without]


@pytest.fixture
def agreeable(monkeypatch: pytest.MonkeyPatch) -> type[Agreeable]:
    monkeypatch.setattr(question_making, "_Checker", Agreeable)
    monkeypatch.setattr(Agreeable, "asked", 0)
    monkeypatch.setattr(question_making, "BLOCK", 2)
    return Agreeable


def lines_of(options: MakingOptions) -> list[dict[str, object]]:
    return [json.loads(line) for line in options.out.read_text(encoding="utf-8").splitlines()]


def silent(sums: Counter[str]) -> None:
    """Nobody listens."""


def test_what_is_kept_is_written_counted_and_read_by_training(
    options: MakingOptions, agreeable: type
) -> None:
    told: list[int] = []
    sums = make_questions(options, lambda sums: told.append(sums["kept"]))
    lines = lines_of(options)
    assert sums["kept"] == len(lines) == told[-1]
    assert sums["made"] == agreeable.asked
    assert sums["kept/en.jsonl"] == 4
    assert {line["language"] for line in lines} == {"en", "zh"}
    assert {line["kind"] for line in lines} <= {"when", "where", "what", "which", "who"}
    assert sum(n for name, n in sums.items() if name.startswith("kept/zh/")) == sums["kept/zh.jsonl"] > 0
    assert any(line["title"].startswith("pages#") for line in lines)

    examples = read_set(SetSpec(path="out/questions.jsonl"), options.data)
    assert [e.question for e in examples] == [line["question"] for line in lines]
    for example, line in zip(examples, lines, strict=True):
        assert {example.passage[a:b] for a, b in example.answers} == set(line["answers"])


def test_a_stopped_run_goes_on_and_ends_with_the_same_file(options: MakingOptions, agreeable: type) -> None:
    make_questions(options, silent)
    whole = options.out.read_bytes()
    done = options.log.read_text(encoding="utf-8").splitlines(keepends=True)
    options.log.write_text("".join(done[:2]) + done[2][:9], encoding="utf-8")
    options.out.write_bytes(whole + b'{"question": "cut o')
    before = agreeable.asked
    make_questions(options, silent)
    assert options.out.read_bytes() == whole
    assert len({json.loads(line)["block"] for line in options.log.read_text().splitlines()}) == len(done)
    assert 0 < agreeable.asked - before < before


def test_the_seed_decides(options: MakingOptions, agreeable: type) -> None:
    made = []
    for seed, name in ((0, "a"), (0, "b"), (1, "c")):
        own = replace(options, out=options.data / name, seed=seed)
        make_questions(own, silent)
        made.append(own.out.read_bytes())
    assert made[0] == made[1] != made[2]


def test_the_limit_ends_it(options: MakingOptions, agreeable: type) -> None:
    assert make_questions(replace(options, limit=3), silent)["kept"] == 3


def test_the_shipped_reader_checks(options: MakingOptions) -> None:
    own = replace(options, limit=6)
    sums = make_questions(own, silent)
    assert 0 < sums["kept"] <= sums["made"]
    assert len(lines_of(own)) == sums["kept"]


def test_no_question_is_kept_twice(options: MakingOptions, agreeable: type) -> None:
    lines = (options.data / "zh.jsonl").read_text(encoding="utf-8")
    (options.data / "zh.jsonl").write_text(lines + lines.replace("。", "。它很长。"), encoding="utf-8")
    make_questions(options, silent)
    questions = [line["question"] for line in lines_of(options)]
    assert len(set(questions)) == len(questions)


def test_a_recipe_without_texts_is_refused(options: MakingOptions) -> None:
    options.recipe.write_text('{"train": []}', encoding="utf-8")
    with pytest.raises(TrainingDataError, match="names no texts"):
        make_questions(options, silent)


def test_traditional_words_are_tagged_as_simplified_ones() -> None:
    simple, traditional = tag("清华大学位于北京。"), tag("清華大學位於北京。")
    assert [part for _, part in simple] == [part for _, part in traditional]
    assert "".join(word for word, _ in traditional) == "清華大學位於北京。"


def test_the_command_tells_what_was_made_and_kept(options: MakingOptions, agreeable: type, fathom) -> None:
    arguments = ["--data", str(options.data), "--recipe", str(options.recipe), "--out", str(options.out)]
    code, out, err = fathom("train", "make-questions", *arguments, "--models", str(MODELS), "--limit", "5")
    assert (code, "5 kept of" in err) == (0, True)
    counts = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert counts["made"][1:] == ["kept", "5"]
    assert sum(int(counts[f"made/{name}"][-1]) for name in ("en.jsonl", "zh.jsonl", "pages")) == 5
    assert len(lines_of(options)) == 5
