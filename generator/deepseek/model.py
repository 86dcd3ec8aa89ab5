"""The published DeepSeek V2 and V3 decoders in our blocks, with cross-attention that can be added.

Dimensions in names: B batch, T new tokens, S tokens so far (cached and new), D width, V vocabulary, M memory rows,
W memory width, E experts.

Architecture: DeepSeek-V2 (arXiv 2405.04434), DeepSeek-V3 (arXiv 2412.19437). Multi-token prediction heads are not
part of the decoder and are left out. How published files become such a decoder is in `deepseek_published.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.blocks.attention_mla import LatentAttention
from generator.blocks.gated_cross_attention import GatedCrossAttention, MemoryView
from generator.blocks.kv_cache import KVCache
from generator.blocks.layers import RMSNorm, SwiGLU
from generator.blocks.moe import MoE, RouterStats


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepseekConfig:
    """Shape of a decoder.

    Attributes:
        vocab_size: Vocabulary V.
        layers: Blocks.
        dense_layers: The first blocks, with one dense feed-forward part of `dense_hidden` instead of experts.
        attention: Self-attention of every block.
        moe: Experts of the other blocks.
        tied: The output head is the embedding.
        cross_every: Add gated cross-attention to every n-th block; None adds none.
        memory_width: Width W of the memory it reads.
    """

    vocab_size: int
    layers: int
    dense_layers: int
    dense_hidden: int
    attention: LatentAttention.Config
    moe: MoE.Config
    norm_eps: float = 1e-6
    tied: bool = False
    cross_every: int | None = None
    memory_width: int = 384

    @property
    def width(self) -> int:
        """Width D of the states."""
        return self.attention.width


class DecoderOutput(NamedTuple):
    """Logits [B, T, V] of the next token at each place, and router statistics of each expert layer."""

    logits_BTV: Tensor
    routing: tuple[RouterStats, ...]


class Block(nn.Module):
    """Self-attention, then a feed-forward part or experts, both with the norm before; cross-attention in front."""

    def __init__(self, config: DeepseekConfig, index: int) -> None:
        super().__init__()
        width, eps = config.width, config.norm_eps
        self.attention_norm = RMSNorm(width, eps)
        self.attention = LatentAttention(config.attention)
        self.feed_norm = RMSNorm(width, eps)
        dense = index < config.dense_layers
        self.feed: SwiGLU | MoE = SwiGLU(width, config.dense_hidden) if dense else MoE(config.moe)
        self.cross: GatedCrossAttention | None = None
        if config.cross_every is not None and (index + 1) % config.cross_every == 0:
            heads = config.attention.heads
            self.cross = GatedCrossAttention(
                GatedCrossAttention.Config(
                    width=width,
                    memory_width=config.memory_width,
                    heads=heads,
                    head_width=max(width // heads, 1),
                    norm_eps=eps,
                )
            )

    def forward(
        self,
        x_BTD: Tensor,
        positions_BT: Tensor,
        mask_BTS: Tensor | None,
        valid_BT: Tensor | None,
        cache: KVCache | None,
        memory: MemoryView | None,
    ) -> tuple[Tensor, RouterStats | None]:
        """Transform states; see `Deepseek.forward` for the arguments."""
        if self.cross is not None and memory is not None:
            x_BTD = self.cross(x_BTD, memory)
        x_BTD = x_BTD + self.attention(self.attention_norm(x_BTD), positions_BT, mask_BTS, cache)
        y_BTD = self.feed_norm(x_BTD)
        if isinstance(self.feed, SwiGLU):
            return x_BTD + self.feed(y_BTD), None
        out_ND, stats = self.feed(y_BTD.flatten(0, 1), None if valid_BT is None else valid_BT.flatten())
        return x_BTD + out_ND.view_as(x_BTD), stats


class Deepseek(nn.Module):
    """Embedding, blocks, norm, head."""

    def __init__(self, config: DeepseekConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, config.width)
        self.blocks = nn.ModuleList(Block(config, i) for i in range(config.layers))
        self.norm = RMSNorm(config.width, config.norm_eps)
        self.head = nn.Linear(config.width, config.vocab_size, bias=False)
        if config.tied:
            self.head.weight = self.embed.weight

    def new_caches(self) -> list[KVCache]:
        """An empty cache per block."""
        return [KVCache() for _ in self.blocks]

    def view_memory(self, memory_BMW: Tensor, weight_BM: Tensor | None = None) -> list[MemoryView | None]:
        """Views of a memory for each block; see `GatedCrossAttention.view`. Make them once per question."""
        return [
            block.cross.view(memory_BMW, weight_BM) if block.cross is not None else None
            for block in self.blocks
            if isinstance(block, Block)
        ]

    def forward(
        self,
        ids_BT: Tensor,
        valid_BS: Tensor | None = None,
        caches: Sequence[KVCache] | None = None,
        memory: Sequence[MemoryView | None] | None = None,
        *,
        last_only: bool = False,
    ) -> DecoderOutput:
        """Predict the next token at each place.

        Args:
            ids_BT: int64 ids of the new tokens.
            valid_BS: bool, False at padding (left or right), for all tokens so far; None if there is none.
            caches: From `new_caches`; the new tokens are added. None keeps nothing.
            memory: From `view_memory`; None leaves cross-attention out.
            last_only: Logits of the last place alone, [B, 1, V]: those of a long prompt take much memory.
        """
        T = ids_BT.shape[1]
        S = T + (caches[0].length if caches else 0)
        mask_BTS = valid_BT = None
        if valid_BS is None:
            positions_BT = torch.arange(S - T, S, device=ids_BT.device).expand_as(ids_BT)
        else:
            positions_BT = (valid_BS.cumsum(dim=1) - 1).clamp(min=0)[:, S - T :]
            valid_BT = valid_BS[:, S - T :]
            slots_TS = torch.ones(T, S, dtype=torch.bool, device=ids_BT.device)
            # Padding sees itself, since a softmax over nothing is NaN.
            itself_TS = slots_TS.tril(S - T).triu(S - T)
            mask_BTS = (slots_TS.tril(S - T) & valid_BS[:, None, :]) | itself_TS
        x_BTD = self.embed(ids_BT)
        routing = []
        for i, block in enumerate(self.blocks):
            cache = caches[i] if caches else None
            x_BTD, stats = block(
                x_BTD, positions_BT, mask_BTS, valid_BT, cache, memory[i] if memory else None
            )
            if stats is not None:
                routing.append(stats)
        x_BTD = x_BTD[:, -1:] if last_only else x_BTD
        return DecoderOutput(F.linear(self.norm(x_BTD), self.head.weight), tuple(routing))
