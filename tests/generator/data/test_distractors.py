"""Near misses: what a search would find of the same set, by words and by meaning, without the answer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.data.distractors import Asked, NearMisses, in_turn

TEXTS = ["ferry north", "ferry south", "ferry north Oslo", "boat north", "ferry north again"]
SOURCES = ["a", "a", "a", "a", "b"]
WORDS = ("ferry", "boat", "north", "south", "oslo", "again")


class WordEncoder:
    """One dimension a word."""

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array([[t.lower().split().count(w) for w in WORDS] for t in texts], np.float32)
        unit: NDArray[np.float32] = counts / np.linalg.norm(counts, axis=1, keepdims=True)
        return unit

    embed_queries = embed_passages


def pieces(text: str) -> NDArray[np.int32]:
    return np.array([WORDS.index(word) for word in text.lower().split()], np.int32)


def asked(text: str, home: int, *answers: str) -> Asked:
    return Asked(text, pieces(text), home, answers)


def misses(
    encoder: WordEncoder | None, texts: Sequence[str] = TEXTS, sources: Sequence[str] = SOURCES
) -> NearMisses:
    return NearMisses([pieces(text) for text in texts], texts, sources, encoder)


def test_the_nearest_of_the_same_set_without_the_own_passage() -> None:
    assert misses(WordEncoder()).find([asked("ferry north", 0, "nothing")], 2)[0][0] == 2
    assert 4 not in misses(WordEncoder()).find([asked("ferry north again", 0)], 5)[0]


def test_passages_that_hold_the_answer_are_no_near_misses() -> None:
    found = misses(WordEncoder()).find([asked("ferry north", 0, "Oslo")], 4)[0]
    assert set(found) == {1, 3}


def test_by_words_a_rare_one_counts_most_and_a_common_one_nothing() -> None:
    texts = ["ferry north", "ferry south", "ferry boat", "ferry south", "boat"]
    found = misses(None, texts, ["a"] * 5).find([asked("ferry north boat", 0), asked("ferry", 1)], 3)
    assert found[0] == (4, 2), "the shorter passage first; every other passage has the ferry alone"
    assert found[1] == ()


def test_each_question_has_its_own_set_and_its_own_answers() -> None:
    found = misses(WordEncoder()).find([asked("ferry north", 0, "boat"), asked("ferry north", 4)], 2)
    assert 3 not in found[0]
    assert found[1] == (), "the second set has one passage"


def test_two_rankings_take_turns_and_give_nothing_twice() -> None:
    assert list(in_turn([1, 2, 3], [2, 4])) == [1, 2, 4, 3]
    assert list(in_turn([], [5])) == [5]
