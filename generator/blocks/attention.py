"""Grouped-query self-attention with rotary positions; full, or a sliding window with global tokens.

Dimensions in names: B batch, T query tokens, S key tokens (S = T, or what the cache holds), D width, H heads,
G key and value heads, K head width.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from generator.blocks.kv_cache import KVCache
from generator.blocks.rope import Rope, YarnConfig, apply_rope
from generator.blocks.sliding_window import attend_in_window, window_mask


def causal_mask(T: int, S: int, device: torch.device) -> Tensor:
    """Bool [T, S]: the T queries are the last of S tokens, each sees itself and all before."""
    return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)


def attend(
    q_BHTK: Tensor, k_BGSK: Tensor, v_BGSV: Tensor, mask_BTS: Tensor | None, scale: float | None = None
) -> Tensor:
    """Softmax attention; heads share keys in groups of H / G.

    Args:
        q_BHTK: Queries.
        k_BGSK: Keys.
        v_BGSV: Values.
        mask_BTS: bool, True where a key may be seen ([T, S] is taken too); None is causal, the queries being the
            last T of S tokens.
        scale: Factor on the logits; 1 / sqrt(K) if None.

    Returns:
        [B, H, T, V].
    """
    B, H, T, _ = q_BHTK.shape
    G, S = k_BGSK.shape[1], k_BGSK.shape[2]
    if T == 1 and G < H:
        # One query a head: the heads of a group become its queries, so no key is copied.
        q_BGTK = q_BHTK.reshape(B, G, H // G, -1)
        mask_B11S = None if mask_BTS is None else mask_BTS.view(-1, 1, 1, S)
        mixed_BGTV = F.scaled_dot_product_attention(q_BGTK, k_BGSK, v_BGSV, attn_mask=mask_B11S, scale=scale)
        return mixed_BGTV.reshape(B, H, 1, -1)
    if mask_BTS is None and T not in (1, S):
        mask_BTS = causal_mask(T, S, q_BHTK.device)
    return F.scaled_dot_product_attention(
        q_BHTK,
        k_BGSK,
        v_BGSV,
        attn_mask=None if mask_BTS is None else mask_BTS.view(-1, 1, T, S),
        is_causal=mask_BTS is None and T > 1,
        scale=scale,
        enable_gqa=G < H,
    )


class GroupedQueryAttention(nn.Module):
    """Self-attention in which H / G query heads share one key and value head (arXiv 2305.13245)."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Shape of the layer.

        Attributes:
            width: Width D of the states.
            heads: Query heads H.
            kv_heads: Key and value heads G; must divide `heads`.
            head_width: Width K of a head, even.
            rope_theta: Base of the rotary positions.
            window: Tokens seen, itself included; None sees all before.
            global_tokens: With a window: first tokens of a text, seen by all.
            yarn: Context extension, if any.
        """

        width: int
        heads: int
        kv_heads: int
        head_width: int
        rope_theta: float = 10_000.0
        window: int | None = None
        global_tokens: int = 0
        yarn: YarnConfig | None = None

        def __post_init__(self) -> None:
            if self.heads % self.kv_heads:
                raise ValueError(f"{self.heads} heads do not divide by {self.kv_heads} key and value heads")
            if self.head_width % 2:
                raise ValueError(f"head width {self.head_width} is odd; rotary positions turn pairs")
            if self.window is not None and not 0 <= self.global_tokens <= self.window:
                raise ValueError(f"{self.global_tokens} global tokens do not fit a window of {self.window}")

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.q = nn.Linear(config.width, config.heads * config.head_width, bias=False)
        self.k = nn.Linear(config.width, config.kv_heads * config.head_width, bias=False)
        self.v = nn.Linear(config.width, config.kv_heads * config.head_width, bias=False)
        self.out = nn.Linear(config.heads * config.head_width, config.width, bias=False)
        self.rope = Rope(config.head_width, config.rope_theta, config.yarn)
        self.scale = config.head_width**-0.5 * (config.yarn.logit_scale if config.yarn else 1.0)

    def forward(
        self,
        x_BTD: Tensor,
        positions_BT: Tensor,
        mask_BTS: Tensor | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:
        """Mix states over the tokens so far.

        Args:
            x_BTD: States of the new tokens.
            positions_BT: int64 positions of the new tokens (padding: any).
            mask_BTS: bool, True where a key may be seen; needed for ragged batches. None is causal. A window narrows
                either.
            cache: Earlier keys and values; the new ones are added to it.

        Returns:
            [B, T, D].
        """
        B, T, _ = x_BTD.shape
        cos_BTP, sin_BTP = self.rope(positions_BT)
        q_BHTK = apply_rope(self._heads(self.q(x_BTD)), cos_BTP, sin_BTP)
        k_BGSK = apply_rope(self._heads(self.k(x_BTD)), cos_BTP, sin_BTP)
        v_BGSK = self._heads(self.v(x_BTD))
        key_positions_BS = positions_BT
        if cache is not None:
            k_BGSK, v_BGSK, key_positions_BS = cache.append(k_BGSK, v_BGSK, positions_BT)
        mixed_BHTK = self._mix(q_BHTK, k_BGSK, v_BGSK, mask_BTS, positions_BT, key_positions_BS)
        out_BTD: Tensor = self.out(mixed_BHTK.transpose(1, 2).reshape(B, T, -1))
        return out_BTD

    def new_cache(self) -> KVCache:
        """A cache that drops positions outside the window; for unpadded batches (`KVCache()` serves padded ones)."""
        return KVCache(self.config.window, self.config.global_tokens)

    def _mix(
        self,
        q_BHTK: Tensor,
        k_BGSK: Tensor,
        v_BGSK: Tensor,
        mask_BTS: Tensor | None,
        positions_BT: Tensor,
        key_positions_BS: Tensor,
    ) -> Tensor:
        """Attention, full or windowed by the cheapest way that is right; [B, H, T, K].

        Raises:
            ValueError: The mask is for another number of keys, as it is when the cache has dropped some.
        """
        window, T, keys = self.config.window, q_BHTK.shape[2], k_BGSK.shape[2]
        if mask_BTS is not None and mask_BTS.shape[-1] != keys:
            raise ValueError(f"the mask covers {mask_BTS.shape[-1]} tokens, the cache holds {keys}")
        if window is not None and keys > window:
            if mask_BTS is None and keys == T and keys >= 3 * window:
                return attend_in_window(q_BHTK, k_BGSK, v_BGSK, window, self.config.global_tokens, self.scale)
            near_BTS = window_mask(positions_BT, key_positions_BS, window, self.config.global_tokens)
            mask_BTS = near_BTS if mask_BTS is None else near_BTS & mask_BTS
        return attend(q_BHTK, k_BGSK, v_BGSK, mask_BTS, self.scale)

    def _heads(self, x_BTC: Tensor) -> Tensor:
        """[B, T, heads * K] -> [B, heads, T, K]."""
        return x_BTC.view(*x_BTC.shape[:2], -1, self.config.head_width).transpose(1, 2)
