"""CSV and TSV: one table, each row with the names of its columns."""

import csv
import io

from ingestion.canonical import CanonicalWriter, clean_lines
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError
from ingestion.sniff import CSV
from ingestion.types import Document, Source

_DELIMITERS = ",\t;|"
_SAMPLE_LINES = 20
_ROWS_PER_BLOCK = 200


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a table of separated values; the first row names the columns.

    Raises:
        CorruptFileError: If the rows can't be told apart.
    """
    decoded = decode(source.data)
    text = clean_lines(decoded.text)
    writer = CanonicalWriter(limits)
    writer.drop("characters that could not be read", decoded.replaced)
    csv.field_size_limit(limits.max_text_chars)
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text)) if any(row)]
    except csv.Error as error:
        raise CorruptFileError("The rows of the table can't be told apart.") from error
    header, body = rows[:1], rows[1:]
    if not body:
        writer.table(header, header=False)
    for first in range(0, len(body), _ROWS_PER_BLOCK):
        writer.table(header + body[first : first + _ROWS_PER_BLOCK])
    return writer.build(media_type=CSV, encoding=decoded.encoding)


def _delimiter(text: str) -> str:
    """The separator that stands equally often in the first lines, and most often."""
    lines = [line for line in text[:20_000].split("\n") if line.strip()][:_SAMPLE_LINES]

    if not lines:
        return _DELIMITERS[0]

    def rank(delimiter: str) -> tuple[bool, int]:
        counts = [line.count(delimiter) for line in lines]
        return min(counts) > 0 and len(set(counts)) == 1, min(counts)

    return max(_DELIMITERS, key=rank)
