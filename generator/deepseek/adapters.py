"""Cross-attention that was trained for a published decoder, in two files beside it: `adapters.safetensors` and `.json`.

The JSON file says how the layers stand in the decoder (`cross_every`, `memory_width`; see `DeepseekConfig`) and what
they were trained on. The published files stay as they are.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from generator.checkpoint.part import read_part, write_part
from generator.deepseek.model import Deepseek
from generator.deepseek.published import load_deepseek
from generator.errors import CheckpointError

STEM = "adapters"


def adapter_state(model: Deepseek) -> dict[str, Tensor]:
    """The weights of the cross-attention layers alone, by their names in the decoder."""
    return {name: tensor for name, tensor in model.state_dict().items() if ".cross." in name}


def has_adapters(folder: Path) -> bool:
    """Whether a model folder holds adapters, or one of their two files."""
    return any((folder / f"{STEM}.{kind}").exists() for kind in ("json", "safetensors"))


def save_adapters(folder: Path, model: Deepseek, training: Mapping[str, Any]) -> None:
    """Put the adapters of a decoder beside its published files; older ones are replaced.

    Args:
        folder: Of the published decoder.
        model: With cross-attention.
        training: JSON values: what they were trained on, for the record.
    """
    config = model.config
    assert config.cross_every is not None, "a decoder without cross-attention has no adapters"
    meta = {
        "cross_every": config.cross_every,
        "memory_width": config.memory_width,
        "training": dict(training),
    }
    write_part(folder, STEM, adapter_state(model), meta)


@torch.no_grad()
def load_with_adapters(folder: Path, *, dtype: torch.dtype = torch.float32) -> Deepseek:
    """Build a published decoder with the adapters that lie beside it.

    Args:
        folder: Where all files are.
        dtype: Of the weights in memory.

    Raises:
        CheckpointError: See `load_deepseek`; or the adapters are damaged, or of another decoder.
    """
    state, meta = read_part(folder, STEM)
    every, width = meta.get("cross_every"), meta.get("memory_width")
    if not (isinstance(every, int) and isinstance(width, int) and every > 0 and width > 0):
        raise CheckpointError(f"{folder / STEM}.json lacks cross_every or memory_width")
    model = load_deepseek(folder, dtype=dtype, cross_every=every, memory_width=width)
    targets = adapter_state(model)
    wanted, given = ({name: t.shape for name, t in tensors.items()} for tensors in (targets, state))
    if wanted != given:
        odd = min(name for name in wanted.keys() | given.keys() if wanted.get(name) != given.get(name))
        raise CheckpointError(f"{folder / STEM}.safetensors is of another decoder: {odd} does not fit")
    for name, target in targets.items():
        target.copy_(state[name])
    return model
