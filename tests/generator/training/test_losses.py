"""Learning from a teacher: nothing to learn from oneself, and following the gradient brings the two together."""

import torch
from torch import Tensor

from generator.model.encoder import ReadStates
from generator.training.losses import distillation_loss


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
