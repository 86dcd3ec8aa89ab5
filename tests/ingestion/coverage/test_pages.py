"""Visible words of PDF pages."""

from ingestion.config import ParsingLimits
from ingestion.coverage import with_coverage
from ingestion.sniff import PDF
from ingestion.types import Coverage, Document, Source
from tests.ingestion.coverage.measured import coverage_of, words_lost
from tests.ingestion.hostile import pdf, pdf_lines


def pages(*lines: list[str]) -> bytes:
    return pdf([pdf_lines([(72, 760 - 20 * row, text) for row, text in enumerate(page)]) for page in lines])


def test_rows_of_a_table_over_pages_that_are_lost_are_found() -> None:
    rows = [[f"Bolt {5000 + 40 * page + row} {page}{row}.50" for row in range(20)] for page in range(4)]
    whole = "\n".join(row for page in rows for row in page)
    without_edges = "\n".join(row for page in rows for row in page[1:-1])
    assert coverage_of(PDF, pages(*rows), whole).share == 1.0
    coverage = coverage_of(PDF, pages(*rows), without_edges)
    assert coverage.share < 0.95
    assert {"5000", "5059", "5139"} & set(coverage.lost) or "Bolt" in coverage.lost


def test_page_numbers_and_running_titles_count_once() -> None:
    book = [["Annual report", f"Site {name} was inspected in spring.", f"Page {n} of 4"] for n, name in
            enumerate(("North", "South", "East", "West"), start=1)]  # fmt: skip
    text = "\n".join(page[1] for page in book)
    coverage = coverage_of(PDF, pages(*book), text)
    assert coverage.visible - coverage.kept <= len("Annualreport") + len("Page1of4")
    assert coverage_of(PDF, pages(*book), text + " Annual report Page 1 of 4").share == 1.0


def test_a_number_at_the_edge_of_one_page_is_not_furniture() -> None:
    assert words_lost(PDF, pages(["Invoice number", "4711", "the sum"]), "Invoice number the sum") == {"4711"}


def test_texts_that_the_parser_hands_over_are_counted_without_the_file() -> None:
    read = Document(text="Owner", media_type=PDF, title="", blocks=(), page_texts=("Owner", "WKX-55871"))
    counted = with_coverage(Source(name="a", data=b"no PDF"), read, ParsingLimits()).coverage
    assert counted == Coverage(visible=13, kept=5, lost=("55871", "WKX"))


def test_a_running_title_beside_the_number_of_its_page_does_not_count() -> None:
    sections = ("WAYS", "KNOTS", "PLANES", "MAPS", "ROOMS", "EDGES")
    book = [[f"{n + 8} {name}", f"Text of {n}.", "more"] for n, name in enumerate(sections)]
    text = " ".join(" ".join(page[1:]) for page in book)
    assert words_lost(PDF, pages(*book), text) == set()
    book[2][0] = "Plate 7 is broken"  # no number of its page
    assert words_lost(PDF, pages(*book), text) == {"Plate", "7", "is", "broken"}
