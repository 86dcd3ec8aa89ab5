"""Distractors: what a search would find of the same set, without the answer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.training.distractors import DenseNeighbours, in_turn

TEXTS = ["ferry north", "ferry south", "ferry north Oslo", "boat north", "ferry north again"]
SOURCES = ["a", "a", "a", "a", "b"]


class WordEncoder:
    """One dimension a word."""

    WORDS = ("ferry", "boat", "north", "south", "oslo", "again")

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array([[t.lower().split().count(w) for w in self.WORDS] for t in texts], np.float32)
        unit: NDArray[np.float32] = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return unit

    embed_queries = embed_passages


def neighbours(question: str, home: int) -> DenseNeighbours:
    return DenseNeighbours(WordEncoder(), [question], [home], TEXTS, SOURCES, count=2)


def test_the_nearest_of_the_same_set_without_the_own_passage() -> None:
    assert neighbours("ferry north", 0).nearest(0, ["nothing"], 2) == [2, 1]


def test_passages_that_hold_the_answer_are_no_distractors() -> None:
    assert neighbours("ferry north", 0).nearest(0, ["Oslo"], 3) == [1, 3]


def test_two_rankings_take_turns_and_give_nothing_twice() -> None:
    assert list(in_turn([1, 2, 3], [2, 4])) == [1, 2, 4, 3]
    assert list(in_turn([], [5])) == [5]
