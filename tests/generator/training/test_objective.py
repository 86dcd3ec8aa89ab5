"""Several small batches give the gradient of one large batch, whatever each of them holds."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from generator.blocks.moe import MoE
from generator.data.batches import BatchConfig, ReadingData
from generator.data.kinds import Supervision
from generator.data.pairs import PairBatch
from generator.fathom_small.actions import ActionTargets
from generator.fathom_small.decoder import StepInputs
from generator.training.objective import Objective, Plain, shares_of, sum_up
from generator.training.reader import Reader, ReaderLoss
from generator.training.writer import AnswerConfig, Writer, WriterBatches, WriterLoss, WritingBatch
from tests.generator.small_model import SmallModel, debug_config
from tests.generator.training.test_devices import examples, untrained_reader
from tests.generator.training.test_reader import VOCABULARY, batch, encoder_weights


def gradients(model: torch.nn.Module, objective: Objective, batches: Sequence[object]) -> dict[str, Tensor]:
    model.zero_grad()
    for one, shares in zip(batches, shares_of(objective, batches), strict=True):
        objective(one, shares)[0].backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def assert_close(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    assert any(tensor.abs().max() > 1e-3 for tensor in expected.values())
    for name, tensor in expected.items():
        assert float((found[name] - tensor).abs().max()) < 1e-5, name


def pairs_of(whole: PairBatch, pairs: Sequence[int]) -> PairBatch:
    """Some pairs of a batch; rows b and B / 2 + b are a pair."""
    rows = torch.tensor([*pairs, *(len(whole.own_B) // 2 + pair for pair in pairs)])
    reading = type(whole.reading)(*(part[rows] for part in whole.reading))
    return PairBatch(reading, whole.supervision_B[rows], whole.own_B[rows])


@pytest.mark.parametrize("taught", [False, True])
def test_pairs_in_parts_have_the_gradient_of_all(taught: bool) -> None:
    config = debug_config(VOCABULARY).reader
    torch.manual_seed(0)
    reader, two = Reader(config, encoder_weights(config)), batch(config)
    order = torch.tensor([0, 0, 1, 0, 1, 1])
    reading = type(two)(*(part[order] for part in two))
    reading = reading._replace(
        answers_BN2=torch.tensor([[[3, 4]], [[2, 2]], [[-1, -1]], [[-1, -1]], [[4, 5]], [[-1, -1]]])
    )
    kinds = torch.tensor([int(Supervision.RANGES), int(Supervision.RANGES), int(Supervision.RELEVANT)] * 2)
    whole = PairBatch(reading, kinds, torch.tensor([True] * 3 + [False] * 3))
    teacher = Reader(config, encoder_weights(config)) if taught else None
    objective = ReaderLoss(reader, compile_model=False, teacher=teacher)
    parts = [pairs_of(whole, [0]), pairs_of(whole, [1, 2])]
    counts = torch.stack([objective.counts(part) for part in parts])
    assert len({tuple(row) for row in (counts / counts.sum(0)).T.tolist()}) > 1, (
        "one share would have done for all"
    )
    assert_close(gradients(reader, objective, parts), gradients(reader, objective, [whole]))


def experts_of(writer: Writer) -> list[MoE]:
    return [layer.experts for layer in writer.decoder.decoder_layers() if layer.experts is not None]


def joined(batches: Sequence[WritingBatch]) -> WritingBatch:
    """One batch of several of the same shape."""
    kinds: tuple[Any, ...] = (type(batches[0].reading), ActionTargets, StepInputs)
    parts = zip(*batches, strict=True)
    return WritingBatch(
        *(
            kind(*(torch.cat(t) for t in zip(*part, strict=True)))
            for kind, part in zip(kinds, parts, strict=True)
        )
    )


def test_answers_in_parts_have_the_gradient_of_all(small: SmallModel) -> None:
    shapes = BatchConfig(passage_pieces=(48,), batch_pieces=12 * 80, negatives=0.0)
    data = ReadingData(examples(), small.tokenizer, small.matcher, shapes)
    decoder = small.decoder.train().requires_grad_(requires_grad=True)
    writer = Writer(untrained_reader(small, "cpu"), decoder)
    batches = WriterBatches(data, {"s": 1.0}, decoder.writable_V, small.pieces, 0, AnswerConfig(actions=30))
    one, two, *_ = batches(0)
    assert two.reading.question_BQ.shape == one.reading.question_BQ.shape
    # so that the parts differ in their number of steps: half the answers of the second end at once
    action_BT = two.targets.action_BT.clone()
    action_BT[::2, 2:] = -1
    two = two._replace(targets=ActionTargets(action_BT, two.targets.argument_BT))
    objective, experts = WriterLoss(writer), experts_of(writer)
    expected = gradients(writer, objective, [joined([one, two])])
    objective.end_step()
    moved = [layer.bias_E.clone() for layer in experts]
    for layer in experts:
        layer.reset_balance()
    assert_close(gradients(writer, objective, [one, two]), expected)
    assert not any(layer.bias_E.any() for layer in experts), "the choice of experts changed within a step"
    objective.end_step()
    for layer, bias_E in zip(experts, moved, strict=True):
        assert bias_E.any()
        torch.testing.assert_close(layer.bias_E, bias_E)


def test_metrics_of_a_step_are_means_and_rows_and_loss_sums() -> None:
    told = sum_up([{"rows": 4, "loss": 0.25, "span": 1.0}, {"rows": 2, "loss": 0.5, "span": 3.0}])
    assert told == {"rows": 6, "loss": 0.75, "span": 2.0}


def test_batches_of_a_plain_function_count_alike() -> None:
    plain = Plain(lambda batch: (torch.tensor(batch), {}))
    assert [float(plain(b, s)[0]) for b, s in zip((1.0, 3.0), shares_of(plain, (1.0, 3.0)), strict=True)] == [
        0.5,
        1.5,
    ]
    assert shares_of(plain, (1.0,)) == [None]
