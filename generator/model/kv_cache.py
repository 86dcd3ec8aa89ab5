"""Keys and values of the tokens so far, one cache per attention layer.

Dimensions in names: B batch, T new tokens, S tokens so far, G key and value heads, K key width, V value width.

For decoding only: it writes in place, so nothing that needs a gradient may go in. Which slots a query may see is not
the cache's business; in a ragged batch the caller's mask says it.
"""

import torch
from torch import Tensor

FIRST_SLOTS = 64


class KVCache:
    """Growing store of one layer's keys and values, and of the position each belongs to."""

    def __init__(self) -> None:
        self.length = 0
        self._parts: tuple[Tensor, ...] = ()

    def append(self, k_BGTK: Tensor, v_BGTV: Tensor, positions_BT: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Add T tokens at the end.

        Args:
            k_BGTK: Keys (for latent attention: the latent, G = 1).
            v_BGTV: Values (for latent attention: the rotated key part).
            positions_BT: int64 positions.

        Returns:
            Views of all keys [B, G, S, K], values [B, G, S, V] and positions [B, S], the new ones last.
        """
        # Positions are kept as [B, 1, S, 1], so that all three grow alike.
        new = (k_BGTK, v_BGTV, positions_BT[:, None, :, None])
        end = self.length + k_BGTK.shape[2]
        if not self._parts or end > self._parts[0].shape[2]:
            slots = max(FIRST_SLOTS, 2 * end)
            grown = tuple(part.new_zeros(*part.shape[:2], slots, part.shape[3]) for part in new)
            for target, source in zip(grown, self._parts, strict=False):
                target[:, :, : self.length] = source[:, :, : self.length]
            self._parts = grown
        for target, part in zip(self._parts, new, strict=True):
            target[:, :, self.length : end] = part.detach()
        self.length = end
        k_BGSK, v_BGSV, positions_B1S1 = (part[:, :, :end] for part in self._parts)
        return k_BGSK, v_BGSV, positions_B1S1[:, 0, :, 0]

    def truncate(self, length: int) -> None:
        """Forget all tokens from slot `length` on; later ones overwrite them."""
        self.length = min(self.length, length)

    def select(self, rows_R: Tensor) -> None:
        """Keep rows of the batch (int64 indices, repeats allowed), in this order."""
        self._parts = tuple(torch.index_select(part, 0, rows_R) for part in self._parts)

    @property
    def nbytes(self) -> int:
        """Bytes of keys and values in use (not of the slots kept free)."""
        return sum(part[:, :, : self.length].numel() * part.element_size() for part in self._parts[:2])
