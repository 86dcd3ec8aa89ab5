"""What stands above is copied to what stands below it within bounds, and marked where it is cut."""

import json

import pytest

from ingestion.canonical import CUT, HEADING_DEPTH, NAME_CHARS, CanonicalWriter, heading_path, short_name
from ingestion.chunker import chunk
from ingestion.config import ChunkingConfig, ParsingLimits
from ingestion.parsers import parse_source
from ingestion.sniff import MARKDOWN
from ingestion.types import Document, Source
from ingestion.wire import decode_reply, encode_document
from tests.ingestion.samples import BigramEncoder

LONG = 20_000
MOST_COPIED = NAME_CHARS * HEADING_DEPTH


def read(name: str, text: str) -> Document:
    return parse_source(Source(name=name, data=text.encode()), ParsingLimits())


HEADINGS = "".join(f"{'#' * level} Level {level} {'x' * LONG}\n\n" for level in range(1, 7))
PARAGRAPHS = "".join(f"Paragraph {number} says a little.\n\n" for number in range(300))


def test_long_headings_are_copied_to_a_bound() -> None:
    text = HEADINGS + PARAGRAPHS
    document = read("a.md", text)
    assert all(sum(map(len, block.heading_path)) <= MOST_COPIED for block in document.blocks)
    path = document.blocks[-1].heading_path
    assert [title[:7] for title in path] == [f"Level {level}" for level in range(1, 7)]
    assert all(title.endswith(CUT) and len(title) <= NAME_CHARS for title in path)
    assert "x" * LONG in document.text  # the heading itself is whole
    assert len(document.title) <= NAME_CHARS
    sent = encode_document(document)
    assert len(sent) < 2 * len(text)
    assert decode_reply(sent) == document


def test_chunks_carry_no_more_of_it_than_blocks() -> None:
    document = read("a.md", HEADINGS + PARAGRAPHS)
    chunks = chunk(
        document,
        encode=BigramEncoder(),
        count_tokens=lambda text: len(text) // 4,
        config=ChunkingConfig(max_tokens=64, target_tokens=32),
    )
    assert len(chunks) > 50
    assert all(sum(map(len, item.heading_path)) <= MOST_COPIED for item in chunks)


def test_deep_headings_keep_the_outermost_and_the_innermost_ones() -> None:
    writer = CanonicalWriter(ParsingLimits())
    for level in range(1, 30):
        writer.heading(level, f"h{level}")
    writer.paragraph("text")
    path = writer.build(media_type=MARKDOWN).blocks[-1].heading_path
    assert path == ("h1", CUT, "h24", "h25", "h26", "h27", "h28", "h29")
    assert len(path) == HEADING_DEPTH


def test_short_ones_stay_as_they_are() -> None:
    assert short_name("第一章 总则") == "第一章 总则"
    assert short_name("x" * NAME_CHARS) == "x" * NAME_CHARS
    assert short_name("x" * (NAME_CHARS + 1)) == "x" * (NAME_CHARS - 1) + CUT
    assert heading_path(["a"] * HEADING_DEPTH) == ("a",) * HEADING_DEPTH


ROWS = 200


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", f"|{'x' * LONG}|b|\n|-|-|\n" + "|1|2|\n" * ROWS),
        ("a.csv", f"{'x' * LONG},b\n" + "1,2\n" * ROWS),
        ("a.json", json.dumps({"x" * LONG: {str(number): number for number in range(ROWS)}})),
        ("a.jsonl", json.dumps({"x" * LONG: {str(number): number for number in range(ROWS)}})),
    ],
    ids=lambda value: value if len(value) < 9 else "",
)
def test_names_of_columns_and_values_are_copied_to_a_bound(name: str, text: str) -> None:
    document = read(name, text)
    assert len(document.text) < LONG + ROWS * (NAME_CHARS + 50)
    assert document.text.count(CUT) >= ROWS


def test_the_last_part_of_a_long_name_of_a_value_is_kept() -> None:
    text = read("a.json", json.dumps({"x" * LONG: {"size": 5, "colour": {"y" * LONG: {"z": "red"}}}})).text
    assert text.startswith("x" * 99 + "….size: 5")
    assert text.endswith(".z: red")
    assert len(text) < 3 * NAME_CHARS
