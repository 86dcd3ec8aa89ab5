"""Spelling: the same text in other pieces."""

from hypothesis import given
from hypothesis import strategies as st

from generator.data.spelling import Spelling

VOCABULARY = ["▁a", "▁ab", "b", "c", "bc", "▁", "a", "▁abcb", "x"]
SPELLING = Spelling(VOCABULARY, {0, 2, 3, 4, 5, 6})


def text(pieces: list[int]) -> str:
    return "".join(VOCABULARY[piece] for piece in pieces)


def test_the_longest_pieces_come_first() -> None:
    assert SPELLING([7], ()) == [0, 4, 2]


def test_what_can_be_written_or_copied_stays() -> None:
    assert SPELLING([0, 7, 1], {7}) == [0, 7, 0, 2]


def test_a_character_that_cannot_be_written_stays_as_it_is() -> None:
    assert SPELLING([8, 1], ()) == [8, 0, 2]
    assert Spelling(VOCABULARY, ())([1], ()) == [1]


@given(st.lists(st.integers(0, len(VOCABULARY) - 1), max_size=12), st.sets(st.integers(0, 8)))
def test_the_text_stays(answer: list[int], readable: set[int]) -> None:
    spelled = SPELLING(answer, readable)
    assert text(spelled) == text(answer)
    assert all(piece in readable or piece in SPELLING.numbers.values() or piece == 8 for piece in spelled)
