"""Quotes of Markdown source found again in canonical text, and the ranges that a reader learns."""

from typing import Any

import pytest

from benchmarks.gathered import bare, gold_ranges, joined, quote_ranges

PAGE = (
    "Limits\n\nSet max_size to 10 MB, see the guide. A reply above it is refused.\n\n"
    "Name | Default | Meaning\nport | 4000 | Where the server listens\nhost | 0.0.0.0 | Address\n\n"
    "Stop the server at first\nCopy the folder of data\nStart the server anew"
)


def texts(quote: str, text: str = PAGE) -> list[str]:
    return [text[start:end] for start, end in quote_ranges(text, quote)]


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("A reply above it is refused.", ["A reply above it is refused."]),
        (
            "Set `max_size` to **10 MB**, see [the guide](https://example.org/a_(b)#c).",
            ["Set max_size to 10 MB, see the guide."],
        ),
        ("set <code>max_size</code> to\n10 MB", ["Set max_size to 10 MB"]),
        ("## Limits {#limits}", ["Limits"]),
        ("| `port` | 4000 | Where the server listens |", ["port | 4000 | Where the server listens"]),
        ("| host | | Address |", ["host | 0.0.0.0 | Address"]),
        (
            "1. Stop the server at first\n2. Copy the folder of data\n3. Start the server anew",
            ["Stop the server at first\nCopy the folder of data\nStart the server anew"],
        ),
        ("Nothing of this stands there.", []),
        ("**", []),
        ("Start the server anew\nThen wait an hour for it\nThen go home by bus", []),
    ],
)
def test_a_quote_is_found_whatever_marks_it_has(quote: str, found: list[str]) -> None:
    assert texts(quote) == found


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("第三条 **不得** 拖欠工资。", ["第三条　不得拖欠工资。"]),
        ("一）工资；\n（二）休假。", ["一）工资；（二）休假。"]),
    ],
)
def test_chinese_quotes_too(quote: str, found: list[str]) -> None:
    assert texts(quote, "第三条　不得拖欠工资。包括：（一）工资；（二）休假。") == found


def test_an_address_is_not_parted_at_its_points() -> None:
    assert texts("As in `http://one.exampledomain.net`.", "See other.exampledomain.net today.") == []


def test_letters_that_grow_in_lower_case_keep_their_places() -> None:
    known = bare("İ * Word")
    assert len(known.text) == len(known.places) == 5
    assert known.find("word") == (4, 8)
    assert known.find("") is None


def test_near_ranges_are_one() -> None:
    assert joined([(110, 120), (0, 10), (49, 60)]) == [(0, 60), (110, 120)]
    assert joined([(0, 10), (60, 70)]) == [(0, 10), (60, 70)]


@pytest.mark.parametrize(
    ("shape", "answer", "expected"),
    [
        ("fact", "10 MB", ("10 MB", 0)),
        ("row", "10MB", ("10 MB", 0)),
        ("fact", "11 MB", ("Set max_size to 10 MB, see the guide.", 1)),
        ("yesno", "10 MB", ("Set max_size to 10 MB, see the guide.", 1)),
        ("definition", None, ("Set max_size to 10 MB, see the guide.", 1)),
    ],
)
def test_a_phrase_is_exact_and_all_else_within(shape: str, answer: str | None, expected: Any) -> None:
    quotes = ["Set `max_size` to 10 MB, see [the guide](x)."]
    ((start, end, within),) = gold_ranges(PAGE, {"shape": shape, "answer": answer, "quotes": quotes})
    assert (PAGE[start:end], within) == expected
    assert gold_ranges("another page", {"shape": shape, "answer": answer, "quotes": quotes}) == []
