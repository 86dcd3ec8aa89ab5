"""Mixture of experts of DeepSeek's kind: many small routed experts, shared ones, balance by a bias.

Dimensions in names: T tokens (rows of a batch flattened), D width, E routed experts, A experts active per token,
G groups of experts, F expert hidden width, N = T * A assignments of a token to an expert, n blocks of M assignments.

The path of a token: scores of all experts -> choice of A by score plus bias, within the best groups -> gates from the
scores alone -> assignments sorted by expert -> one grouped matrix product per projection -> back in token order,
weighted and summed -> plus the shared experts, which all tokens pass. All shapes depend on T alone, never on where
tokens go, so the whole can be compiled. The plain loop over experts that it must equal is in `moe_reference.py`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.blocks.layers import SwiGLU

BLOCK_ROWS = 16


class RouterStats(NamedTuple):
    """Statistics of the routing of one batch.

    Attributes:
        load_E: float32, tokens that chose each expert (before capacity), without gradient.
        entropy: Mean over tokens of the entropy of their normalised scores, in nats, with gradient; ln E at most.
        dropped: int64, assignments beyond an expert's capacity.
    """

    load_E: Tensor
    entropy: Tensor
    dropped: Tensor


def max_violation(load_E: Tensor) -> Tensor:
    """MaxVio: load of the busiest expert over the mean load, minus 1; 0 is perfect balance."""
    return load_E.max() / load_E.mean().clamp(min=1e-9) - 1


def busy_share(load_E: Tensor) -> Tensor:
    """Share of experts that got at least one token."""
    return (load_E > 0).float().mean()


class MoE(nn.Module):
    """Routed and shared experts in place of a feed-forward part (arXiv 2401.06066, 2412.19437)."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Shape and routing of the layer.

        Attributes:
            width: Width D of the states.
            experts: Routed experts E.
            active: Experts A that a token passes.
            shared: Shared experts; they are one feed-forward part of `shared` times their width.
            hidden: Hidden width F of a routed expert.
            shared_hidden: Hidden width of all shared experts together; None is `shared * hidden`.
            score: How logits become scores: each on its own (sigmoid) or as a distribution (softmax).
            groups: Groups of neighbouring experts; must divide `experts`.
            groups_active: Groups that a token's experts may come from.
            group_score: A group is worth its best two experts (V3) or its best one (V2).
            normalise: Gates of a token sum to 1 before `route_scale`.
            route_scale: Factor on the gates.
            capacity: Most tokens an expert takes of a batch, first come first served; None takes all. What is beyond
                goes through the shared experts alone and is counted.
            bias_step: How far the bias moves per update for a load error of 100 %; see `update_bias`.
            load_memory: Weight of the past in the history of loads, per update, in [0, 1).
            init_scale: Standard deviation of a router logit at the start, for states of unit variance.
            isolate_router_gradient: The loss through the experts leaves the router alone, and the router's own loss
                (entropy) leaves the states alone: experts can be adapted while a trained routing stays.
        """

        width: int
        experts: int
        active: int
        shared: int
        hidden: int
        shared_hidden: int | None = None
        score: Literal["sigmoid", "softmax"] = "sigmoid"
        groups: int = 1
        groups_active: int = 1
        group_score: Literal["top2", "max"] = "top2"
        normalise: bool = True
        route_scale: float = 1.0
        capacity: int | None = None
        bias_step: float = 0.03
        load_memory: float = 0.9
        init_scale: float = 0.1
        isolate_router_gradient: bool = False

        def __post_init__(self) -> None:
            if self.experts % self.groups:
                raise ValueError(f"{self.experts} experts do not divide into {self.groups} groups")
            if self.active > self.experts // self.groups * self.groups_active:
                raise ValueError(
                    f"{self.active} active experts do not fit in {self.groups_active} active groups"
                )
            if self.capacity is not None and self.capacity < 1:
                raise ValueError(f"capacity {self.capacity} is less than one token; use None for no limit")

    bias_E: Tensor
    history_E: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        E, D, H = config.experts, config.width, config.hidden
        self.router_ED = nn.Parameter(torch.empty(E, D))
        self.w_gate_EFD = nn.Parameter(torch.empty(E, H, D))
        self.w_up_EFD = nn.Parameter(torch.empty(E, H, D))
        self.w_down_EDF = nn.Parameter(torch.empty(E, D, H))
        self.register_buffer("bias_E", None)
        self.register_buffer("history_E", None)
        shared_hidden = config.shared * H if config.shared_hidden is None else config.shared_hidden
        self.shared = SwiGLU(D, shared_hidden) if shared_hidden else None
        self.reset_parameters()
        self.reset_balance()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "MoE":
        """Move with the model, but keep bias and history in float32: the steps of the bias are small."""
        bias_E, history_E = self.bias_E, self.history_E
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if not self.bias_E.is_meta and not bias_E.is_meta:
            self.bias_E, self.history_E = bias_E.to(self.bias_E.device), history_E.to(self.bias_E.device)
        return self

    def reset_parameters(self) -> None:
        """Router by `init_scale`; experts like `nn.Linear`, uniform within 1 / sqrt(inputs)."""
        nn.init.normal_(self.router_ED, std=self.config.init_scale / math.sqrt(self.config.width))
        for weight in (self.w_gate_EFD, self.w_up_EFD, self.w_down_EDF):
            bound = 1 / math.sqrt(weight.shape[-1])
            nn.init.uniform_(weight, -bound, bound)

    def reset_balance(self) -> None:
        """No bias, and a history of equal loads; float32."""
        E, device = self.config.experts, self.router_ED.device
        self.bias_E, self.history_E = torch.zeros(E, device=device), torch.full((E,), 1 / E, device=device)

    def forward(self, x_TD: Tensor, valid_T: Tensor | None = None) -> tuple[Tensor, RouterStats]:
        """Pass each token through its experts and the shared ones.

        Args:
            x_TD: States.
            valid_T: bool, False at padding: it passes the shared experts alone, takes no room and is not counted.

        Returns:
            [T, D], and what routing did.
        """
        scores_TE = self.scores(x_TD)
        gates_TA, experts_TA = self.choose(scores_TE)
        taken_TA, load_E, dropped = self._admit(experts_TA, valid_T)
        gates_TA = gates_TA.masked_fill(~taken_TA, 0.0)
        if self.config.isolate_router_gradient:
            gates_TA = gates_TA.detach()
        out_TD = self._experts(x_TD, gates_TA, experts_TA)
        if self.shared is not None:
            out_TD = out_TD + self.shared(x_TD)
        return out_TD, RouterStats(load_E, _mean_entropy(scores_TE, valid_T), dropped)

    def scores(self, x_TD: Tensor) -> Tensor:
        """Scores of all experts, float32 [T, E], in (0, 1)."""
        if self.config.isolate_router_gradient:
            x_TD = x_TD.detach()
        logits_TE = F.linear(x_TD.float(), self.router_ED.float())
        return logits_TE.sigmoid() if self.config.score == "sigmoid" else logits_TE.softmax(dim=-1)

    def choose(self, scores_TE: Tensor) -> tuple[Tensor, Tensor]:
        """Experts of each token and their gates.

        The bias takes part in the choice only (arXiv 2408.15664): it moves load, not the weight of what is computed.

        Args:
            scores_TE: From `scores`.

        Returns:
            Gates, float32 [T, A], and experts, int64 [T, A].
        """
        config = self.config
        with torch.no_grad():
            wanted_TE = scores_TE + self.bias_E
            if config.groups_active < config.groups:
                wanted_TGe = wanted_TE.view(-1, config.groups, config.experts // config.groups)
                best = min(2, wanted_TGe.shape[-1]) if config.group_score == "top2" else 1
                worth_TG = wanted_TGe.topk(best, dim=-1).values.sum(dim=-1)
                groups_Tg = worth_TG.topk(config.groups_active, dim=-1, sorted=False).indices
                closed_TG = torch.ones_like(worth_TG, dtype=torch.bool).scatter(1, groups_Tg, False)
                wanted_TE = wanted_TGe.masked_fill(closed_TG[..., None], float("-inf")).flatten(1)
            experts_TA = wanted_TE.topk(config.active, dim=-1, sorted=False).indices
        gates_TA = scores_TE.gather(1, experts_TA)
        if config.normalise:
            gates_TA = gates_TA / (gates_TA.sum(dim=-1, keepdim=True) + 1e-20)
        return gates_TA * config.route_scale, experts_TA

    @torch.no_grad()
    def _admit(self, experts_TA: Tensor, valid_T: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Which assignments are carried out: bool [T, A]; the load wished for, float32 [E]; and how many are not."""
        E, capacity = self.config.experts, self.config.capacity
        taken_TA = torch.ones_like(experts_TA, dtype=torch.bool)
        if valid_T is not None:
            taken_TA = taken_TA & valid_T[:, None]
        load_E = torch.zeros(E, device=experts_TA.device).scatter_add(
            0, experts_TA.flatten(), taken_TA.flatten().float()
        )
        if capacity is None:
            return taken_TA, load_E, torch.zeros((), dtype=torch.int64, device=experts_TA.device)
        # An expert occurs once in a token's choice, so its place in the expert's queue is a count over earlier tokens.
        wished_TE = torch.zeros(len(experts_TA), E, dtype=torch.int64, device=experts_TA.device)
        place_TE = wished_TE.scatter(1, experts_TA, taken_TA.long()).cumsum(dim=0)
        fits_TA = place_TE.gather(1, experts_TA) <= capacity
        return taken_TA & fits_TA, load_E, (taken_TA & ~fits_TA).sum()

    def _experts(self, x_TD: Tensor, gates_TA: Tensor, experts_TA: Tensor) -> Tensor:
        """Gated sum of the chosen experts' outputs, [T, D]: sort by expert, grouped products, sort back."""
        T, A = experts_TA.shape
        expert_N, order_N = experts_TA.flatten().sort(stable=True)
        x_ND = x_TD[order_N // A]
        # Tracing knows the grouped product in bfloat16 only (torch 2.13); running it knows all.
        blocked = torch.compiler.is_compiling() and x_ND.dtype != torch.bfloat16
        out_ND = self.in_blocks(x_ND, expert_N) if blocked else self.grouped(x_ND, expert_N)
        weighted_ND = out_ND * gates_TA.flatten()[order_N, None].to(out_ND.dtype)
        back_N = torch.empty_like(order_N).scatter(0, order_N, torch.arange(T * A, device=order_N.device))
        return weighted_ND[back_N].view(T, A, -1).sum(dim=1)

    def grouped(self, x_ND: Tensor, expert_N: Tensor) -> Tensor:
        """Outputs [N, D] of inputs that are sorted by expert, by grouped matrix products."""
        if x_ND.is_cuda and torch.is_autocast_enabled("cuda"):  # autocast leaves grouped products as they are
            x_ND = x_ND.to(torch.get_autocast_dtype("cuda"))
        ends_E, dtype = self._ends(expert_N).to(torch.int32), x_ND.dtype
        gate_NF = F.grouped_mm(x_ND, self.w_gate_EFD.to(dtype).transpose(1, 2), offs=ends_E)
        up_NF = F.grouped_mm(x_ND, self.w_up_EFD.to(dtype).transpose(1, 2), offs=ends_E)
        down_EFD = self.w_down_EDF.to(dtype).transpose(1, 2)
        return F.grouped_mm(F.silu(gate_NF) * up_NF, down_EFD, offs=ends_E)

    def in_blocks(self, x_ND: Tensor, expert_N: Tensor) -> Tensor:
        """The same from plain batched products: rows are padded to blocks of M that belong to one expert each.

        There are at most N / M + E blocks (n), whatever the routing (MegaBlocks, arXiv 2211.15841). Each block takes a
        copy of its expert's weights, so this costs memory traffic: it is for compilers and exporters.
        """
        (N, D), E = x_ND.shape, self.config.experts
        M = 1 if N <= E else BLOCK_ROWS
        n = -(-N // M) + (E if M > 1 else 0)
        ends_E = self._ends(expert_N)
        load_E = ends_E.diff(prepend=ends_E.new_zeros(1))
        blocks_E = (load_E + M - 1) // M
        block_ends_E = blocks_E.cumsum(0)
        shift_E = (block_ends_E - blocks_E) * M - (ends_E - load_E)
        row_N = torch.arange(N, device=x_ND.device) + shift_E[expert_N]
        x_nMD = x_ND.new_zeros(n * M, D).index_copy(0, row_N, x_ND).view(n, M, D)
        all_n = torch.arange(n, device=x_ND.device)
        expert_n = torch.searchsorted(block_ends_E, all_n, right=True).clamp(max=E - 1)
        gate_nMF = x_nMD @ self.w_gate_EFD[expert_n].transpose(1, 2)
        up_nMF = x_nMD @ self.w_up_EFD[expert_n].transpose(1, 2)
        out_nMD = (F.silu(gate_nMF) * up_nMF) @ self.w_down_EDF[expert_n].transpose(1, 2)
        return out_nMD.flatten(0, 1)[row_N]

    def _ends(self, expert_N: Tensor) -> Tensor:
        """Where each expert's rows end among sorted assignments, int64 [E]."""
        all_E = torch.arange(self.config.experts, device=expert_N.device)
        return torch.searchsorted(expert_N, all_E, right=True)

    @torch.no_grad()
    def update_bias(self, load_E: Tensor) -> None:
        """Move the bias towards equal loads; call once per optimiser step.

        The history is an exponential mean of load shares, so that a single batch does not throw the bias about. The
        bias moves by `bias_step` times the relative error of the history, at most `bias_step` either way: far from
        balance it is the published rule (the sign alone), close to it the steps shrink and the loads do not swing.

        Args:
            load_E: Tokens per expert in this step's batches, summed over processes if there are several.
        """
        total = load_E.sum()
        share_E = torch.where(total > 0, load_E / total.clamp(min=1), self.history_E)
        self.history_E.lerp_(share_E.to(self.history_E.dtype), 1 - self.config.load_memory)
        error_E = 1 - self.history_E * self.config.experts
        self.bias_E += self.config.bias_step * error_E.clamp(-1, 1)


def _mean_entropy(scores_TE: Tensor, valid_T: Tensor | None) -> Tensor:
    """Mean entropy of the scores as distributions, in nats."""
    share_TE = scores_TE / scores_TE.sum(dim=-1, keepdim=True)
    entropy_T = -(share_TE * share_TE.clamp(min=1e-20).log()).sum(dim=-1)
    if valid_T is None:
        return entropy_T.mean()
    return (entropy_T * valid_T).sum() / valid_T.sum().clamp(min=1)
