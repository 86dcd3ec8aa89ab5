"""The memory of a passage: states of its pieces that do not depend on the question, and where the pieces stand.

Dimensions in names: S pieces of one passage, K of them kept, D width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

FRAME = (0, 0)
"""Range of the special pieces round a text."""


@dataclass(frozen=True, slots=True)
class PassageMemory:
    """Cached states and positions of a passage's pieces.

    Attributes:
        ids_S: int64 piece ids, special and prefix pieces included; on the CPU.
        states_SD: Document-layer states, where they are kept.
        ranges: Character range of each piece in the passage, without leading space; empty for a piece of white space
            alone, and (0, 0) for the special pieces that frame a text.
    """

    ids_S: Tensor
    states_SD: Tensor
    ranges: Sequence[tuple[int, int]]


class PassageMemories(Protocol):
    """Gives the memories of texts."""

    @property
    def width(self) -> int:
        """Width D of the states."""
        ...

    def get(self, texts: Sequence[str]) -> list[PassageMemory]:
        """Memories of texts, in their order."""
        ...


def kept_rows(memory: PassageMemory, kept: Sequence[tuple[int, int]]) -> PassageMemory:
    """The rows of some ranges of the passage, with the special pieces that frame it; no ranges keep all."""
    if not kept:
        return memory
    rows = [
        i
        for i, range_ in enumerate(memory.ranges)
        if range_ == FRAME or any(stands_in(range_, one) for one in kept)
    ]
    if len(rows) == len(memory.ranges):
        return memory
    rows_K = torch.tensor(rows, device=memory.ids_S.device)
    states_KD = memory.states_SD[rows_K.to(memory.states_SD.device)]
    return PassageMemory(memory.ids_S[rows_K], states_KD, [memory.ranges[i] for i in rows])


def stands_in(range_: tuple[int, int], kept: tuple[int, int]) -> bool:
    """Whether a piece overlaps a kept range, or is white space inside it."""
    (a, b), (start, end) = range_, kept
    return a < end and (b > start or start < a == b)
