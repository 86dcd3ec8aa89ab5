"""The canonical text: what stands in a table is all there."""

from ingestion.canonical import CanonicalWriter
from ingestion.config import ParsingLimits


def test_a_column_without_cells_keeps_its_name() -> None:
    writer = CanonicalWriter(ParsingLimits())
    writer.table([["Name", "Signature"], ["Li", ""], ["Wang", ""]])
    assert writer.build(media_type="text/plain").text == "Signature\nName: Li\nName: Wang"
