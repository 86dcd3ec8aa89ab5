"""Matrices as int8 with one float16 scale a row: how trained weights are stored.

Symmetric round-to-nearest; a row's largest weight maps to 127. Vectors stay float16, integers as they are.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

SCALE = ".scale"
LEAST_COLUMNS = 32


def pack_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Store float matrices (last two dimensions) as int8 and `<name>.scale` (float16), other floats as float16."""
    packed: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            packed[name] = tensor
        elif tensor.dim() >= 2 and tensor.shape[-1] >= LEAST_COLUMNS:
            scale = (tensor.abs().amax(-1, keepdim=True) / 127).clamp(min=1e-7).to(torch.float16)
            packed[name] = (tensor / scale.float()).round().clamp(-127, 127).to(torch.int8)
            packed[name + SCALE] = scale.squeeze(-1)
        else:
            packed[name] = tensor.to(torch.float16)
    return packed


def unpack_state(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo `pack_state`, in float32."""
    state: dict[str, Tensor] = {}
    for name, tensor in packed.items():
        if name.endswith(SCALE) and name.removesuffix(SCALE) in packed:
            continue
        if name + SCALE in packed:
            state[name] = tensor.float() * packed[name + SCALE].float().unsqueeze(-1)
        else:
            state[name] = tensor.float() if tensor.is_floating_point() else tensor
    return state
