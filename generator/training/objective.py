"""Objectives of a step: means over its batches, equal to one large batch."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from generator.device import HOST

Metrics = Mapping[str, Tensor | float]
Loss = Callable[[Any], tuple[Tensor, Metrics]]
"""Batch to a loss and metrics; calls the model."""


class Objective(ABC):
    """A loss made of one or more means (terms), each over items of its own: rows, answers known, steps.

    The mean over several batches is the sum of each batch's mean times its share of all items. Shares differ by term,
    so the loss is told them before it adds its terms up.
    """

    @abstractmethod
    def __call__(self, batch: Any, shares: Tensor | None = None) -> tuple[Tensor, Metrics]:
        """Loss and metrics of one batch.

        Args:
            batch: As the data gives it.
            shares: float32 [terms], what each term counts for; None for 1 each, a batch that is the whole step.
        """

    @abstractmethod
    def counts(self, batch: Any, /) -> Tensor:
        """Items that each term is a mean over: float32 [terms], where the batch is; known without the model."""

    @abstractmethod
    def end_step(self) -> None:
        """Called after the weights have changed, once a step."""


class Plain(Objective):
    """A function as an objective of one term, to which all batches count alike."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, batch: Any, shares: Tensor | None = None) -> tuple[Tensor, Metrics]:
        """See the base class."""
        value, metrics = self.loss(batch)
        return (value if shares is None else value * shares[0]), metrics

    def counts(self, _batch: Any, /) -> Tensor:
        """One, whatever the batch."""
        return torch.ones(1, device=HOST)

    def end_step(self) -> None:
        """Nothing but the weights changes."""


def shares_of(objective: Objective, batches: Sequence[Any]) -> list[Tensor | None]:
    """Shares of each batch of a step in the terms; None where it is the only one."""
    if len(batches) == 1:
        return [None]
    counts_nC = torch.stack([objective.counts(batch) for batch in batches])
    # a term without items is 0 in every batch
    return list(counts_nC / counts_nC.sum(0).clamp(min=1))


def sum_up(metrics: Sequence[Metrics]) -> dict[str, Tensor | float]:
    """Metrics of a step from its batches: means, except `rows` and `loss`, which are summed."""
    if len(metrics) == 1:
        return dict(metrics[0])
    total: dict[str, Tensor | float] = {}
    for part in metrics:
        for name, value in part.items():
            of_step = value if name in {"rows", "loss"} else value / len(metrics)
            total[name] = total[name] + of_step if name in total else of_step
    return total
