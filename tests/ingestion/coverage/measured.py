"""Coverage of a file against a text given by the test, so that no parser has a say."""

from ingestion.config import ParsingLimits
from ingestion.coverage import with_coverage
from ingestion.types import Coverage, Document, Source


def coverage_of(media_type: str, data: bytes, text: str) -> Coverage:
    """How much of `data` stands in `text`; fails where nothing was counted."""
    document = Document(text=text, media_type=media_type, title="", blocks=())
    counted = with_coverage(Source(name="a", data=data), document, ParsingLimits()).coverage
    assert counted is not None
    return counted


def words_lost(media_type: str, data: bytes, text: str) -> set[str]:
    return set(coverage_of(media_type, data, text).lost)
