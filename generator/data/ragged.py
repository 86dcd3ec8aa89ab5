"""Rows of pieces of different lengths on a device, and padded windows of them without a loop over rows.

Dimensions in names: R rows kept, B rows of a batch, S pieces of a window.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class Frame(NamedTuple):
    """Pieces around a text: `bos`, `prefix`, the text, `eos`; then `pad`."""

    bos: int
    prefix: tuple[int, ...]
    eos: int
    pad: int

    @property
    def lead(self) -> int:
        """Pieces before the text."""
        return 1 + len(self.prefix)


class RaggedPieces:
    """Piece ids of many texts, one after another.

    Attributes:
        length_R: int64 pieces of each text.
    """

    def __init__(self, rows: Sequence[NDArray[np.int32]], device: torch.device) -> None:
        lengths_R = np.array([len(row) for row in rows], np.int64)
        flat = np.concatenate([*rows, np.zeros(1, np.int32)])
        self.piece_N = torch.from_numpy(flat).to(device)
        self.length_R = torch.from_numpy(lengths_R).to(device)
        self.start_R = self.length_R.cumsum(0) - self.length_R

    def windows(self, row_B: Tensor, first_B: Tensor, S: int, frame: Frame) -> Tensor:
        """Windows of texts from a piece on, framed and padded; overlong texts are cut.

        Args:
            row_B: int64 numbers of the texts.
            first_B: int64 piece of each text that the window starts at.
            S: Length of the windows, frame included.
            frame: What stands around a text.

        Returns:
            int64 [B, S].
        """
        device, lead = row_B.device, frame.lead
        taken_B1 = (self.length_R[row_B] - first_B).clamp(max=S - lead - 1)[:, None]
        place_BS = torch.arange(S, device=device)[None, :] - lead
        inside_BS = (place_BS >= 0) & (place_BS < taken_B1)
        at_BS = (self.start_R[row_B] + first_B)[:, None] + place_BS
        window_BS = self.piece_N[at_BS.clamp(0, len(self.piece_N) - 1)].long()
        window_BS = window_BS.masked_fill(~inside_BS, frame.pad)
        window_BS[:, 0] = frame.bos
        for i, piece in enumerate(frame.prefix):
            window_BS[:, 1 + i] = piece
        return window_BS.scatter_(1, lead + taken_B1, frame.eos)
