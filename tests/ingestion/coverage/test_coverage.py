"""Coverage as a document carries it."""

from ingestion import wire
from ingestion.config import ParsingLimits
from ingestion.coverage import with_coverage
from ingestion.pipeline import parse
from ingestion.sniff import DOCX, TEXT, ZIP
from ingestion.types import Coverage, Document, Source


def document(media_type: str, coverage: Coverage | None = None) -> Document:
    return Document(text="one", media_type=media_type, title="", blocks=(), coverage=coverage)


def test_the_parser_process_measures_what_it_reads() -> None:
    read = parse(Source(name="a.txt", data=b"The gate code is 4711."), ParsingLimits())
    assert read.coverage == Coverage(visible=17, kept=17)


def test_a_failure_of_counting_leaves_the_document_as_it_is() -> None:
    read = document(DOCX)
    assert with_coverage(Source(name="a", data=b"no archive"), read, ParsingLimits()) is read


def test_formats_without_a_reader_have_none() -> None:
    read = document(ZIP)
    assert with_coverage(Source(name="a", data=b"PK"), read, ParsingLimits()) is read


def test_what_is_lost_is_measured_against_text_and_title() -> None:
    source = Source(name="a.txt", data=b"one two three")
    titled = Document(text="one", media_type=TEXT, title="two", blocks=())
    assert with_coverage(source, titled, ParsingLimits()).coverage == Coverage(
        visible=11, kept=6, lost=("three",)
    )


def test_coverage_passes_between_processes() -> None:
    for coverage in (None, Coverage(visible=10, kept=7, lost=("漏", "row"))):
        assert wire.decode_reply(wire.encode_document(document(TEXT, coverage))).coverage == coverage
