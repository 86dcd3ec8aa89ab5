"""Comparison of tensors that says how far apart they are when they differ."""

import torch
from torch import Tensor


def assert_close(ours: Tensor, theirs: Tensor, at_most: float, what: str = "values") -> None:
    """Fail, with maximum and mean difference, if any element differs by more than `at_most`."""
    assert ours.shape == theirs.shape, f"{what}: shape {tuple(ours.shape)} against {tuple(theirs.shape)}"
    difference = (ours.detach().double() - theirs.detach().double()).abs()
    report = f"{what}: max difference {difference.max():.3e}, mean {difference.mean():.3e}"
    print(report)
    assert torch.isfinite(difference).all(), f"{what}: not finite"
    assert difference.max() <= at_most, report
