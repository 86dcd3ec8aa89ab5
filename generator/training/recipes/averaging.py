"""The weighted mean of runs (`fathom train mean`)."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from generator.checkpoint.folder import write_atomically
from generator.errors import CheckpointError
from generator.training.recipes.runs import trained_weights

STAGES = {"reading": "reader", "decoder": "writer"}
"""Name prefix of weights, and the stage that trains them."""


def mean_of_runs(weights: Mapping[Path, float], out: Path) -> list[str]:
    """Write the weighted mean of runs and packed models as a run folder; of the parts that all of them have.

    The mean of models that began with the same weights is often better than each at what any of them does well (model
    soups, arXiv 2203.05482; with the model that training began with, WiSE-FT, arXiv 2109.01903).

    Args:
        weights: Share of each folder; they sum to 1.
        out: Run folder to write; its record names what it is the mean of.

    Returns:
        The stages whose weights it holds, "reader" or "writer" or both.

    Raises:
        CheckpointError: A folder holds no weights, they have no part in common or other shapes, or the shares do not
            sum to 1.
    """
    if abs(sum(weights.values()) - 1) > 1e-6:
        raise CheckpointError(f"the shares sum to {sum(weights.values()):g}; give shares that sum to 1")
    states = {folder: trained_weights(folder)[0] for folder in weights}
    stems = set.intersection(*({name.split(".")[0] for name in state} for state in states.values()))
    stages = [stage for stem, stage in STAGES.items() if stem in stems]
    if not stages:
        raise CheckpointError(
            f"{', '.join(map(str, weights))} have no part in common; average runs of one stage"
        )
    mean: dict[str, Tensor] = {}
    shapes: dict[str, torch.Size] = {}
    for folder, state in states.items():
        state = {name: tensor for name, tensor in state.items() if name.split(".")[0] in stems}
        own = {name: tensor.shape for name, tensor in state.items()}
        if own != (shapes := shapes or own):
            raise CheckpointError(f"{folder} has another shape; average models of the same one")
        for name, tensor in state.items():
            if tensor.is_floating_point():
                mean[name] = mean.get(name, torch.zeros(())) + weights[folder] * tensor.float()
            elif not mean.setdefault(name, tensor).equal(tensor):
                raise CheckpointError(f"{folder} writes other pieces; average models of the same ones")
    record = {
        stage: [
            {"folder": folder.name, "share": share, **trained_weights(folder, stage)[1]}
            for folder, share in weights.items()
        ]
        for stage in stages
    }
    write_atomically(out / "last", {"model": mean}, {"mean_of": record})
    return stages
