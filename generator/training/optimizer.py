"""The optimizer of all recipes: AdamW, with parameters that learn at two speeds."""

from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerConfig:
    """How much a step changes.

    Attributes:
        learning_rate: Of pretrained parameters.
        fast_factor: How much faster new parameters learn.
        weight_decay: Decoupled from the gradient (arXiv 1711.05101).
        betas: Weights of the past in the two moments.
    """

    learning_rate: float = 1.7e-4
    fast_factor: float = 8.0
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.98)


def adamw(model: nn.Module, fast: Collection[str], config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW over the parameters of a model that want a gradient.

    Args:
        model: Where it is to be trained: on its device.
        fast: Name prefixes of parameters that are new.
        config: How much a step changes.

    Returns:
        The optimizer; each group has a `scale` of the learning rate of a step.
    """
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    quick = [parameter for name, parameter in named if name.startswith(tuple(fast))]
    slow = [parameter for name, parameter in named if not name.startswith(tuple(fast))]
    groups = [{"params": slow, "scale": 1.0}, {"params": quick, "scale": config.fast_factor}]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=config.learning_rate,
        betas=config.betas,
        weight_decay=config.weight_decay,
        fused=True,
    )
