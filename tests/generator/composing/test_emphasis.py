"""Where the short answer stands in the answer."""

import pytest

from generator.composing.emphasis import emphasis
from generator.types import Ink, Span, Token

TEXT = "The server listens on port 8000 by default."


def span(at, start, end, key="p"):
    return Span(
        answer_start=at, answer_end=at + end - start, ink=Ink.COPIED, passage=key, start=start, end=end
    )


def token(start, end, key="p"):
    return Token(text="x" * (end - start), ink=Ink.COPIED, passage=key, start=start, end=end, action="copy")


WRITTEN = Token(text=" ", ink=Ink.WRITTEN)
OPENING = Span(answer_start=0, answer_end=5, ink=Ink.WRITTEN)


def test_a_phrase_is_found_by_where_it_was_copied_from():
    (found,) = emphasis([span(0, 100, 143)], [token(122, 131)])
    assert TEXT[slice(*found)] == "port 8000"


def test_pieces_that_touch_are_one_range_and_an_opening_shifts_it():
    assert emphasis([OPENING, span(5, 100, 143)], [token(122, 127), token(127, 131)]) == [(27, 36)]


def test_pieces_apart_are_two_ranges_and_words_of_its_own_are_none():
    assert emphasis([span(0, 0, 40)], [token(0, 3), WRITTEN, token(10, 14)]) == [(0, 3), (10, 14)]


@pytest.mark.parametrize("phrase", [[token(50, 60)], [token(30, 50)], [token(0, 5, "q")], [WRITTEN], []])
def test_a_phrase_that_the_answer_does_not_say_is_not_marked(phrase):
    assert emphasis([span(0, 0, 40)], phrase) == []


def test_a_phrase_in_the_second_run_is_marked_there():
    spans = [span(0, 0, 10), Span(answer_start=10, answer_end=12, ink=Ink.WRITTEN), span(12, 50, 80)]
    assert emphasis(spans, [token(60, 64)]) == [(22, 26)]


def test_an_answer_that_is_all_phrase_has_no_mark():
    assert emphasis([span(0, 0, 10)], [token(0, 10)]) == []
    assert emphasis([span(0, 0, 10)], [token(0, 8)]) == [(0, 8)]
    assert emphasis([], [token(0, 10)]) == []


def test_ranges_ascend_whatever_the_order_of_the_phrase():
    found = emphasis([span(0, 0, 40)], [token(20, 24), token(2, 5)])
    assert found == sorted(found)
    assert len(found) == 2


def test_words_said_twice_are_marked_once():
    assert emphasis([span(0, 0, 40)], [token(2, 5), token(2, 5)]) == [(2, 5)]
