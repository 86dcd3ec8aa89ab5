"""First losses of a tiny reader and a tiny writer, as they were when they were last known to be right.

A change of the model, of its batches or of the loop that moves them is either meant, then they are stored anew, or it
is a fault that no other test has seen.
"""

import json
from pathlib import Path

import pytest
import torch

from generator.data.batches import BatchConfig, ReadingData
from generator.data.pairs import PairBatches, PairConfig, PairData
from generator.training.loop import Batches, LoopConfig, TrainingLoop
from generator.training.objective import Objective
from generator.training.optimizer import OptimizerConfig, adamw
from generator.training.reader import NEW_PARAMETERS, ReaderLoss
from generator.training.schedule import Schedule
from generator.training.writer import AnswerConfig, Writer, WriterBatches, WriterLoss
from tests.generator.small_model import SmallModel
from tests.generator.training.test_devices import examples, untrained_reader

READING = [8.60130, 7.68688, 7.06235, 6.12405, 5.61365]
WRITING = [2.59648, 2.69727, 2.60033, 2.53495, 2.29061]
CLOSE = 1e-4


def losses(model: torch.nn.Module, objective: Objective, batches: Batches, folder: Path) -> list[float]:
    config = LoopConfig(
        schedule=Schedule(steps=5, warmup_steps=1, decay_share=0.0),
        optimizer=OptimizerConfig(learning_rate=1e-3),
        log_every=1,
        evaluations=0,
        bf16=False,
    )
    TrainingLoop(model, adamw(model, NEW_PARAMETERS, config.optimizer), objective, folder, config).run(
        batches
    )
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["loss"] for line in lines]


def test_reading_begins_with_the_stored_losses(small: SmallModel, tmp_path: Path) -> None:
    config = PairConfig(question_pieces=32, passage_pieces=(48,), batch_pieces=8 * 160, near_count=4)
    data = PairData(examples(), small.tokenizer, small.matcher, config)
    reader = untrained_reader(small, "cpu")
    objective = ReaderLoss(reader, compile_model=False)
    found = losses(reader, objective, PairBatches(data, {"s": 1.0}, 0), tmp_path / "run")
    assert found == pytest.approx(READING, abs=CLOSE)


def test_writing_begins_with_the_stored_losses(small: SmallModel, tmp_path: Path) -> None:
    shapes = BatchConfig(passage_pieces=(48,), batch_pieces=12 * 80, negatives=0.0)
    data = ReadingData(examples(), small.tokenizer, small.matcher, shapes)
    decoder = small.decoder.train().requires_grad_(requires_grad=True)
    writer = Writer(untrained_reader(small, "cpu"), decoder)
    answers = AnswerConfig(actions=30)
    batches = WriterBatches(data, {"s": 1.0}, decoder.writable_V, small.pieces, 0, answers)
    assert losses(writer, WriterLoss(writer), batches, tmp_path / "run") == pytest.approx(WRITING, abs=CLOSE)
