"""The canonical text: what stands in a table is all there."""

import pytest

from ingestion.canonical import CanonicalWriter, clean_lines
from ingestion.config import ParsingLimits


def test_a_column_without_cells_keeps_its_name() -> None:
    writer = CanonicalWriter(ParsingLimits())
    writer.table([["Name", "Signature"], ["Li", ""], ["Wang", ""]])
    assert writer.build(media_type="text/plain").text == "Signature\nName: Li\nName: Wang"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("第一条\u3000内容\tplain\r\nnext\rlast", "第一条\u3000内容\tplain\nnext\nlast"),
        ("one\vtwo\x0cthree\x1ffour", "one two three four"),
        ("one\x85two\u2028three", "one\ntwo\nthree"),
        ("N\bNA\bA \x1b[1mbold\x1b[0m", "NA bold"),
        ("so\u00adft\u200b\ufeff\x00 end", "soft end"),
    ],
)
def test_lines_keep_their_spacing_and_lose_what_is_unseen(text: str, cleaned: str) -> None:
    assert clean_lines(text) == cleaned
