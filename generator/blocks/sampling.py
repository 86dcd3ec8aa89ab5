"""Choosing one of several by log-probability.

Dimensions in names: N choices.
"""

import torch
from torch import Tensor


def pick(log_probs_N: Tensor, temperature: float, generator: torch.Generator) -> int:
    """The most probable at temperature 0, else one drawn; log-probabilities may lack their common sum."""
    if temperature <= 0:
        return int(log_probs_N.argmax())
    return int(torch.multinomial((log_probs_N / temperature).softmax(-1), 1, generator=generator))
