"""Cross-attention of the decoder over the read states of a set of passages.

Dimensions in names: B batch, T target steps, N rows of all passages together, D width, H heads, K head width.

Rows carry no position across passages, so their order means nothing; a row is masked, or weighted by adding the
logarithm of its passage's weight to its score, so that weight 0 equals removal.
"""

from torch import Tensor, nn
from torch.nn import functional as F


class CrossAttention(nn.Module):
    """Multi-head attention from target steps to read states."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(width, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def project(self, states_BND: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [B, H, N, K] of the read states; once per answer."""
        B, N, D = states_BND.shape
        pair = self.key_value(states_BND).view(B, N, 2, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        return pair[0], pair[1]

    def forward(self, x_BTD: Tensor, memory: tuple[Tensor, Tensor], bias_BN: Tensor) -> Tensor:
        """Attend.

        Args:
            x_BTD: States of the target steps.
            memory: From `project`.
            bias_BN: Added to the scores of a row: 0, the logarithm of its weight, or -inf where masked.

        Returns:
            [B, T, D].
        """
        B, T, D = x_BTD.shape
        q_BHTK = self.query(x_BTD).view(B, T, self.heads, -1).transpose(1, 2)
        bias_B11N = bias_BN[:, None, None, :].to(q_BHTK.dtype)
        mixed_BHTK = F.scaled_dot_product_attention(q_BHTK, *memory, attn_mask=bias_B11N)
        out_BTD: Tensor = self.out(mixed_BHTK.transpose(1, 2).reshape(B, T, D))
        return out_BTD

    def weights(self, x_BTD: Tensor, memory: tuple[Tensor, Tensor], bias_BN: Tensor) -> Tensor:
        """Attention probabilities [B, T, N], mean over heads: the provenance of written pieces."""
        B, T, _ = x_BTD.shape
        q_BHTK = self.query(x_BTD).view(B, T, self.heads, -1).transpose(1, 2)
        scores_BHTN = q_BHTK @ memory[0].transpose(-1, -2) / q_BHTK.shape[-1] ** 0.5
        weights_BTN: Tensor = (scores_BHTN + bias_BN[:, None, None, :]).softmax(-1).mean(1)
        return weights_BTN
