"""Exact-match features between question and passage pieces, from the tokenizer alone.

Four numbers a piece: does its class (lower case, no word mark) occur in the other text; the same times its rarity;
which share of its subunits occurs there (Han characters; for other scripts the first four letters); the same times
rarity. Rarity is the piece's negative log-probability in the tokenizer's Unigram model, scaled to [0, 1].
Idea: the exact-match feature of DrQA (arXiv 1704.00051); classes and subunits carry it over to two languages.
"""

import re
from collections.abc import Sequence

import torch
from torch import Tensor

from generator.device import HOST

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
SUBUNITS = 4
PREFIX_LETTERS = 4


class PieceMatcher:
    """Tables over the vocabulary, and the features of a batch.

    Attributes:
        classes_V: int64 [V]; 0 for pieces that never match (special pieces, bare marks and punctuation).
        subunits_VU: int64 [V, 4]; 0 where unused.
        rarity_V: float32 [V] in [0, 1].
    """

    def __init__(self, classes_V: Tensor, subunits_VU: Tensor, rarity_V: Tensor) -> None:
        self.classes_V = classes_V
        self.subunits_VU = subunits_VU
        self.rarity_V = rarity_V

    @classmethod
    def from_vocabulary(cls, vocabulary: Sequence[tuple[str, float]]) -> "PieceMatcher":
        """Build the tables, on the CPU, from a Unigram model's pieces with their log-probabilities, in id order."""
        classes: dict[str, int] = {}
        subunits: dict[str, int] = {}
        # Lists, because setting single elements of a tensor is slow.
        classes_V = [0] * len(vocabulary)
        subunits_VU = [[0] * SUBUNITS for _ in vocabulary]
        rarity_V = [0.0] * len(vocabulary)
        for i, (piece, score) in enumerate(vocabulary):
            word = piece.replace("▁", "").lower()
            if not any(c.isalnum() for c in word) or (piece.startswith("<") and piece.endswith(">")):
                continue
            classes_V[i] = classes.setdefault(word, len(classes) + 1)
            rarity_V[i] = min(1.0, -score / 20.0)
            units = HAN.findall(word)[:SUBUNITS] or (
                [word[:PREFIX_LETTERS]] if len(word) >= PREFIX_LETTERS else []
            )
            for u, unit in enumerate(units):
                subunits_VU[i][u] = subunits.setdefault(unit, len(subunits) + 1)
        return cls(*(torch.tensor(values, device=HOST) for values in (classes_V, subunits_VU, rarity_V)))

    def to(self, device: torch.device) -> "PieceMatcher":
        """The same tables on a device."""
        return PieceMatcher(self.classes_V.to(device), self.subunits_VU.to(device), self.rarity_V.to(device))

    def features(self, ids_BL: Tensor, other_BM: Tensor) -> Tensor:
        """Match features of one side.

        Args:
            ids_BL: int64 piece ids of the text to describe.
            other_BM: int64 piece ids of the other text.

        Returns:
            float32 [B, L, 4].
        """
        own_BL, other_class_BM = self.classes_V[ids_BL], self.classes_V[other_BM]
        exact_BL = (
            ((own_BL[:, :, None] == other_class_BM[:, None, :]) & (own_BL[:, :, None] > 0)).any(-1).float()
        )
        units_BLU, other_BU = self.subunits_VU[ids_BL], self.subunits_VU[other_BM].flatten(1)
        used_BLU = units_BLU > 0
        hit_BLU = (units_BLU[..., None] == other_BU[:, None, None, :]).any(-1) & used_BLU
        share_BL = hit_BLU.sum(-1) / used_BLU.sum(-1).clamp(min=1)
        rarity_BL = self.rarity_V[ids_BL]
        return torch.stack([exact_BL, exact_BL * rarity_BL, share_BL, share_BL * rarity_BL], dim=-1)
