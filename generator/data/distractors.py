"""Near misses: for each question the passages that a search would find, and that do not hold its answer.

Only passages of the question's own set: sets differ in typesetting, by which the model could spot a passage of another
set.

By words, a passage scores the sum of the inverse document frequencies of the question's pieces it holds, over the
square root of its length; pieces in more than a twentieth of the set's passages say nothing and are left out. By
meaning, it scores the cosine of the search encoder's vectors. Both are matrix products over a block of questions, on
any device.

Dimensions in names: Q questions, P passages of a set, V pieces that occur in it, D width, K passages looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

COMMON_SHARE = 0.05
LENGTH_FLOOR = 64
DEEP = 4
"""Candidates examined per near miss wanted; candidates that hold the answer drop out."""
BLOCK = 512


class SearchEncoder(Protocol):
    """The encoder that passages are searched with."""

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions, float32 [N, D], unit length."""

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of passages, float32 [N, D], unit length."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that near misses are wanted for.

    Attributes:
        text: As it is asked.
        pieces: int32 piece ids.
        home: Number of the passage that answers.
        answers: Texts that a near miss must not hold.
    """

    text: str
    pieces: NDArray[np.int32]
    home: int
    answers: tuple[str, ...]


def in_turn(*rankings: Sequence[int]) -> Iterator[int]:
    """Numbers of several rankings, the best of each first, none twice."""
    rows = chain.from_iterable(zip_longest(*rankings))
    return iter(dict.fromkeys(number for number in rows if number is not None))


class NearMisses:
    """Finds passages that look like a question and do not answer it."""

    def __init__(
        self,
        passages: Sequence[NDArray[np.int32]],
        texts: Sequence[str],
        sources: Sequence[str],
        encoder: SearchEncoder | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Keep the passages to search.

        Args:
            passages: Piece ids of each passage.
            texts: Their texts, to tell whether one holds an answer, and to embed.
            sources: Names of the sets they are from.
            encoder: Finds by meaning, besides by words; None for words alone.
            device: Where scores are computed.
        """
        self.passages, self.texts, self.encoder = passages, texts, encoder
        self.source_P = np.array(sources)
        self.device = torch.device(device)

    def find(self, asked: Sequence[Asked], count: int) -> list[tuple[int, ...]]:
        """Numbers of near misses by question, the best by words and by meaning in turn.

        Args:
            asked: The questions.
            count: Most passages for each; fewer where little is shared or the set is small.
        """
        found: list[tuple[int, ...]] = [()] * len(asked)
        vectors = self._vectors(asked)
        sources = self.source_P[[question.home for question in asked]] if asked else np.array([])
        for source in sorted(set(sources.tolist())):
            (rows_P,), (asked_Q,) = np.nonzero(self.source_P == source), np.nonzero(sources == source)
            words = _WordScores([self.passages[row] for row in rows_P.tolist()], self.device)
            for first in range(0, len(asked_Q), BLOCK):
                block = asked_Q[first : first + BLOCK].tolist()
                scores = [words([asked[place].pieces for place in block])]
                if vectors is not None:
                    passages_PD = vectors[0][torch.from_numpy(rows_P).to(self.device)]
                    scores.append(vectors[1][torch.tensor(block, device=self.device)] @ passages_PD.T)
                rankings = [_ranking(scores_QP, rows_P, DEEP * count) for scores_QP in scores]
                for n, place in enumerate(block):
                    free = [self._free(ranking[n], asked[place], count) for ranking in rankings]
                    found[place] = tuple(in_turn(*free))[:count]
        return found

    def _vectors(self, asked: Sequence[Asked]) -> tuple[Tensor, Tensor] | None:
        if self.encoder is None or not asked:
            return None
        passages_PD = torch.from_numpy(self.encoder.embed_passages(self.texts)).to(self.device)
        asked_QD = self.encoder.embed_queries([question.text for question in asked])
        return passages_PD, torch.from_numpy(asked_QD).to(self.device)

    def _free(self, ranking: Sequence[int], question: Asked, count: int) -> list[int]:
        """The first of a ranking that are not its own passage and hold none of its answers."""
        others = (number for number in ranking if number != question.home)
        free = (n for n in others if not any(answer in self.texts[n] for answer in question.answers))
        return [number for number, _ in zip(free, range(count), strict=False)]


def _ranking(scores_QP: Tensor, rows_P: NDArray[np.int64], deep: int) -> list[list[int]]:
    """Numbers of the best passages by question, without passages that share no word."""
    best_QK, order_QK = scores_QP.topk(min(deep, scores_QP.shape[1]), dim=1)
    kept = (best_QK > 0).tolist()
    numbers = rows_P[order_QK.cpu().numpy()].tolist()
    return [[n for n, k in zip(*pair, strict=True) if k] for pair in zip(numbers, kept, strict=True)]


class _WordScores:
    """Scores by words over the passages of a set: one sparse product a block of questions."""

    def __init__(self, passages: Sequence[NDArray[np.int32]], device: torch.device) -> None:
        unique = [np.unique(ids) for ids in passages]
        pieces_N, column_N = np.unique(np.concatenate(unique), return_inverse=True)
        self.column = {piece: column for column, piece in enumerate(pieces_N.tolist())}
        row_N = np.repeat(np.arange(len(unique)), [len(ids) for ids in unique])
        count_V = np.bincount(column_N, minlength=len(pieces_N))
        most = max(2.0, COMMON_SHARE * len(passages))
        weight_V = np.where(count_V <= most, np.log(len(passages) / np.maximum(count_V, 1)), 0.0)
        norm_P = np.sqrt(np.array([len(ids) + LENGTH_FLOOR for ids in passages], np.float64))
        value_N = (weight_V[column_N] / norm_P[row_N]).astype(np.float32)
        held = value_N > 0
        self.weight_PV = torch.sparse_coo_tensor(
            torch.from_numpy(np.stack([row_N[held], column_N[held]])),
            torch.from_numpy(value_N[held]),
            (len(passages), len(pieces_N)),
            check_invariants=False,
        ).to(device)

    def __call__(self, questions: Sequence[NDArray[np.int32]]) -> Tensor:
        """Scores of all passages for each question, float32 [Q, P]."""
        places = [
            (self.column[piece], q)
            for q, ids in enumerate(questions)
            for piece in set(ids.tolist())
            if piece in self.column
        ]
        asked_VQ = torch.zeros(self.weight_PV.shape[1], len(questions), device=self.weight_PV.device)
        if places:
            column_N, question_N = torch.tensor(places, device=self.weight_PV.device).T
            asked_VQ[column_N, question_N] = 1.0
        scores_PQ: Tensor = torch.sparse.mm(self.weight_PV, asked_VQ)
        return scores_PQ.T
