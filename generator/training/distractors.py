"""Hard distractors: for each question the passages that share the most rare pieces with it and do not hold its answer.

Only passages of the question's own set: sets differ in how questions and passages are typeset, and a passage of another
set would be told by that.

A passage scores the sum of the inverse document frequencies of the question's pieces it holds, over the square root
of its length; pieces in more than a twentieth of the passages say nothing and are left out.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COMMON_SHARE = 0.05
LENGTH_FLOOR = 64


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
        for number in np.argsort(-scores_P)[: 4 * count].tolist():
            if scores_P[number] <= 0 or len(found) == count:
                break
            if not any(answer in self.texts[number] for answer in answers):
                found.append(number)
        return found
