"""Multi-head latent attention (MLA): keys and values of all heads come from one small latent per token.

Dimensions in names: B batch, T query tokens, S key tokens, D width, H heads, N width of a head's part without
positions, R width of its rotated part, V value width of a head, C rank of the key-value latent, L = C + R.

Only the latent and one rotated key part, shared by all heads, are kept in the cache: L numbers a token instead of
H * (N + R + V). There are two ways to compute the same thing (arXiv 2405.04434, section 2.1 and appendix C):

- expanded: latents of all S tokens -> keys and values of each head -> attention. Right for a long prompt.
- absorbed: the matrix that makes keys is applied to the queries instead, the one that makes values to the result, and
  attention runs in the latent space, as if all heads shared one key head. Right for decoding, where T is small and
  expanding S latents at each step would cost more than everything else.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from generator.blocks.attention import attend
from generator.blocks.kv_cache import KVCache
from generator.blocks.layers import RMSNorm
from generator.blocks.rope import Rope, YarnConfig, apply_rope


class LatentAttention(nn.Module):
    """Self-attention over latents, with rotary positions in a part of their own."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Shape of the layer.

        Attributes:
            width: Width D of the states.
            heads: Heads H.
            q_rank: Rank of the query latent; None makes queries from the states directly.
            kv_rank: Rank C of the key-value latent.
            nope_width: Width N of a head's query and key without positions.
            rope_width: Width R of the rotated part, even.
            value_width: Width V of a head's value.
            rope_theta: Base of the rotary positions.
            yarn: Context extension, if any.
            bias: Biases on the down-projections and the output (no published model has them).
            norm_eps: Of the norms on the latents.
        """

        width: int
        heads: int
        q_rank: int | None
        kv_rank: int
        nope_width: int
        rope_width: int
        value_width: int
        rope_theta: float = 10_000.0
        yarn: YarnConfig | None = None
        bias: bool = False
        norm_eps: float = 1e-6

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        D, H, C = config.width, config.heads, config.kv_rank
        queries = H * (config.nope_width + config.rope_width)
        if config.q_rank is None:
            self.q = nn.Linear(D, queries, bias=False)
        else:
            self.q_down = nn.Linear(D, config.q_rank, bias=config.bias)
            self.q_norm = RMSNorm(config.q_rank, config.norm_eps)
            self.q_up = nn.Linear(config.q_rank, queries, bias=False)
        self.kv_down = nn.Linear(D, C + config.rope_width, bias=config.bias)
        self.kv_norm = RMSNorm(C, config.norm_eps)
        self.kv_up = nn.Linear(C, H * (config.nope_width + config.value_width), bias=False)
        self.out = nn.Linear(H * config.value_width, D, bias=config.bias)
        self.rope = Rope(config.rope_width, config.rope_theta, config.yarn)
        logit_scale = config.yarn.logit_scale if config.yarn else 1.0
        self.scale = (config.nope_width + config.rope_width) ** -0.5 * logit_scale

    def forward(
        self,
        x_BTD: Tensor,
        positions_BT: Tensor,
        mask_BTS: Tensor | None = None,
        cache: KVCache | None = None,
        absorbed: bool | None = None,
    ) -> Tensor:
        """Mix states over the tokens so far.

        Args:
            x_BTD: States of the new tokens.
            positions_BT: int64 positions of the new tokens (padding: any).
            mask_BTS: bool, True where a key may be seen; needed for ragged batches. None is causal.
            cache: Earlier latents; the new ones are added to it.
            absorbed: Which of the two forms; None takes the one with fewer multiplications.

        Returns:
            [B, T, D], equal for both forms up to rounding.
        """
        B, T, _ = x_BTD.shape
        cos_BTP, sin_BTP = self.rope(positions_BT)
        q_nope_BHTN, q_rope_BHTR = self._queries(x_BTD)
        q_rope_BHTR = apply_rope(q_rope_BHTR, cos_BTP, sin_BTP)

        latent_BTC, k_rope_BTR = self.kv_down(x_BTD).split(
            [self.config.kv_rank, self.config.rope_width], dim=-1
        )
        k_rope_B1TR = apply_rope(k_rope_BTR[:, None], cos_BTP, sin_BTP)
        latent_B1SL = torch.cat([self.kv_norm(latent_BTC)[:, None], k_rope_B1TR], dim=-1)
        if cache is not None:
            # Values are a part of the keys here, so the cache's value side has width 0.
            latent_B1SL, _, _ = cache.append(latent_B1SL, latent_B1SL[..., :0], positions_BT)

        if absorbed is None:
            absorbed = self.absorbing_is_cheaper(T, latent_B1SL.shape[2])
        mix = self._attend_absorbed if absorbed else self._attend_expanded
        mixed_BHTV = mix(q_nope_BHTN, q_rope_BHTR, latent_B1SL, mask_BTS)
        out_BTD: Tensor = self.out(mixed_BHTV.transpose(1, 2).reshape(B, T, -1))
        return out_BTD

    def absorbing_is_cheaper(self, T: int, S: int) -> bool:
        """Whether the absorbed form takes fewer multiplications for T queries over S tokens."""
        c = self.config
        expanded = S * c.kv_rank * (c.nope_width + c.value_width) + T * S * (
            c.nope_width + c.rope_width + c.value_width
        )
        absorbed = T * c.kv_rank * (c.nope_width + c.value_width) + T * S * (2 * c.kv_rank + c.rope_width)
        return absorbed < expanded

    def _queries(self, x_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """Queries without positions [B, H, T, N] and those to be rotated [B, H, T, R]."""
        config = self.config
        q_BTQ = self.q(x_BTD) if config.q_rank is None else self.q_up(self.q_norm(self.q_down(x_BTD)))
        q_BHTQ = q_BTQ.view(*x_BTD.shape[:2], config.heads, -1).transpose(1, 2)
        q_nope_BHTN, q_rope_BHTR = torch.split(q_BHTQ, [config.nope_width, config.rope_width], dim=-1)
        return q_nope_BHTN, q_rope_BHTR

    def _attend_expanded(
        self, q_nope_BHTN: Tensor, q_rope_BHTR: Tensor, latent_B1SL: Tensor, mask_BTS: Tensor | None
    ) -> Tensor:
        """Make each head's keys and values from the latents, then attend; [B, H, T, V]."""
        config = self.config
        B, _, S, _ = latent_B1SL.shape
        latent_B1SC, k_rope_B1SR = torch.split(latent_B1SL, [config.kv_rank, config.rope_width], dim=-1)
        kv_BHSX = self.kv_up(latent_B1SC[:, 0]).view(B, S, config.heads, -1).transpose(1, 2)
        k_nope_BHSN, v_BHSV = torch.split(kv_BHSX, [config.nope_width, config.value_width], dim=-1)
        k_BHSK = torch.cat([k_nope_BHSN, k_rope_B1SR.expand(-1, config.heads, -1, -1)], dim=-1)
        return attend(torch.cat([q_nope_BHTN, q_rope_BHTR], dim=-1), k_BHSK, v_BHSV, mask_BTS, self.scale)

    def _attend_absorbed(
        self, q_nope_BHTN: Tensor, q_rope_BHTR: Tensor, latent_B1SL: Tensor, mask_BTS: Tensor | None
    ) -> Tensor:
        """Bring the queries into the latent space, attend there, and make values of the result; [B, H, T, V]."""
        config = self.config
        up_HXC = self.kv_up.weight.view(config.heads, -1, config.kv_rank)
        k_up_HNC, v_up_HVC = torch.split(up_HXC, [config.nope_width, config.value_width], dim=1)
        q_BHTL = torch.cat([q_nope_BHTN @ k_up_HNC, q_rope_BHTR], dim=-1)
        mixed_BHTC = attend(q_BHTL, latent_B1SL, latent_B1SL[..., : config.kv_rank], mask_BTS, self.scale)
        values_BHTV: Tensor = mixed_BHTC @ v_up_HVC.transpose(1, 2)
        return values_BHTV
