"""The writing half of the model: a small decoder of DeepSeek's family over read states.

Dimensions in names: B batch, T target steps, N rows of all passages together, D width, V pieces that can be written,
E experts.

Each layer: causal grouped-query self-attention with rotary positions, cross-attention over the read states, then a
feed-forward part: dense in the first layers, routed and shared experts after them (DeepSeekMoE, arXiv 2401.06066).
A step sees the piece before it, how it came about (written or copied), and, if copied, the read state it came from
(CopyNet's selective read, arXiv 1603.06393).
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from generator.blocks.attention import GroupedQueryAttention
from generator.blocks.cross_attention import CrossAttention
from generator.blocks.kv_cache import KVCache
from generator.blocks.layers import RMSNorm, SwiGLU
from generator.blocks.moe import MoE, RouterStats
from generator.fathom_small.actions import ActionHeads, ReaderPrior, StepLogProbs
from generator.fathom_small.config import DecoderConfig


class StepInputs(NamedTuple):
    """Inputs of a step from the step before it.

    Attributes:
        piece_BT: int64 encoder piece id produced before; any at the first step.
        before_BT: int64: 0 first step, 1 after copy or next, 2 after write.
        row_BT: int64 row copied last; 0 where none.
    """

    piece_BT: Tensor
    before_BT: Tensor
    row_BT: Tensor


class FusedMemory(NamedTuple):
    """Read states prepared for decoding one batch of answers.

    Attributes:
        states_BND: Read states of all rows of all passages.
        bias_BN: 0, the logarithm of the passage's weight, or -inf where masked.
        prior: The reader's opinion.
        projected: Keys and values by layer.
    """

    states_BND: Tensor
    bias_BN: Tensor
    prior: ReaderPrior
    projected: list[tuple[Tensor, Tensor]]


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention, feed-forward; pre-norm, residual."""

    def __init__(self, width: int, config: DecoderConfig, number: int) -> None:
        super().__init__()
        dense, window = number < config.dense_layers, config.window_of(number)
        self.self_norm = RMSNorm(width, config.norm_eps)
        self.self_attention = GroupedQueryAttention(
            GroupedQueryAttention.Config(
                width=width,
                heads=config.heads,
                kv_heads=config.kv_heads,
                head_width=width // config.heads,
                rope_theta=config.rope_theta,
                window=window,
                global_tokens=config.global_tokens if window else 0,
            )
        )
        self.cross_norm = RMSNorm(width, config.norm_eps)
        self.cross_attention = CrossAttention(width, config.heads)
        self.feed_norm = RMSNorm(width, config.norm_eps)
        self.dense = SwiGLU(width, config.dense_hidden) if dense else None
        self.experts = (
            None
            if dense
            else MoE(
                MoE.Config(
                    width=width,
                    experts=config.experts,
                    active=config.active_experts,
                    shared=config.shared_experts,
                    hidden=config.expert_hidden,
                    bias_step=config.bias_step,
                )
            )
        )

    def forward(
        self,
        x_BTD: Tensor,
        positions_BT: Tensor,
        fused: tuple[Tensor, Tensor],
        bias_BN: Tensor,
        valid_BT: Tensor | None,
        cache: KVCache | None,
        asked: list[Tensor] | None = None,
    ) -> tuple[Tensor, RouterStats | None]:
        """Transform the steps; the router's statistics where the layer has experts.

        `asked` takes what cross-attention asks with.
        """
        x_BTD = x_BTD + self.self_attention(self.self_norm(x_BTD), positions_BT, None, cache)
        asking_BTD = self.cross_norm(x_BTD)
        if asked is not None:
            asked.append(asking_BTD)
        x_BTD = x_BTD + self.cross_attention(asking_BTD, fused, bias_BN)
        feed_BTD = self.feed_norm(x_BTD)
        if self.experts is None:
            assert self.dense is not None
            return x_BTD + self.dense(feed_BTD), None
        mixed_TD, stats = self.experts(
            feed_BTD.flatten(0, 1), None if valid_BT is None else valid_BT.flatten()
        )
        return x_BTD + mixed_TD.view_as(x_BTD), stats


class Decoder(nn.Module):
    """Steps to action distributions.

    The piece table is the encoder's own, frozen and shared, for reading what was produced and for writing.
    """

    writable_V: Tensor

    def __init__(self, width: int, config: DecoderConfig, writable_V: Tensor) -> None:
        """Build with the pieces that can be written.

        Args:
            width: Width D of the read states.
            config: Shape of the decoder.
            writable_V: int64 encoder ids of the pieces that can be written.
        """
        super().__init__()
        self.config = config
        self.register_buffer("writable_V", writable_V)
        self.piece_in = nn.Linear(width, width, bias=False)
        self.state_in = nn.Linear(width, width, bias=False)
        self.before = nn.Embedding(3, width)
        self.layers = nn.ModuleList(DecoderLayer(width, config, number) for number in range(config.layers))
        self.norm = RMSNorm(width, config.norm_eps)
        self.heads = ActionHeads(width, len(writable_V))

    def decoder_layers(self) -> list[DecoderLayer]:
        """The layers, in order."""
        return [layer for layer in self.layers if isinstance(layer, DecoderLayer)]

    def new_caches(self) -> list[KVCache]:
        """An empty cache for each layer, to decode one answer step by step."""
        return [layer.self_attention.new_cache() for layer in self.decoder_layers()]

    def fuse(self, states_BND: Tensor, bias_BN: Tensor, prior: ReaderPrior) -> FusedMemory:
        """Project the read states for all layers; once per answer."""
        projected = [layer.cross_attention.project(states_BND) for layer in self.decoder_layers()]
        return FusedMemory(states_BND, bias_BN, prior, projected)

    def forward(
        self,
        steps: StepInputs,
        fused: FusedMemory,
        pieces: nn.Embedding,
        *,
        positions_BT: Tensor | None = None,
        valid_BT: Tensor | None = None,
        caches: list[KVCache] | None = None,
        asked: list[Tensor] | None = None,
    ) -> tuple[StepLogProbs, list[RouterStats]]:
        """Distributions of the steps given.

        Args:
            steps: What each step knows of the one before it.
            fused: From `fuse`.
            pieces: The encoder's piece embeddings.
            positions_BT: int64 step numbers; 0.. when None.
            valid_BT: bool, True at real steps; None for all.
            caches: One a layer for decoding step by step.
            asked: Takes [B, T, D] a layer, for `attention`.
        """
        B, T = steps.piece_BT.shape
        if positions_BT is None:
            positions_BT = torch.arange(T, device=steps.piece_BT.device).expand(B, T)
        D = fused.states_BND.shape[-1]
        read_BTD = fused.states_BND.gather(1, steps.row_BT[..., None].expand(B, T, D))
        x_BTD = self.before(steps.before_BT)
        x_BTD = x_BTD + self.piece_in(pieces(steps.piece_BT)) * (steps.before_BT > 0)[..., None]
        x_BTD = x_BTD + self.state_in(read_BTD) * (steps.before_BT == 1)[..., None]
        stats = []
        for i, layer in enumerate(self.decoder_layers()):
            cache = caches[i] if caches is not None else None
            x_BTD, layer_stats = layer(
                x_BTD, positions_BT, fused.projected[i], fused.bias_BN, valid_BT, cache, asked
            )
            if layer_stats is not None:
                stats.append(layer_stats)
        writable_VD = pieces(self.writable_V)
        log_probs = self.heads(
            self.norm(x_BTD), fused.states_BND, writable_VD, fused.prior, steps.before_BT, steps.row_BT
        )
        return log_probs, stats

    def attention(self, asked: Sequence[Tensor], fused: FusedMemory) -> Tensor:
        """How much each step looked at each row: cross-attention probabilities, mean over heads and layers.

        Computed apart from the pass itself, whose fused attention gives no probabilities, and only where asked for.

        Args:
            asked: From `forward`.
            fused: The memory of the same pass.

        Returns:
            float32 [B, T, N]; each step sums to 1.
        """
        weights = [
            layer.cross_attention.weights(asking_BTD, projected, fused.bias_BN)
            for layer, asking_BTD, projected in zip(
                self.decoder_layers(), asked, fused.projected, strict=True
            )
        ]
        return torch.stack(weights).mean(0)
