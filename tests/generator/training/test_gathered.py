"""Gathered questions as batches: the distribution of answering, gold spans over it, gradients, and best spans."""

import math
from dataclasses import dataclass

import pytest
import torch

from generator.data.gathered import GatheredPassage, GatheredQuestion, GoldRange
from generator.data.tokenised import special_id
from generator.fathom_small.reading import (
    PassageReader,
    Reading,
    SpanDistribution,
    span_distribution,
    span_scores,
)
from generator.training.gathered import (
    GatheredReaderLoss,
    GatheredReading,
    GoldSpan,
    gold_mask,
    gold_spans,
    is_right,
)
from generator.training.losses import GatheredWeights, gathered_loss
from generator.training.reader import Reader
from tests.generator.small_model import SmallModel
from tests.generator.training.test_reader import encoder_weights

LONG = (
    "the cat sat on the mat. who ran to the park?\n\nthe dog ran to the park. the treaty was signed in Paris."
)
ASKED = LONG.index("who"), LONG.index("\n")


def gold(text: str, wanted: str, *, within: bool = False) -> tuple[GoldRange, ...]:
    return (GoldRange(start=text.index(wanted), end=text.index(wanted) + len(wanted), within=within),)


def question(text: str, *passages: GatheredPassage) -> GatheredQuestion:
    return GatheredQuestion(id=text, collection="c", document="d", question=text, passages=passages)


EXACT = question(
    "where was the treaty signed?",
    GatheredPassage(text="the cat sat on the mat", weight=1.0),
    GatheredPassage(
        text=LONG, weight=0.5, kept=((0, 70),), sentences=((0, 23), ASKED), gold=gold(LONG, "the dog ran")
    ),
)
WITHIN = question(
    "who ran?",
    GatheredPassage(text=LONG, weight=1 / 3, gold=gold(LONG, "the dog ran to the park", within=True)),
    GatheredPassage(text="1992 年签署。", weight=0.25, gold=gold("1992 年签署。", "1992")),
)
NOTHING = question("谁在公园？", GatheredPassage(text="the cat sat on the mat"))
CUT = question("who sat?", GatheredPassage(text=LONG, kept=((46, 70),), gold=gold(LONG, "the cat sat")))


@dataclass(frozen=True)
class Parts:
    """A random reader, in training and in answering."""

    reading: GatheredReading
    passages: PassageReader

    def answered(self, asked: GatheredQuestion) -> tuple[Reading, SpanDistribution]:
        """As answering reads it."""
        read = self.passages.read(asked.question, [one.source for one in asked.passages])
        assert read is not None
        return read, span_distribution(read)

    def loss(self) -> GatheredReaderLoss:
        return GatheredReaderLoss(self.reading, GatheredWeights())


@pytest.fixture
def parts(small: SmallModel) -> Parts:
    config = small.config.reader
    reader = Reader(config, encoder_weights(config)).eval()
    with torch.no_grad():
        reader.reading.span.weight.mul_(2)
        reader.reading.role.normal_()
    passages = PassageReader(
        reader.document, reader.reading, small.tokenizer, small.matcher, config.max_positions
    )
    pad = special_id(small.tokenizer, "<pad>")
    return Parts(GatheredReading(reader, passages, small.matcher, pad), passages)


def test_the_distribution_is_that_of_answering(parts: Parts) -> None:
    asked = [EXACT, NOTHING, WITHIN]
    batch = parts.reading.batch(asked)
    joint_BSS = span_scores(parts.reading.read(batch), batch.rows.segment_PS)
    assert batch.number_B.tolist() == [0, 0, 1, 2, 2]
    for n, one in enumerate(asked):
        own = joint_BSS[batch.number_B == n]
        total = torch.nn.functional.softplus(own.flatten().logsumexp(0))
        _, known = parts.answered(one)
        S = known.log_joint_PSS.shape[-1]
        torch.testing.assert_close(own[:, :S, :S] - total, known.log_joint_PSS, atol=1e-4, rtol=1e-4)
        assert not torch.isfinite(own[:, S:]).any()


def test_the_loss_is_minus_the_probability_that_answering_gives_what_is_gold(parts: Parts) -> None:
    for asked in (EXACT, WITHIN):
        reading, known = parts.answered(asked)
        log_gold = []
        for p, one in enumerate(asked.passages):
            spans = gold_spans(reading.ranges[p], reading.segment_PS[p].tolist(), one.gold)
            for first, last, within in spans:
                part = known.log_joint_PSS[p, first : last + 1, first : last + 1]
                log_gold.append(
                    part.flatten().logsumexp(0) if within else known.log_joint_PSS[p, first, last]
                )
        assert float(parts.loss()([asked])[1]["span"]) == pytest.approx(
            -float(torch.stack(log_gold).logsumexp(0)), rel=1e-3
        )
    _, known = parts.answered(NOTHING)
    null = math.log1p(math.exp(known.answerable_logit))
    assert float(parts.loss()([NOTHING])[1]["span"]) == pytest.approx(null, rel=1e-3)
    together = float(parts.loss()([EXACT, NOTHING, WITHIN])[1]["span"])
    alone = [float(parts.loss()([one])[1]["span"]) for one in (EXACT, NOTHING, WITHIN)]
    assert together == pytest.approx(sum(alone) / 3, rel=1e-3)


def test_gradients_reach_the_reading_layers_alone_and_are_finite(parts: Parts) -> None:
    total, metrics = parts.loss()([EXACT, NOTHING, WITHIN, CUT])
    total.backward()
    learned = dict(parts.reading.reader.reading.named_parameters())
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in learned.values())
    assert sum(float(p.grad.abs().sum()) for p in learned.values() if p.grad is not None) > 0
    assert all(p.grad is None for p in parts.reading.reader.document.parameters())
    assert metrics["rows"] == 6


def test_a_question_whose_gold_is_not_kept_says_nothing(parts: Parts) -> None:
    total, metrics = parts.loss()([CUT])
    assert (total.item(), float(metrics["span"]), float(metrics["relevance"])) == (0.0, 0.0, 0.0)
    together, alone = (parts.loss()(asked)[0].item() for asked in ([CUT, NOTHING], [NOTHING]))
    assert together == pytest.approx(alone, rel=1e-3)


def test_a_label_that_is_hardly_possible_has_no_gradient() -> None:
    joint = torch.tensor([[[0.0, 60.0], [float("-inf"), 0.0]]], requires_grad=True)
    mask = torch.tensor([[[True, False], [False, False]]])
    zero, one = torch.zeros(1), torch.tensor([True])
    loss = gathered_loss(joint, zero, mask, torch.tensor([0]), one)
    loss.total.backward()
    assert float(loss.span) == 20.0
    assert loss.total.item() == pytest.approx(20 + 0.5 * math.log(2))
    assert joint.grad is not None
    assert not joint.grad.any()


def test_the_best_span_is_the_one_that_answering_takes(parts: Parts) -> None:
    asked = [EXACT, NOTHING, WITHIN]
    loss, best = parts.loss().scored(asked)
    assert loss == pytest.approx(float(parts.loss()(asked)[1]["span"]), rel=1e-4)
    batch = parts.reading.batch(asked)
    assert gold_mask(batch).flatten(1).any(1).tolist() == [False, True, False, True, True]
    row = 0
    for one, found in zip(asked, best, strict=True):
        _, known = parts.answered(one)
        p, first, last, _ = known.best()
        right = is_right(first, last, batch.gold[row + p]) if one.answerable else None
        assert found.inside == right
        assert found.logit == pytest.approx(known.answerable_logit, abs=1e-3)
        row += len(one.passages)


@pytest.mark.parametrize(
    ("span", "within", "right"),
    [
        ((3, 4), True, True),
        ((2, 4), True, False),
        ((2, 4), False, True),
        ((6, 7), False, False),
        ((3, 5), True, True),
    ],
)
def test_right_is_inside_a_region_or_touching_a_range(
    span: tuple[int, int], within: bool, right: bool
) -> None:
    assert is_right(*span, [GoldSpan(3, 5, within)]) is right
    assert not is_right(*span, [])
