"""Keys and values of the tokens so far, one cache per attention layer.

Dimensions in names: B batch, T new tokens, S tokens kept, G key and value heads, K key width, V value width.

For decoding only: it writes in place, so nothing that needs a gradient may go in. Which slots a query may see is not
the cache's business; in a ragged batch the caller's mask says it.
"""

import torch
from torch import Tensor

FIRST_SLOTS = 64


class KVCache:
    """Growing store of one layer's keys and values, and of the position each belongs to.

    Args:
        window: Of a layer with a sliding window: tokens that have left it are dropped now and then, so that memory
            stays below `global_tokens + 2 * window` tokens however long the text. None keeps all.
        global_tokens: First tokens, which are never dropped.

    Attributes:
        length: Tokens seen so far, dropped ones included.
    """

    def __init__(self, window: int | None = None, global_tokens: int = 0) -> None:
        self.length = 0
        self._window = window
        self._global_tokens = global_tokens
        self._kept = 0
        self._parts: tuple[Tensor, ...] = ()

    def append(self, k_BGTK: Tensor, v_BGTV: Tensor, positions_BT: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Add T tokens at the end.

        Args:
            k_BGTK: Keys (for latent attention: the latent, G = 1).
            v_BGTV: Values (for latent attention: of width 0).
            positions_BT: int64 positions.

        Returns:
            Views of all keys kept [B, G, S, K], values [B, G, S, V] and positions [B, S], the new ones last.
        """
        # Positions are kept as [B, 1, S, 1], so that all three grow alike.
        new = (k_BGTK, v_BGTV, positions_BT[:, None, :, None])
        start, end = self._kept, self._kept + k_BGTK.shape[2]
        if not self._parts or end > self._parts[0].shape[2]:
            slots = max(FIRST_SLOTS, 2 * end)
            grown = tuple(part.new_zeros(*part.shape[:2], slots, part.shape[3]) for part in new)
            for target, source in zip(grown, self._parts, strict=False):
                target[:, :, :start] = source[:, :, :start]
            self._parts = grown
        for target, part in zip(self._parts, new, strict=True):
            target[:, :, start:end] = part.detach()
        self._kept = end
        self.length += k_BGTK.shape[2]
        k_BGSK, v_BGSV, positions_B1S1 = (part[:, :, :end] for part in self._parts)
        self._drop_what_left_the_window()
        return k_BGSK, v_BGSV, positions_B1S1[:, 0, :, 0]

    def _drop_what_left_the_window(self) -> None:
        """Copy the globals and the last `window` tokens together once as many again have gathered between them."""
        if self._window is None or self._kept <= self._global_tokens + 2 * self._window:
            return
        first, last = slice(0, self._global_tokens), slice(self._kept - self._window, self._kept)
        slots = self._global_tokens + 2 * self._window + 1
        kept = []
        for part in self._parts:
            rest = part.new_zeros(*part.shape[:2], slots - self._global_tokens - self._window, part.shape[3])
            kept.append(torch.cat([part[:, :, first], part[:, :, last], rest], dim=2))
        self._parts = tuple(kept)
        self._kept = self._global_tokens + self._window

    def truncate(self, length: int) -> None:
        """Forget all tokens from number `length` on; later ones overwrite them.

        Raises:
            ValueError: Tokens before it were dropped, so what the window would see is gone.
        """
        if length >= self.length:
            return
        if self._kept != self.length:
            raise ValueError(f"tokens before {length} have left the window; decode again from the start")
        self._kept = self.length = length

    def select(self, rows_R: Tensor) -> None:
        """Keep rows of the batch (int64 indices, repeats allowed), in this order."""
        self._parts = tuple(torch.index_select(part, 0, rows_R) for part in self._parts)

    @property
    def nbytes(self) -> int:
        """Bytes of keys and values in use (free slots do not count)."""
        return sum(part[:, :, : self._kept].numel() * part.element_size() for part in self._parts[:2])
