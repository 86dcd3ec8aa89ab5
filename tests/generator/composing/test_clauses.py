"""The clause that is asked for."""

import pytest

from generator.composing.clauses import part_asked_for
from tests.generator.composing.tables import evidence, page


def clause(question: str, text: str) -> str:
    """The part of a sentence, the only one of a page, that a question asks for."""
    table = evidence(question, page(text, name="a.txt"))
    first, last = part_asked_for(table, table.units[0])
    ranges = table.reading.ranges[0]
    return text[ranges[first][0] : ranges[last][1]]


@pytest.mark.parametrize(
    ("question", "text", "part"),
    [
        (
            "献一次血最多能抽多少毫升？",
            "每次采集血液量一般为二百毫升，最多不得超过四百毫升，两次间隔不少于六个月。",
            "最多不得超过四百毫升，",
        ),
        (
            "两次献血至少隔多久？",
            "每次献血一般为二百毫升，最多不得超过四百毫升，两次间隔不少于六个月。",
            "两次间隔不少于六个月。",
        ),
        (
            "How long is the probation at most?",
            "The contract runs for 2 years, the probation for up to 3 months, and notice takes 4 weeks.",
            "the probation for up to 3 months,",
        ),
    ],
)
def test_of_several_amounts_that_of_the_clause_which_says_most_of_the_question(question, text, part):
    assert clause(question, text) == part


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Who pays?", "The seller pays 3 dollars, the buyer pays 4 dollars."),
        ("How much is it?", "One pays 3 dollars, another 4 dollars."),
        ("How much does the seller pay?", "The seller, a company, pays 3 dollars."),
    ],
)
def test_the_whole_sentence_where_no_clause_stands_out(question, text):
    assert clause(question, text) == text
