import math

import pytest

from benchmarks.citing import by_attention, by_text, falls_most, most_attended, score_places
from generator.fathom_small.explain import Explanation
from generator.types import Attended
from retrieval.types import Passage

TEXT = "Ducks swim. Ducks eat weeds. Geese fly."
SECOND = Passage(chunk_id=2, document_id="b", text="Ducks swim too.", start=100, end=115)
FIRST = Passage(chunk_id=1, document_id="a", text=TEXT, start=10, end=10 + len(TEXT))


def explanation(*attention):
    return Explanation(tokens=(), attention=attention, log_probability=-1.0, without={}, unseen={})


def looked(passage, start, end, weight=0.5):
    return Attended(passage=passage, start=start, end=end, weight=weight)


@pytest.mark.parametrize(
    ("cited", "expected"),
    [
        ([("a", 2, 6)], (1.0, 0.5, 1.0, 0.5)),
        ([("a", 2, 10), ("b", 0, 8)], (0.5, 0.5, 0.5, 1.0)),
        ([("a", 0, 4), ("a", 25, 29)], (1.0, 1.0, 0.25, 0.25)),
        ([], (None, 0.0, None, 0.0)),
    ],
)
def test_places_are_judged_by_sentences_and_by_characters(cited, expected):
    score = score_places(cited, [("a", 0, 20), ("a", 20, 30)], [("a", 2, 10)])
    assert (score.precision, score.recall, score.exactness, score.coverage) == expected


def test_attention_alone_cites_the_strongest_range_of_each_action_joined():
    found = explanation(
        [looked("1", 0, 5), looked("2", 0, 5, 0.1)], [], [looked("1", 4, 10)], [looked("2", 0, 5)]
    )
    assert by_attention(found, {"1": FIRST, "2": SECOND}) == [("a", 10, 20), ("b", 100, 105)]


def test_a_search_for_the_text_cites_every_place_of_it():
    assert by_text(" Ducks ", [FIRST, SECOND]) == [("a", 10, 15), ("a", 22, 27), ("b", 100, 105)]
    assert by_text("Swans", [FIRST]) == []
    assert by_text("  ", [FIRST]) == []


def test_the_most_attended_passage_is_so_over_all_actions():
    found = explanation([looked("1", 0, 5, 0.4)], [looked("2", 0, 5, 0.3), looked("2", 6, 9, 0.2)])
    assert most_attended(found) == "2"
    assert most_attended(explanation()) is None


def test_the_answer_falls_most_without_what_it_owes():
    left = {"1": -9.0, "2": -2.0, "3": -8.9}
    assert [falls_most(left, key) for key in ("1", "2", "4", None)] == [True, False, False, False]
    assert not falls_most({"1": -math.inf, "2": -math.inf}, "1")
