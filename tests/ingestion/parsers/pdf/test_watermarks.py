"""PDF: watermarks are no text of the page, and text that looks a little like them stays."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.parsers.pdf.built import built, slanted, text

BODY = "\n".join(
    text(60, 700 - 15 * line, f"Line {chr(65 + line)} of the text goes on over most of the page as text does")
    for line in range(12)
)
PALE, BLACK = "0.85 g", "0 g"


def read(pages: list[str], **more: str) -> Document:
    return parse_source(Source(name="a.pdf", data=built(pages, **more)), ParsingLimits())


def count_of(document: Document) -> int:
    return sum(item.count for item in document.dropped if item.what == "watermarks")


@pytest.mark.parametrize("pages", [1, 2, 5])
@pytest.mark.parametrize("words", ["CONFIDENTIAL DRAFT", "Property of Nordbank"])
def test_pale_words_across_the_page_are_left_out(words: str, pages: int) -> None:
    document = read([f"{PALE} {slanted(100, 520, words)} {BLACK} {BODY}"] * pages)
    assert words not in document.text
    assert document.title != words
    assert count_of(document) == pages
    assert "Line L of the text" in document.text
    assert not [block for block in document.blocks if block.kind is BlockKind.HEADING]


def test_a_watermark_that_lets_the_text_shine_through() -> None:
    document = read(
        [f"{BODY} q /G gs 1 0 0 rg {slanted(100, 520, 'J. Meyer 0412')} Q"] * 2,
        resources="/ExtGState << /G << /ca 0.2 >> >>",
    )
    assert "Meyer" not in document.text


def test_a_dark_watermark_on_every_page() -> None:
    document = read([f"{BODY} {slanted(100, 520, 'UNCONTROLLED COPY')}"] * 3)
    assert "COPY" not in document.text


def test_small_words_all_over_the_page() -> None:
    tiles = "\n".join(
        slanted(80 + 150 * column, 520 + 60 * row, "J. Meyer 0412", 12)
        for column in range(3)
        for row in range(3)
    )
    document = read([f"{BODY} {PALE} {tiles}"] * 2)
    assert "Meyer" not in document.text
    assert count_of(document) == 18


def test_pale_level_words_under_the_text() -> None:
    document = read([f"{PALE} {text(80, 600, 'INTERNAL', 90)} {BLACK} {BODY}"] * 2)
    assert "INTERNAL" not in document.text


def test_an_outlined_watermark() -> None:
    document = read([f"1 Tr {slanted(100, 520, 'SPECIMEN')} 0 Tr {BODY}"] * 2)
    assert "SPECIMEN" not in document.text


def test_large_headings_stay() -> None:
    for colour in (BLACK, PALE):
        document = read([f"{colour} {text(60, 770, 'The Harbour', 40)} {BLACK} {BODY}"])
        assert document.title == "The Harbour"
        assert count_of(document) == 0


def test_large_headings_of_each_page_stay() -> None:
    pages = [f"{PALE} {text(60, 730, f'Chapter {chr(65 + page)}', 40)} {BLACK} {BODY}" for page in range(4)]
    assert "Chapter C" in read(pages).text


def test_slanting_labels_of_a_chart_stay() -> None:
    labels = "\n".join(
        slanted(60 + 40 * place, 300, month, 9)
        for place, month in enumerate(["January", "February", "March"])
    )
    document = read([f"{BODY} {labels}"])
    assert all(month in document.text for month in ("January", "February", "March"))


def test_a_stamp_in_full_colour_stays() -> None:
    assert "PAID 12 May" in read([f"{BODY} 1 0 0 rg {slanted(300, 200, 'PAID 12 May', 24)}"]).text


def test_white_column_names_on_a_dark_ground_stay() -> None:
    head = f"0 0 0.5 rg 50 395 400 20 re f 1 g {text(60, 400, 'Article')} {text(260, 400, 'Price')} {BLACK}"
    rows = "\n".join(
        text(60, 380 - 15 * n, f"Rope {n}") + text(260, 380 - 15 * n, f"{n} EUR") for n in range(3)
    )
    document = read([f"{BODY} {head} {rows}"] * 3)
    assert "Article" in document.text
    assert document.dropped == ()


@pytest.mark.parametrize("height", range(590, 606, 3))
def test_pale_level_words_wherever_they_lie_between_lines(height: int) -> None:
    body = "\n".join(
        text(60, 760 - 16 * line, f"Line {line} of the text goes on as text does") for line in range(20)
    )
    document = read([f"{PALE} {text(60, height, 'SAMPLE', 80)} {BLACK} {body}"] * 3)
    assert "SAMPLE" not in document.text


def test_a_stamp_is_no_heading() -> None:
    document = read([f"{BODY} 1 0 0 rg {slanted(300, 200, 'RECEIVED 14 May', 24)}", BODY])
    assert "RECEIVED 14 May" in document.text
    assert document.title == ""
    assert not [block for block in document.blocks if block.kind is BlockKind.HEADING]


def test_a_known_word_beside_the_text_of_each_page() -> None:
    below = f"{PALE} {text(120, 300, 'DRAFT', 90)} {BLACK}"
    document = read([f"{below} {BODY}"] * 3)
    assert "DRAFT" not in document.text
    assert count_of(document) == 3
    assert "DRAFT" in read([f"{below} {BODY}"]).text  # once, it may be a heading
