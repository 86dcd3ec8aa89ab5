"""PDF: headers, footers and page numbers go and are counted; rows, values and words said nowhere else stay."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.parsers.pdf.furniture import _PAGE_NUMBER
from ingestion.types import Document, Source
from tests.ingestion.hostile import pdf, pdf_lines


def read(data: bytes) -> Document:
    return parse_source(Source(name="a.pdf", data=data), ParsingLimits())


def body(page: int) -> list[tuple[float, float, str]]:
    return [
        (72, 600 - 14 * n, f"Words of page {chr(64 + page)}{chr(64 + n)} that stand here") for n in range(5)
    ]


def dropped(document: Document) -> int:
    return sum(item.count for item in document.dropped)


def test_headers_footers_and_page_numbers_are_left_out_and_counted() -> None:
    pages = [
        pdf_lines(
            [
                (72, 770, "Annual report of the company"),
                (
                    72,
                    600,
                    f"This is what page {number} says in the annual report about topic {chr(64 + number)}.",
                ),
                (72, 586, "The company is of old."),
                (300, 30, f"Page {number} of 4"),
            ]
        )
        for number in range(1, 5)
    ]
    document = read(pdf(pages))
    assert "Annual report" not in document.text
    assert "of 4" not in document.text
    assert "what page 3 says" in document.text
    assert [(item.what, item.count) for item in document.dropped] == [("header and footer lines", 8)]


def test_a_header_that_says_more_than_the_text_stays_once() -> None:
    pages = [
        pdf_lines([(72, 770, "Invoice 4711 of Berg and Sons"), *body(page), (300, 30, f"{page}")])
        for page in range(1, 6)
    ]
    document = read(pdf(pages))
    assert document.text.count("Invoice 4711 of Berg and Sons") == 1
    assert document.pages[0].end > document.text.index("4711")
    assert dropped(document) == 4 + 5


def test_headers_that_change_with_the_chapter_go_by_the_page_number_in_them() -> None:
    heads = ["Weather", "Weather", "Rain", "Snow", "Wind", "Fog"]
    pages = [
        pdf_lines(
            [(72, 765, f"{11 + page}    Chapter on {head}"), (72, 650, f"A chapter on {head}."), *body(page)]
        )
        for page, head in enumerate(heads)
    ]
    document = read(pdf(pages))
    assert "Chapter on" not in document.text
    assert document.dropped[0].count == 6


def test_headers_of_a_chapter_go_where_they_repeat_on_neighbouring_pages() -> None:
    pages = [
        pdf_lines([(72, 765, "On rain"), *body(page), (72, 500, "It goes on about rain.")])
        if 4 <= page < 8
        else pdf_lines(body(page))
        for page in range(20)
    ]
    assert "On rain" not in read(pdf(pages)).text


def test_a_heading_with_the_number_of_its_page_stays() -> None:
    pages = [
        pdf_lines([(72, 765, f"{page} Part {chr(64 + page)}"), *body(page), (300, 130, str(page))])
        for page in range(1, 5)
    ]
    text = read(pdf(pages)).text
    assert "3 Part C" in text
    assert "\n4\n" not in text + "\n"


def test_a_title_that_counts_the_pages_stays() -> None:
    pages = [
        pdf_lines([(72, 740, f"Lesson {page}")], 20) + "\n" + pdf_lines(body(page)) for page in range(1, 6)
    ]
    assert "Lesson 4" in read(pdf(pages)).text


@pytest.mark.parametrize("number", ["第 3 页 共 10 页", "3 / 10", "- 3 -", "Page 3 of 10", "iv"])
def test_forms_of_page_numbers(number: str) -> None:
    assert _PAGE_NUMBER.fullmatch(number)


def test_a_number_in_a_margin_that_is_not_the_page_s_stays() -> None:
    lines = [(60, 760, "Invoice number"), (60, 740, "4711"), (60, 500, "We charge 940 euros for the repair.")]
    document = read(pdf([pdf_lines(lines, 11)]))
    assert "4711" in document.text
    assert document.dropped == ()


def test_the_number_of_a_page_goes_from_a_short_document_too() -> None:
    document = read(pdf([pdf_lines([*body(page), (300, 30, str(page))]) for page in (1, 2)]))
    assert dropped(document) == 2


def test_roman_page_numbers_go_and_single_letters_stay() -> None:
    romans = ["i", "ii", "iii", "iv", "v"]
    pages = [pdf_lines([(72, 760, "C"), *body(page), (300, 30, romans[page])]) for page in range(5)]
    text = read(pdf(pages)).text
    assert not set(romans) & set(text.split())
    pages = [pdf_lines([(72, 760, "CVLXI"[page]), *body(page)]) for page in range(5)]
    assert set("CVLX") <= set(read(pdf(pages)).text.split())


def table(first: int, count: int, *, names: bool) -> list[tuple[float, float, str]]:
    rows = [("Article", "Price EUR", "Stock")] if names else []
    rows += [
        (f"Bolt {chr(65 + n % 26)}{n}", f"{n * 3}.50", str(1000 + n)) for n in range(first, first + count)
    ]
    return [
        (x, 775 - 18 * row, cell)
        for row, cells in enumerate(rows)
        for x, cell in zip((60, 260, 420), cells, strict=True)
    ]


@pytest.mark.parametrize("names", [True, False])
def test_rows_of_a_table_that_reaches_into_the_margins_stay(names: bool) -> None:
    pages = [pdf_lines(table(40 * page, 40, names=names), 10) for page in range(4)]
    document = read(pdf(pages))
    assert document.dropped == ()
    lines = document.text.replace("\n\n", "\n").split("\n")
    assert len(lines) == 160
    row = "Article: Bolt {} | Price EUR: {} | Stock: {}" if names else "Bolt {} | {} | {}"
    assert lines == [row.format(f"{chr(65 + n % 26)}{n}", f"{n * 3}.50", 1000 + n) for n in range(160)]


def test_a_list_of_numbers_in_a_column_stays_whole() -> None:
    pages = [
        pdf_lines([(72, 770 - 18 * n, str(1000 + 42 * page + n)) for n in range(42)]) for page in range(4)
    ]
    document = read(pdf(pages))
    assert document.dropped == ()
    assert all(str(1000 + n) in document.text for n in range(168))


def test_where_most_of_a_page_repeats_only_its_number_goes() -> None:
    head = [
        (72, 770, "Form for leave of members of the staff"),
        (72, 756, "To be signed by the head of the section"),
    ]
    pages = [
        pdf_lines([*head, (72, 400, f"{name} is ill"), (300, 30, str(number))])
        for number, name in enumerate(["Anna", "Tomas", "Li"], start=1)
    ]
    document = read(pdf(pages))
    assert document.text.count("To be signed") == 3
    assert dropped(document) == 3


def test_a_page_that_is_only_a_repeated_line_is_kept() -> None:
    assert read(pdf([pdf_lines([(72, 770, "The same line")])] * 4)).text.count("The same line") == 4
