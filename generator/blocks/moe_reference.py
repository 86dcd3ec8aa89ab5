"""The mixture of experts as a plain loop: slow, short, and the reference for `moe.py`.

Dimensions in names: T tokens, D width, E experts, A active experts, n tokens of one expert.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from generator.blocks.moe import MoE


def moe_reference(moe: MoE, x_TD: Tensor, valid_T: Tensor | None = None) -> Tensor:
    """Output of `moe` for states [T, D], one expert after the other.

    Args:
        moe: Its weights, scores and choice are used; dispatch, capacity and combination are done here.
        x_TD: States.
        valid_T: bool, False at padding.

    Returns:
        [T, D].
    """
    gates_TA, experts_TA = moe.choose(moe.scores(x_TD))
    if moe.config.isolate_router_gradient:
        gates_TA = gates_TA.detach()
    out_TD = torch.zeros_like(x_TD) if moe.shared is None else moe.shared(x_TD)
    for e in range(moe.config.experts):
        chosen_TA = experts_TA == e
        if valid_T is not None:
            chosen_TA = chosen_TA & valid_T[:, None]
        tokens_n, slots_n = chosen_TA.nonzero(as_tuple=True)
        tokens_n, slots_n = tokens_n[: moe.config.capacity], slots_n[: moe.config.capacity]
        x_nD = x_TD[tokens_n]
        hidden_nF = F.silu(x_nD @ moe.w_gate_EFD[e].T) * (x_nD @ moe.w_up_EFD[e].T)
        expert_nD = hidden_nF @ moe.w_down_EDF[e].T
        out_TD = out_TD.index_add(
            0, tokens_n, expert_nD * gates_TA[tokens_n, slots_n, None].to(expert_nD.dtype)
        )
    return out_TD
