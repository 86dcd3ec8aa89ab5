"""Rotary positions, with YaRN for contexts beyond the training length.

Dimensions in names: B batch, T tokens, H heads, K head width, P = K / 2 rotated pairs.

Neighbouring numbers (x0, x1), (x2, x3), ... are the pairs, as in the papers and in the published DeepSeek weights;
other implementations keep the two halves of a pair K / 2 apart, which needs weights in another order.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True, kw_only=True)
class YarnConfig:
    """Context extension by YaRN (arXiv 2309.00071).

    Attributes:
        factor: Longest context now over longest context in training.
        original_positions: Longest context in training, in tokens.
        beta_fast: Pairs that turn more often than this in the original context keep their frequency.
        beta_slow: Pairs that turn less often are slowed by `factor`; between the two a ramp mixes.
        mscale: With `mscale_all`, scales the rotated part: m(mscale) / m(mscale_all), m(a) = 0.1 a ln(factor) + 1.
        mscale_all: If not 0, attention logits are also multiplied by m(mscale_all) squared.
        truncate: Round the bounds of the ramp to whole pairs.
    """

    factor: float
    original_positions: int
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    mscale: float = 0.0
    mscale_all: float = 0.0
    truncate: bool = True

    def magnitude(self, mscale: float) -> float:
        """m(mscale) of the paper's attention temperature."""
        return 0.1 * mscale * math.log(self.factor) + 1.0 if self.factor > 1 else 1.0

    @property
    def rotation_scale(self) -> float:
        """Factor on cosine and sine."""
        if self.mscale and self.mscale_all:
            return self.magnitude(self.mscale) / self.magnitude(self.mscale_all)
        return self.magnitude(1.0)

    @property
    def logit_scale(self) -> float:
        """Factor on the attention logits, beside 1 / sqrt(K)."""
        return self.magnitude(self.mscale_all) ** 2 if self.mscale_all else 1.0


def rope_frequencies(head_width: int, theta: float, yarn: YarnConfig | None = None) -> Tensor:
    """Angle per position of each pair, float32 [P] (arXiv 2104.09864; YaRN section 3.2)."""
    pairs_P = torch.arange(0, head_width, 2, dtype=torch.float32)
    frequencies_P = theta ** (-pairs_P / head_width)
    if yarn is None:
        return frequencies_P

    def pair_of(turns: float) -> float:
        """The (fractional) pair that turns so often within the original context."""
        return head_width * math.log(yarn.original_positions / (turns * 2 * math.pi)) / (2 * math.log(theta))

    low, high = pair_of(yarn.beta_fast), pair_of(yarn.beta_slow)
    if yarn.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, head_width - 1)
    width = max(high - low, 0.001)
    slowed_P = ((torch.arange(head_width // 2, dtype=torch.float32) - low) / width).clamp(0, 1)
    return frequencies_P * (1 - slowed_P) + frequencies_P / yarn.factor * slowed_P


class Rope(nn.Module):
    """Cosines and sines for given positions.

    Computed at each call rather than looked up: there is no longest position, and for a step of decoding it is a
    handful of numbers.
    """

    frequencies_P: Tensor

    def __init__(self, head_width: int, theta: float, yarn: YarnConfig | None = None) -> None:
        super().__init__()
        self.shape = (head_width, theta, yarn)
        self.scale = yarn.rotation_scale if yarn else 1.0
        self.register_buffer("frequencies_P", rope_frequencies(head_width, theta, yarn), persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Rope":
        """Move with the model, but stay float32: rounded to bfloat16, far positions would turn by wrong angles."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.frequencies_P = rope_frequencies(*self.shape).to(self.frequencies_P.device)
        return self

    def forward(self, positions_BT: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and sine, float32 [B, T, P] each, of int64 positions [B, T]."""
        angles_BTP = positions_BT[..., None].float() * self.frequencies_P
        return angles_BTP.cos() * self.scale, angles_BTP.sin() * self.scale


def apply_rope(x_BHTK: Tensor, cos_BTP: Tensor, sin_BTP: Tensor) -> Tensor:
    """Turn each pair of numbers by its angle; returns [B, H, T, K] of the same dtype."""
    even_BHTP, odd_BHTP = x_BHTK.float().view(*x_BHTK.shape[:-1], -1, 2).unbind(-1)
    cos_B1TP, sin_B1TP = cos_BTP[:, None], sin_BTP[:, None]
    turned_BHTP2 = torch.stack(
        [even_BHTP * cos_B1TP - odd_BHTP * sin_B1TP, odd_BHTP * cos_B1TP + even_BHTP * sin_B1TP], dim=-1
    )
    return turned_BHTP2.flatten(-2).to(x_BHTK.dtype)
