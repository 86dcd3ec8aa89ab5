"""Plain text: kept as it stands; what parts words is white space, what is not seen is gone."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.sniff import TEXT
from ingestion.types import Source
from tests.ingestion.coverage.measured import words_lost


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html", "a.csv", "a.json"])
@pytest.mark.parametrize("mark", ["\v", "\f", "\x85", "\u2028", "\x1f"])
def test_marks_that_part_words_are_white_space(name: str, mark: str) -> None:
    text = f"The end of one{mark}start of two. Code{mark}9917."
    data = {
        "a.html": f"<html><body><p>{text}</p></body></html>",
        "a.json": '{"a": "' + text.replace(mark, f"\\u{ord(mark):04x}") + '"}',
    }.get(name, text)
    document = parse_source(Source(name=name, data=data.encode()), ParsingLimits())
    assert "The end of one start of two. Code 9917." in " ".join(document.text.split())


def test_characters_that_are_not_seen_are_left_out() -> None:
    document = parse_source(
        Source(name="a.txt", data="Inter\u00adnational. zero\u200bwidth.".encode()), ParsingLimits()
    )
    assert document.text == "International. zerowidth."


def test_spaces_inside_chinese_words_stay() -> None:
    text = "采购合同\n\n甲 方：海川机械有限公司\n乙 方：\n\n验 收 期 限：货物到达后十五日内"
    assert parse_source(Source(name="a.txt", data=text.encode()), ParsingLimits()).text == text


def test_what_a_terminal_or_a_printer_shows_is_read() -> None:
    page = b"N\bNA\bAM\bME\bE\n    pump - _\bs_\bt_\ba_\br_\bt\n\x1b[1;31mBold\x1b[0m text"
    document = parse_source(Source(name="pump.txt", data=page), ParsingLimits())
    assert document.text == "NAME\n    pump - start\nBold text"
    assert words_lost(TEXT, page, document.text) == set()
