"""Actions: alignment of answers, the reader's prior, the loss."""

import torch

from generator.fathom_small.actions import (
    Action,
    ActionTargets,
    StepLogProbs,
    action_loss,
    align,
    reader_prior,
)

WRITABLE = {7: 0, 8: 1, 9: 2}


def test_long_runs_are_copied_and_the_rest_written() -> None:
    actions = align([7, 1, 2, 3, 8], [5, 1, 2, 3, 4], WRITABLE, shortest_copy=3)
    assert actions == [
        (Action.WRITE, 0),
        (Action.COPY, 1),
        (Action.NEXT, 2),
        (Action.NEXT, 3),
        (Action.WRITE, 1),
        (Action.STOP, 0),
    ]


def test_the_longest_occurrence_is_copied() -> None:
    actions = align([1, 2, 3], [1, 2, 9, 1, 2, 3], WRITABLE, shortest_copy=2)
    assert actions[0] == (Action.COPY, 3)


def test_short_runs_are_written_where_they_can_be() -> None:
    assert align([7, 8], [7, 8], WRITABLE, shortest_copy=3) == [
        (Action.WRITE, 0),
        (Action.WRITE, 1),
        (Action.STOP, 0),
    ]
    assert align([1], [1], WRITABLE, shortest_copy=3) == [(Action.COPY, 0), (Action.STOP, 0)]


def test_what_can_be_neither_copied_nor_written_gives_no_actions() -> None:
    assert align([1, 99], [1], WRITABLE, shortest_copy=1) == []


def test_prior_of_copy_is_start_plus_best_end_ahead() -> None:
    start = torch.tensor([[[1.0, 2.0, 3.0, float("-inf")]]])
    end = torch.tensor([[[0.0, 5.0, 1.0, float("-inf")]]])
    segment = torch.tensor([[[0, 0, 1, -1]]])
    prior = reader_prior(start, end, torch.tensor([[0.5]]), segment, longest=8)
    torch.testing.assert_close(prior.copy_BN[0, :3], torch.tensor([5.5, 6.5, 3.5]))
    assert prior.can_next_BN[0].tolist() == [True, False, False, False]
    assert float(prior.onward_BN[0, 0]) == 5.0


def test_loss_counts_action_and_argument_of_live_steps() -> None:
    log_probs = StepLogProbs(
        torch.full((1, 3, 4), 0.25).log(), torch.full((1, 3, 5), 0.2).log(), torch.full((1, 3, 10), 0.1).log()
    )
    targets = ActionTargets(
        torch.tensor([[int(Action.COPY), int(Action.STOP), -1]]), torch.tensor([[3, 0, 0]])
    )
    loss, steps = action_loss(log_probs, targets)
    expected = -(torch.tensor(0.25).log() * 2 + torch.tensor(0.1).log()) / 2
    assert int(steps) == 2
    torch.testing.assert_close(loss, expected)
