"""Sliding-window attention with global tokens: who sees whom, and the whole of a long text in linear time.

Dimensions in names: B batch, T query tokens, S key tokens, H heads, G key and value heads, K head width, w window,
g global tokens, n blocks of w tokens, N = B * n.

A token sees the w tokens up to itself and the first g of the text (Longformer, arXiv 2004.05150). What is farther away
can only come through other layers; full layers are interleaved for that.

No model that ships has a window: its passages are at most 512 tokens. The recipe `writing_windowed.json` trains a
decoder with windowed layers; docs/decisions/0064 has measurements.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def window_mask(query_BT: Tensor, key_BS: Tensor, window: int, global_tokens: int) -> Tensor:
    """Who may see whom in a sliding window.

    Args:
        query_BT: int64 positions of the queries.
        key_BS: int64 positions of the keys.
        window: A token sees this many: itself and the `window - 1` before it.
        global_tokens: The first tokens of a text, which all later ones see.

    Returns:
        bool [B, T, S], causal.
    """
    distance_BTS = query_BT[:, :, None] - key_BS[:, None, :]
    near_BTS = (distance_BTS < window) | (key_BS[:, None, :] < global_tokens)
    return near_BTS & (distance_BTS >= 0)


def attend_in_window(
    q_BHTK: Tensor, k_BGTK: Tensor, v_BGTK: Tensor, window: int, global_tokens: int, scale: float
) -> Tensor:
    """Causal sliding-window attention of a whole text in time linear in its length.

    Queries are taken in n blocks of w = `window` tokens. A block can only see itself, the block before it and the
    global tokens, so each gets those 2 w + g keys and a mask, and all are one batch of small attentions.

    Args:
        q_BHTK: Queries of all T tokens.
        k_BGTK: Keys of the same tokens.
        v_BGTK: Values.
        window: A token sees this many: itself and those before it.
        global_tokens: The first g tokens are seen by all after them; at most `window`.
        scale: Factor on the logits.

    Returns:
        [B, H, T, K], as `attend` gives with `window_mask`.
    """
    B, H, T, K = q_BHTK.shape
    n = -(-T // window)
    q_BHnwK = F.pad(q_BHTK, (0, 0, 0, n * window - T)).view(B, H, n, window, K)

    def blocks(x_BGTK: Tensor) -> Tensor:
        """Globals, the block before, the block itself: [B * n, G, g + 2 w, K]."""
        x_BGnwK = (
            F.pad(x_BGTK, (0, 0, window, n * window - T)).unfold(2, 2 * window, window).transpose(-1, -2)
        )
        first_BGngK = x_BGTK[:, :, None, :global_tokens].expand(-1, -1, n, -1, -1)
        return torch.cat([first_BGngK, x_BGnwK], dim=3).transpose(1, 2).flatten(0, 1)

    slots_T = torch.arange(n * window, device=q_BHTK.device)
    query_nw1 = slots_T.view(n, window, 1)
    first_n11 = query_nw1[:, :1] - window
    near_n1S = first_n11 + torch.arange(2 * window, device=q_BHTK.device)
    distance_nwS = query_nw1 - near_n1S
    near_nwS = (distance_nwS >= 0) & (near_n1S >= 0) & ((distance_nwS < window) | (near_n1S < global_tokens))
    # A global token that is among the near ones already must not count twice.
    global_nwg = (slots_T[:global_tokens] < first_n11).expand(-1, window, -1)
    mask_n1wS = torch.cat([global_nwg, near_nwS], dim=-1)[:, None]

    mixed_NHwK = F.scaled_dot_product_attention(
        q_BHnwK.transpose(1, 2).flatten(0, 1),
        blocks(k_BGTK),
        blocks(v_BGTK),
        attn_mask=mask_n1wS.repeat(B, 1, 1, 1),
        scale=scale,
        enable_gqa=k_BGTK.shape[1] < H,
    )
    return mixed_NHwK.view(B, n, H, window, K).transpose(1, 2).reshape(B, H, n * window, K)[:, :, :T]
