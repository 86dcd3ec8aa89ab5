"""Hard distractors: for each question the passages that a search would find, and that do not hold its answer.

Only passages of the question's own set: sets differ in how questions and passages are typeset, and a passage of another
set would be told by that.

By words, a passage scores the sum of the inverse document frequencies of the question's pieces it holds, over the
square root of its length; pieces in more than a twentieth of the passages say nothing and are left out. By meaning, it
scores the cosine of the search encoder's vectors.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

COMMON_SHARE = 0.05
LENGTH_FLOOR = 64
DEEP = 4
"""So many times the distractors wanted are looked at, since those that hold the answer drop out."""
BLOCK = 1_024


class SearchEncoder(Protocol):
    """The encoder that passages are searched with."""

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions, float32 [N, D], unit length."""

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of passages, float32 [N, D], unit length."""


class DenseNeighbours:
    """The nearest passages of every question, by the vectors that a search compares."""

    def __init__(
        self,
        encoder: SearchEncoder,
        questions: Sequence[str],
        homes: Sequence[int],
        texts: Sequence[str],
        sources: Sequence[str],
        count: int,
    ) -> None:
        """Embed everything and compare each question with the passages of its set.

        Args:
            encoder: Of questions and passages.
            questions: All that will be asked for.
            homes: Number of the passage that answers each of them.
            texts: The passages.
            sources: Names of the sets they are from.
            count: Most distractors that will be wanted of a question.
        """
        self.texts, self.homes = texts, homes
        passages_PD, asked_QD = encoder.embed_passages(texts), encoder.embed_queries(questions)
        source_P = np.array(sources)
        source_Q = source_P[np.array(homes, np.int64)]
        self.order: dict[int, NDArray[np.int64]] = {}
        for source in sorted(set(sources)):
            (rows_N,), (asked_N,) = np.nonzero(source_P == source), np.nonzero(source_Q == source)
            for first in range(0, len(asked_N), BLOCK):
                block_B = asked_N[first : first + BLOCK]
                near_BN = np.argsort(-(asked_QD[block_B] @ passages_PD[rows_N].T), axis=1)[:, : DEEP * count]
                self.order.update(zip(block_B.tolist(), rows_N[near_BN], strict=True))

    def nearest(self, question: int, answers: Sequence[str], count: int) -> list[int]:
        """Numbers of the best passages for a question that are not its own and hold none of the answers."""
        found = (number for number in self.order[question].tolist() if number != self.homes[question])
        free = (number for number in found if not any(answer in self.texts[number] for answer in answers))
        return [number for number, _ in zip(free, range(count), strict=False)]


def in_turn(*rankings: Sequence[int]) -> Iterator[int]:
    """Members of several rankings, the best of each first, none twice."""
    rows = chain.from_iterable(zip_longest(*rankings))
    return iter(dict.fromkeys(number for number in rows if number is not None))


class LexicalNeighbours:
    """Inverted index over passages as piece ids."""

    def __init__(
        self, passages: Sequence[NDArray[np.int32]], texts: Sequence[str], sources: Sequence[str]
    ) -> None:
        """Index passages.

        Args:
            passages: Piece ids of each passage.
            texts: Their texts, to tell whether one holds an answer.
            sources: Names of the sets they are from.
        """
        self.texts = texts
        self.source_P = np.array(sources)
        self.norm_P = np.sqrt(np.array([len(p) + LENGTH_FLOOR for p in passages], np.float32))
        postings: dict[int, list[int]] = {}
        for number, ids in enumerate(passages):
            for piece in np.unique(ids).tolist():
                postings.setdefault(piece, []).append(number)
        most = max(2.0, COMMON_SHARE * len(passages))
        self.postings = {p: np.array(rows, np.int64) for p, rows in postings.items() if len(rows) <= most}

    def nearest(self, question: NDArray[np.int32], own: int, answers: Sequence[str], count: int) -> list[int]:
        """Numbers of the best passages for a question.

        Args:
            question: Piece ids.
            own: The passage that answers; left out.
            answers: Texts that a distractor must not hold.
            count: Most passages to give; fewer where little is shared.
        """
        scores_P = np.zeros(len(self.texts), np.float32)
        for piece in set(question.tolist()):
            rows = self.postings.get(piece)
            if rows is not None:
                scores_P[rows] += np.log(len(self.texts) / len(rows))
        scores_P /= self.norm_P
        scores_P[own] = 0.0
        scores_P[self.source_P != self.source_P[own]] = 0.0
        found: list[int] = []
        for number in np.argsort(-scores_P)[: DEEP * count].tolist():
            if scores_P[number] <= 0 or len(found) == count:
                break
            if not any(answer in self.texts[number] for answer in answers):
                found.append(number)
        return found
