"""The recipe for gathered questions: what ships is whole; a run begins with a reader, scores and goes on."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from generator.checkpoint.folder import read_folder, write_atomically
from generator.data.examples import SetSpec
from generator.data.gathered import GatheredConfig, GatheredQuestion
from generator.data.rehearsal import RehearsalSet
from generator.errors import CheckpointError, TrainingDataError
from generator.fathom_small.config import ReaderConfig
from generator.training.gathered import BestSpan
from generator.training.reader import Reader
from generator.training.recipes.checked import read_recipe, shipped
from generator.training.recipes.gathering import (
    GatheredScores,
    GatheringRecipe,
    divided,
    gathered_questions,
    rehearsal,
    train_gathered,
)
from generator.training.recipes.parts import EncoderParts
from generator.training.recipes.reading import ReadingRecipe
from generator.training.recipes.recipe import RunOptions, ScheduleConfig
from generator.training.recipes.runs import load_reader
from tests.generator.small_model import SmallModel
from tests.generator.training.test_reader import encoder_weights

NAMES = ("Paris", "the park", "the mat")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file of gathered questions and one of an older set."""
    lines, paragraphs = [], []
    for number in range(24):
        name = NAMES[number % 3]
        text = f"the cat {number} ran to {name}. the dog sat."
        start = text.index(name)
        gold = [[start, start + len(name), number % 2]] if number % 6 else []
        passages = [
            {"text": text, "kept": [], "sentences": [], "weight": 1.0, "gold": gold},
            {"text": f"the dog {number} sat", "kept": [], "sentences": [], "weight": 0.5, "gold": []},
        ]
        told = {"id": f"g{number}", "collection": "c", "document": f"{number}.md", "question": "where to?"}
        lines.append(json.dumps({**told, "answerable": bool(gold), "passages": passages}))
        answer = {"text": name, "answer_start": start}
        paragraphs.append({"context": text, "qas": [{"question": f"where {number}?", "answers": [answer]}]})
    (tmp_path / "gathered.jsonl").write_text("\n".join(lines), encoding="utf-8")
    articles = {"data": [{"title": "towns", "paragraphs": paragraphs}]}
    (tmp_path / "old.json").write_text(json.dumps(articles), encoding="utf-8")
    return tmp_path


RECIPE = GatheringRecipe(
    train=(SetSpec(path="gathered.jsonl"),),
    rehearsal=(RehearsalSet(spec=SetSpec(path="old.json"), count=12),),
    development_share=0.3,
    batches=GatheredConfig(questions=4, passages=2),
    schedule=ScheduleConfig(warmup_steps=1),
    evaluations=1,
    mean_from=2.0,
    log_every=1,
)


def test_what_ships_names_its_licences_and_rehearses_what_was_read() -> None:
    recipe = read_recipe(GatheringRecipe, shipped("gathered"))
    known = {spec.path: spec for spec in read_recipe(ReadingRecipe, shipped("reading")).train}
    assert all(spec.name and spec.licence for spec in recipe.train)
    assert (recipe.optimizer.learning_rate, recipe.batches.questions, recipe.batches.passages) == (6e-5, 8, 3)
    for each in recipe.rehearsal:
        read = known[each.spec.path]
        assert replace(each.spec, limit=read.limit, repeat=read.repeat) == read
    reading = read_recipe(ReadingRecipe, shipped("reading"))
    assert (recipe.development, recipe.transfer, recipe.kept_out) == (
        reading.development,
        reading.transfer,
        reading.kept_out,
    )


def test_documents_are_learned_or_scored_and_rehearsal_too(folder: Path) -> None:
    questions = gathered_questions(RECIPE, [folder])
    learned, scored = divided(questions, RECIPE, 0)
    assert len(learned) + len(scored) == len(questions) == 24
    assert {one.document for one in scored}.isdisjoint(one.document for one in learned)
    assert len(divided(questions, replace(RECIPE, development_most=2), 0)[1]) == 2
    assert len(rehearsal(RECIPE, [folder], 0)) == 12
    assert rehearsal(RECIPE, [folder], 0) == rehearsal(RECIPE, [folder], 0)


def test_a_rehearsed_set_leaves_out_what_is_held_out(folder: Path) -> None:
    compared = (RehearsalSet(spec=SetSpec(path="old.json", compare=True), count=12),)
    recipe = replace(RECIPE, rehearsal=compared, development=(SetSpec(path="old.json"),))
    assert rehearsal(recipe, [folder], 0) == []


def test_files_without_a_question_are_told(folder: Path) -> None:
    (folder / "gathered.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match="no gathered question"):
        gathered_questions(RECIPE, [folder])


class KnownSpans:
    """A loss of 2, and spans in an order that is known."""

    def __init__(self, spans: Sequence[BestSpan]) -> None:
        self.spans = list(spans)

    def scored(self, questions: Sequence[GatheredQuestion]) -> tuple[float, list[BestSpan]]:
        return 2.0, [self.spans.pop(0) for _ in questions]


def test_scores_are_the_loss_the_share_inside_and_how_well_null_is_told(folder: Path) -> None:
    questions = gathered_questions(RECIPE, [folder])[:4]
    spans = [BestSpan(3.0, True), BestSpan(0.0, False), BestSpan(1.0, None), BestSpan(-1.0, None)]
    scores = GatheredScores(KnownSpans(spans), {"": questions}, 3)()  # type: ignore[arg-type]
    assert scores == {"loss": 2.0, "inside": 50.0, "auroc": 75.0, "score": -2.0}
    assert GatheredScores(KnownSpans([]), {"": []}, 3)() == {}  # type: ignore[arg-type]
    alone = GatheredScores(KnownSpans(spans[2:]), {"rehearsal/": questions[:2]}, 3)()  # type: ignore[arg-type]
    assert alone == {"rehearsal/loss": 2.0}


@pytest.fixture
def parts(small: SmallModel) -> EncoderParts:
    config = ReaderConfig(vocab_size=len(small.pieces), document_layers=1, reading_layers=1)
    return EncoderParts(small.tokenizer_path, encoder_weights(config))


def started(parts: EncoderParts, run: Path) -> Reader:
    """A reader run to go on with."""
    reader = parts.reader(1)
    state = {name: tensor for name, tensor in reader.state_dict().items() if name.startswith("reading.")}
    write_atomically(run / "last", {"model": state}, {"step": 0})
    return reader


def test_a_run_begins_with_a_reader_scores_and_goes_on(parts: EncoderParts, folder: Path) -> None:
    before = started(parts, folder / "start")
    options = RunOptions(data=(folder,), run=folder / "run", steps=2, start_run=folder / "start")
    assert not train_gathered(parts, RECIPE, options)
    assert train_gathered(parts, RECIPE, replace(options, steps=3))
    _, meta = read_folder(folder / "run" / "last")
    assert meta["step"] == 3
    lines = (folder / "run" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    logged = [json.loads(line) for line in lines]
    assert any({"dev/loss", "dev/inside", "dev/rehearsal/loss", "dev/score"} <= set(line) for line in logged)
    assert all(line["span"] > 0 for line in logged if "span" in line)
    after, record = load_reader(parts, folder / "run")
    assert record["score"] < 0
    assert not after.reading.span.weight.equal(before.reading.span.weight)
    assert after.document.pieces.weight.equal(before.document.pieces.weight)


def test_a_run_needs_a_reader_to_go_on_with(parts: EncoderParts, folder: Path) -> None:
    options = RunOptions(data=(folder,), run=folder / "run", steps=1)
    with pytest.raises(CheckpointError, match="--start-run"):
        train_gathered(parts, RECIPE, options)
