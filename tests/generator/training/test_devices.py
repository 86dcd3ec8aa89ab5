"""A few steps of reader and writer from start to checkpoint, on the processor and, where there is one, on a GPU."""

from pathlib import Path

import pytest
import torch

from generator.checkpoint.folder import read_folder
from generator.data.batches import BatchConfig, ReadingData
from generator.data.examples import Example
from generator.data.pairs import PairBatches, PairConfig, PairData
from generator.training.loop import LoopConfig, TrainingLoop
from generator.training.optimizer import OptimizerConfig, adamw
from generator.training.reader import NEW_PARAMETERS, PieceScores, Reader, ReaderLoss
from generator.training.schedule import Schedule
from generator.training.writer import AnswerConfig, Writer, WriterBatches, WriterLoss
from tests.generator.small_model import SmallModel

NO_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NO_GPU])]


def examples() -> list[Example]:
    passages = [f"the treaty {n} was signed in Paris. the dog ran to park {n}." for n in range(24)]
    return [
        Example(
            question=f"where was treaty {n} signed?",
            passage=passage,
            answers=((passage.index("Paris"), passage.index("Paris") + 5),),
            group="g",
            source="s",
        )
        for n, passage in enumerate(passages)
    ]


def untrained_reader(small: SmallModel, device: str) -> Reader:
    reader = Reader.__new__(Reader)
    torch.nn.Module.__init__(reader)
    reader.config, reader.document = small.config.reader, small.document
    reader.reading = small.reading.requires_grad_(requires_grad=True)
    return reader.to(device)


def loop(model: torch.nn.Module, loss: ReaderLoss | WriterLoss, folder: Path, steps: int) -> TrainingLoop:
    config = LoopConfig(
        schedule=Schedule(steps=steps, warmup_steps=2),
        optimizer=OptimizerConfig(learning_rate=1e-3),
        log_every=1,
        evaluations=2,
    )
    return TrainingLoop(model, adamw(model, NEW_PARAMETERS, config.optimizer), loss, folder, config)


@pytest.mark.parametrize("device", DEVICES)
def test_a_reader_learns_and_goes_on(small: SmallModel, tmp_path: Path, device: str) -> None:
    config = PairConfig(question_pieces=32, passage_pieces=(48,), batch_pieces=8 * 160, near_count=4)
    data = PairData(examples(), small.tokenizer, small.matcher, config, device=device)
    shapes = BatchConfig(passage_pieces=(48,), batch_pieces=8 * 80, negatives=0.0, hard=0.0)
    scored = ReadingData(examples(), small.tokenizer, small.matcher, shapes, device=device)
    reader = untrained_reader(small, device)
    development = [("s", batch) for batch in scored.epoch(range(24), 0)]
    batches = PairBatches(data, {"s": 1.0}, 0)
    for steps, resumed in ((6, False), (12, True)):
        running = loop(reader, ReaderLoss(reader, compile_model=False), tmp_path / "run", steps)
        assert running.resume() == resumed
        running.run(batches, PieceScores(development, reader))
        assert running.device.type == device
    tensors, meta = read_folder(tmp_path / "run" / "last")
    assert meta["step"] == 12
    assert all(torch.isfinite(tensor).all() for tensor in tensors["model"].values())


@pytest.mark.parametrize("device", DEVICES)
def test_a_writer_learns(small: SmallModel, tmp_path: Path, device: str) -> None:
    shapes = BatchConfig(passage_pieces=(48,), batch_pieces=12 * 80, negatives=0.0)
    data = ReadingData(examples(), small.tokenizer, small.matcher, shapes, device=device)
    writer = Writer(
        untrained_reader(small, device), small.decoder.train().requires_grad_(requires_grad=True)
    ).to(device)
    batches = WriterBatches(
        data, {"s": 1.0}, writer.decoder.writable_V, small.pieces, 0, AnswerConfig(actions=30)
    )
    loop(writer, WriterLoss(writer), tmp_path / "run", 6).run(batches)
    tensors, _ = read_folder(tmp_path / "run" / "last")
    assert all(torch.isfinite(tensor).all() for tensor in tensors["model"].values())
