"""PDF: reading order, pages, hyphens; encrypted, scanned and broken files are told apart."""

import random

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import (
    CorruptFileError,
    EncryptedError,
    IngestionError,
    LimitExceededError,
    NoTextLayerError,
)
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.hostile import pdf, pdf_lines
from tests.ingestion.samples import sample


def read(data: bytes, limits: ParsingLimits | None = None) -> Document:
    return parse_source(Source(name="a.pdf", data=data), limits or ParsingLimits())


def test_columns_are_read_one_after_the_other() -> None:
    text = parse_source(sample("two_columns.pdf"), ParsingLimits()).text
    order = [
        "Two-Column Document",
        "Abstract",
        "Lorem ipsum dolor",
        "Nam dui ligula",
        "Nulla malesuada",
        "Quisque ullam",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    # The first column's last words and the second one's first stand in one sentence.
    assert "Donec nonummy pellentesque ante." in text


def test_hyphens_at_line_ends_go() -> None:
    text = parse_source(sample("two_columns.pdf"), ParsingLimits()).text
    assert "consectetuer adipiscing elit" in text
    assert "rhoncus sem" in text
    assert "\ufffe" not in text


def test_columns_drawn_line_by_line_are_read_by_column() -> None:
    left = [f"left line {number} of the first column goes on" for number in range(12)]
    right = [f"right line {number} of the second one goes on" for number in range(12)]
    lines = [(72, 760, "A title that stands over both of the columns and is long enough to cross")]
    for number in range(12):
        lines += [(72, 720 - 14 * number, left[number]), (330, 720 - 14 * number, right[number])]
    text = read(pdf([pdf_lines(lines)])).text
    assert (
        text.index("A title")
        < text.index("left line 0")
        < text.index("left line 11")
        < text.index("right line 0")
    )


def test_rows_of_a_table_are_read_across() -> None:
    document = parse_source(sample("borderless_table.pdf"), ParsingLimits())
    tables = [document.text[b.start : b.end] for b in document.blocks if b.kind is BlockKind.TABLE]
    assert tables[0].split("\n")[:2] == [
        "Product Code: SKU-8847 | Location: A-12 | Expected: 450",
        "Location: B-07 | Actual: 289 | Variance: -23",
    ]
    assert (
        "Product Code: SKU-9201 | Category: Hardware | Unit Cost: $32.50 | Total Value: $25,285.00 "
        "| Last Audit: 2024-10-22 | Notes: Verified"
    ) in tables[1].split("\n")


def test_pages_are_numbered_and_their_ranges_follow() -> None:
    document = parse_source(sample("four_pages.pdf"), ParsingLimits())
    assert [page.number for page in document.pages] == [1, 2, 3, 4]
    assert document.pages[0].start == 0
    assert document.pages[-1].end == len(document.text)
    for page, following in zip(document.pages, document.pages[1:], strict=False):
        assert page.end == following.start
    for block in document.blocks:
        page = next(page for page in document.pages if page.number == block.page)
        assert page.start <= block.start < page.end


def test_a_word_that_a_page_end_splits_becomes_whole() -> None:
    first = pdf_lines([(72, 300, "The engine keeps the blocks of every single file in an object sto-")])
    second = pdf_lines([(72, 700, "rage and writes their places down. Then it answers.")])
    assert "object storage and writes" in read(pdf([first, second])).text


def test_blocks_have_their_place_on_the_page() -> None:
    document = read(pdf([pdf_lines([(72, 700, "First words"), (72, 500, "Second words")])]))
    first, second = (block.box for block in document.blocks)
    assert first is not None
    assert second is not None
    assert first[:2] == pytest.approx((72, 700), abs=4)
    assert (first[2], first[3]) == pytest.approx((136, 709), abs=8)
    assert second[3] < first[1]


def test_a_sentence_that_goes_over_the_page_end_stays_whole() -> None:
    first = pdf_lines([(72, 300, "The engine keeps the blocks of a file in an object store and it")])
    second = pdf_lines([(72, 700, "writes their places to the metadata engine. Then it answers.")])
    document = read(pdf([first, second]))
    assert "object store and it writes their places" in document.text
    assert document.pages[1].start == document.text.index("writes")


def test_larger_type_makes_headings() -> None:
    body = pdf_lines([(72, 700 - 14 * n, f"Body line number {n} with several words in it") for n in range(8)])
    document = read(pdf([pdf_lines([(72, 740, "The chapter")], size=20) + "\n" + body]))
    assert (document.blocks[0].kind.value, document.blocks[0].level) == ("heading", 1)
    assert document.blocks[1].heading_path == ("The chapter",)


def test_encrypted_and_scanned_files_are_told() -> None:
    with pytest.raises(EncryptedError):
        parse_source(sample("password.pdf"), ParsingLimits())
    with pytest.raises(NoTextLayerError, match="1 page"):
        parse_source(sample("picture_only.pdf"), ParsingLimits())


@pytest.mark.parametrize("name", ["two_columns.pdf", "four_pages.pdf", "borderless_table.pdf"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_off_is_corrupt(name: str, share: float) -> None:
    data = sample(name).data
    with pytest.raises(CorruptFileError, match="cut off"):
        read(data[: int(share * len(data))])


def test_a_file_that_only_looks_like_a_pdf_is_corrupt() -> None:
    with pytest.raises(CorruptFileError):
        read(b"%PDF-1.7\n" + bytes(range(256)) * 20 + b"%%EOF")


def test_flipped_bits_never_raise_anything_else() -> None:
    data = sample("two_columns.pdf").data
    chance = random.Random(7)
    for _ in range(15):
        damaged = bytearray(data)
        for _ in range(30):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        try:
            assert read(bytes(damaged)).text
        except IngestionError as error:
            assert error.code in {"corrupt_file", "no_text_layer", "encrypted", "unsupported_format"}


def test_too_many_pages_are_refused() -> None:
    with pytest.raises(LimitExceededError, match="4 pages"):
        read(sample("four_pages.pdf").data, ParsingLimits(max_pages=3))
