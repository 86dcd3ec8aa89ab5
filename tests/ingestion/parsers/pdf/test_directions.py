"""PDF: pages that are turned, text that is set sideways, and pages whose corner isn't at 0, 0 are read as they look."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.hostile import pdf, pdf_lines

HEADING = [(60, 540, "Timetable of the mountain line")]
ROWS = [
    ("Station", "Platform", "Departure"),
    ("Aldorf", "3", "07:12"),
    ("Birkental", "5", "08:40"),
    ("Cronau", "1", "09:55"),
]
TABLE = [
    (x, 500 - 22 * row, cell)
    for row, cells in enumerate(ROWS)
    for x, cell in zip((60, 220, 380), cells, strict=True)
]
PROSE = [
    (60, 380, "Trains on Sundays leave forty minutes later than on working days, and the last"),
    (60, 366, "one waits in Cronau for the bus from the valley before it goes back."),
]


def read(data: bytes) -> Document:
    return parse_source(Source(name="a.pdf", data=data), ParsingLimits())


def blocks(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


READ = [
    "Timetable of the mountain line",
    "Station: Aldorf | Platform: 3 | Departure: 07:12\n"
    "Station: Birkental | Platform: 5 | Departure: 08:40\n"
    "Station: Cronau | Platform: 1 | Departure: 09:55",
    "Trains on Sundays leave forty minutes later than on working days, and the last one waits in Cronau for the bus "
    "from the valley before it goes back.",
]


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_text_is_read_in_its_own_direction(turn: int, rotate: int) -> None:
    content = "\n".join(
        [pdf_lines(HEADING, 16, turn=turn), pdf_lines(TABLE, 11, turn=turn), pdf_lines(PROSE, 11, turn=turn)]
    )
    assert blocks(read(pdf([content], rotate=rotate))) == READ


def test_a_table_set_sideways_stands_between_the_text_above_and_below_it() -> None:
    content = "\n".join(
        [
            pdf_lines([(60, 760, "Annex B lists the trains of the summer.")]),
            pdf_lines([(x + 100, y - 100, text) for x, y, text in TABLE], 11, turn=90),
            pdf_lines([(60, 60, "The winter has its own timetable."), (60, 46, "It is printed in autumn.")]),
        ]
    )
    table = READ[1]
    assert blocks(read(pdf([content]))) == [
        "Annex B lists the trains of the summer.",
        table,
        "The winter has its own timetable. It is printed in autumn.",
    ]


def test_a_stamp_at_the_side_interrupts_no_paragraph() -> None:
    lines = [
        (120, 700 - 14 * n, f"line {n} of a paragraph that goes on from line to line and") for n in range(30)
    ]
    content = pdf_lines([(300, 590, "registry 2301.00001")], turn=90) + "\n" + pdf_lines(lines)
    assert blocks(read(pdf([content])))[-1] == "registry 2301.00001"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_are_in_the_space_of_the_page(turn: int) -> None:
    document = read(pdf([pdf_lines([(100, 300, "Words")], turn=turn)]))
    corners = {0: (100, 300), 90: (612 - 300, 100), 180: (512, 492), 270: (300, 692)}
    left, bottom, right, top = document.blocks[0].box or (0, 0, 0, 0)
    x, y = corners[turn]
    assert left - 10 < x < right + 10
    assert bottom - 10 < y < top + 10
    assert (right - left > top - bottom) == (turn in {0, 180})


def test_the_place_of_the_page_in_its_space_changes_nothing() -> None:
    def report(shift: int, box: str) -> Document:
        pages = []
        for number, place in enumerate(["North", "South", "East", "West"], start=1):
            lines = [
                (72, 760, "Annual report"),
                (72, 700, f"Site {place} was inspected in spring."),
                (72, 400, "Result of the inspection: passed."),
                (72, 100, f"The inspector wrote {number * 7} lines."),
                (300, 30, str(number)),
            ]
            pages.append(pdf_lines([(x, y + shift, text) for x, y, text in lines]))
        return read(pdf(pages, box=box))

    expected = report(0, "0 0 612 792")
    assert expected.text.count("Result of the inspection: passed.") == 4
    for shift, box in ((-792, "0 -792 612 0"), (5000, "0 5000 612 5792")):
        document = report(shift, box)
        assert document.text == expected.text
        assert document.dropped == expected.dropped


def scripts(*pieces: tuple[float, float, str, int]) -> str:
    """A content stream of pieces of one line, each with its place, text and size, in their order."""
    return "\n".join(pdf_lines([(x, y, text)], size) for x, y, text, size in pieces)


def test_an_exponent_is_told_from_the_digits_before_it() -> None:
    content = scripts((60, 700, "Growth was 10", 11), (128, 705, "6", 7), (134, 700, "cells per ml.", 11))
    content += "\n" + scripts(
        (60, 600, "A load of 10", 11), (119, 605, "-12", 7), (136, 600, "Pa, 106 tests.", 11)
    )
    text = read(pdf([content])).text
    assert "10^6 cells per ml." in text
    assert "10^-12 Pa, 106 tests." in text


def test_a_lowered_mark_is_no_exponent() -> None:
    content = scripts(
        (60, 700, "The tank holds H", 11),
        (143, 697, "2", 7),
        (148, 700, "O, batch 10", 11),
        (206, 697, "3", 7),
    )
    assert "H2O, batch 103" in read(pdf([content])).text


def test_a_hyphen_goes_where_a_column_stands_beside_it() -> None:
    left = ["the council refused the road for a long", "time before it gave a per-", "mission to the owner."]
    right = [
        "that carts went round by the northern",
        "ford until the masons came back and",
        "set the last one.",
    ]
    lines = []
    for number in range(3):
        lines += [(60, 700 - 14 * number, left[number]), (330, 700 - 14 * number, right[number])]
    text = read(pdf([pdf_lines(lines)])).text
    assert "gave a permission to the owner." in text
    assert [block.kind for block in read(pdf([pdf_lines(lines)])).blocks] == [BlockKind.PARAGRAPH] * 2
