"""Losses of reading: spans, sentences, relevance, pairs that compete; and learning from a teacher."""

import pytest
import torch
from torch import Tensor

from generator.data.kinds import Supervision
from generator.fathom_small.encoder import ReadStates
from generator.fathom_small.reading import Reading, span_distribution
from generator.training.losses import ReadingLoss, distillation_loss, pair_loss, passage_scores


def states(seed: int) -> ReadStates:
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    padded = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    start, end = (draw(2, 6).masked_fill(~padded, float("-inf")) for _ in range(2))
    return ReadStates(draw(2, 6, 3), start, end, draw(2, 2), draw(2))


def test_a_reader_that_equals_its_teacher_has_nothing_to_learn() -> None:
    torch.testing.assert_close(distillation_loss(states(0), states(0)), torch.zeros(()), atol=1e-6, rtol=0)


def test_the_loss_is_positive_and_its_gradient_finite_at_padding() -> None:
    own = states(1)
    own = own._replace(start_BS=own.start_BS.requires_grad_(), relevance_B=own.relevance_B.requires_grad_())
    loss = distillation_loss(own, states(0))
    assert loss > 0
    loss.backward()
    assert own.start_BS.grad is not None
    assert torch.isfinite(own.start_BS.grad).all()
    assert own.start_BS.grad[1, 4:].abs().max() == 0


def test_following_the_gradient_reaches_the_teacher() -> None:
    own, teacher = states(1), states(0)
    learned = [own.start_BS, own.end_BS, own.null_B2, own.relevance_B]
    for tensor in learned:
        tensor.requires_grad_()
    optimizer = torch.optim.Adam(learned, lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        loss = distillation_loss(own, teacher)
        loss.backward()
        for tensor in learned:
            assert tensor.grad is not None
            tensor.grad.nan_to_num_(0.0)
        optimizer.step()
    assert loss < 1e-3


RANGES, RELEVANT, WITHIN = (int(kind) for kind in Supervision)


def loss_of(
    read: ReadStates, answers: list[list[list[int]]], kinds: list[int], own: list[bool]
) -> ReadingLoss:
    return pair_loss(read, torch.tensor(answers), torch.tensor(kinds), torch.tensor(own))


NONE = [[-1, -1], [-1, -1]]


def probabilities(read: ReadStates) -> tuple[Tensor, Tensor]:
    """Of start and end, null first."""
    start = torch.cat([read.null_B2[:, :1], read.start_BS], 1).softmax(-1)
    return start, torch.cat([read.null_B2[:, 1:], read.end_BS], 1).softmax(-1)


def test_span_loss_sums_over_answers_and_takes_null_for_the_near_miss() -> None:
    read = states(0)
    start, end = probabilities(read)
    loss = loss_of(read, [[[1, 2], [3, 3]], NONE], [RANGES, RANGES], [True, False])
    either = start[0, 2] * end[0, 3] + start[0, 4] * end[0, 4]
    wanted = -(either.log() + (start[1, 0] * end[1, 0]).log()) / 2
    torch.testing.assert_close(loss.span, wanted)


def test_an_answer_inside_a_sentence_is_anywhere_in_it() -> None:
    read = states(0)
    start, end = probabilities(read)
    loss = loss_of(read, [[[1, 4], [-1, -1]], NONE], [WITHIN, WITHIN], [True, False])
    inside = start[0, 2:6].sum() * end[0, 2:6].sum()
    torch.testing.assert_close(loss.span, -(inside.log() + (start[1, 0] * end[1, 0]).log()) / 2)


def test_a_passage_that_answers_nobody_says_where_is_relevant_and_has_no_span() -> None:
    read = states(0)
    start, end = probabilities(read)
    loss = loss_of(read, [NONE, NONE], [RELEVANT, RELEVANT], [True, False])
    torch.testing.assert_close(loss.span, -(start[1, 0] * end[1, 0]).log())
    both = torch.sigmoid(read.relevance_B)
    torch.testing.assert_close(loss.relevance, -(both[0].log() + (1 - both[1]).log()) / 2)
    assert loss.competing == 0


def test_the_right_passage_competes_with_the_near_miss_alone() -> None:
    read = states(0)
    loss = loss_of(read, [[[1, 2], [-1, -1]], NONE], [RANGES, RANGES], [True, False])
    score = passage_scores(read)
    torch.testing.assert_close(loss.competing, torch.nn.functional.softplus(score[1] - score[0]))
    torch.testing.assert_close(loss.total, loss.span + 0.5 * loss.relevance + 0.3 * loss.competing)
    same = loss_of(read, [[[1, 2], [-1, -1]]] * 2, [RANGES, RANGES], [True, True])
    assert same.competing == 0


def test_passages_are_scored_as_answering_compares_them() -> None:
    """One piece of text: the only span, so the sums over start and end are that span's."""
    alone = torch.tensor([[True, False, False]])
    start, end = (torch.randn(1, 3).masked_fill(~alone, float("-inf")) for _ in range(2))
    read = ReadStates(torch.zeros(1, 3, 2), start, end, torch.randn(1, 2), torch.randn(1))
    reading = Reading([], [], torch.zeros(1, 3), torch.zeros(1, 3), read)
    assert passage_scores(read).item() == pytest.approx(span_distribution(reading).answerable_logit, rel=1e-4)


@pytest.mark.parametrize("kind", [RANGES, RELEVANT, WITHIN])
def test_gradients_are_finite_where_there_is_padding(kind: int) -> None:
    read = states(0)
    learned = [read.start_BS, read.end_BS, read.null_B2, read.relevance_B]
    for tensor in learned:
        tensor.requires_grad_()
    loss_of(read, [[[1, 2], [-1, -1]], NONE], [kind, kind], [True, False]).total.backward()
    for tensor in learned:
        assert tensor.grad is None or torch.isfinite(tensor.grad).all()
