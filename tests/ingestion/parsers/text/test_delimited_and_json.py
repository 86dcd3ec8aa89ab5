"""CSV and JSON: every value with its name, in any encoding; what isn't a table or JSON is told."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EmptyDocumentError, IngestionError
from ingestion.parsers import parse_source
from ingestion.types import Document, Source
from tests.ingestion.samples import sample


def read(name: str, text: str) -> Document:
    return parse_source(Source(name=name, data=text.encode()), ParsingLimits())


def test_a_shift_jis_table_names_its_columns() -> None:
    document = parse_source(sample("shift_jis.csv"), ParsingLimits())
    assert document.text.split("\n")[0] == "名前：佐藤太郎 | 年齢：30 | 住所：東京"
    assert document.encoding == "cp932"


@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_separators_are_found(mark: str) -> None:
    assert (
        read("a.csv", f"name{mark}price\ntea{mark}3\nrice{mark}5\n").text
        == "name: tea | price: 3\nname: rice | price: 5"
    )


def test_quoted_cells_keep_separators_and_lines() -> None:
    assert read("a.csv", 'a,b\n"x, y","two\nlines"\n').text == "a: x, y | b: two lines"


def test_every_row_of_a_long_table_is_kept() -> None:
    rows = "\n".join(f"{number},value {number}" for number in range(1000))
    lines = [line for line in read("a.csv", f"id,what\n{rows}").text.split("\n") if line]
    assert lines == [f"id: {number} | what: value {number}" for number in range(1000)]


def test_json_values_stand_with_their_names() -> None:
    document = read(
        "a.json", '{"city": {"name": "北京", "people": 21}, "tags": ["a", "b"], "none": null, "ok": true}'
    )
    assert document.text == "city.name: 北京 | city.people: 21 | tags: a, b | ok: true"


def test_records_of_json_lines_and_of_a_list_are_blocks() -> None:
    long = "word " * 60
    lines = read("a.jsonl", f'{{"id": 1, "text": "{long}"}}\n\n{{"id": 2}}\n')
    assert lines.text == f"id: 1\n\ntext: {long.strip()}\n\nid: 2"
    assert read("a.json", '[{"a": 1}, {"a": 2}]').text == "a: 1\n\na: 2"


@pytest.mark.parametrize("text", ['{"a": 1', "not json", "[" * 100_000])
def test_what_is_not_json_is_corrupt(text: str) -> None:
    with pytest.raises(CorruptFileError, match="JSON"):
        read("a.json", text)


@pytest.mark.parametrize(("name", "text"), [("a.json", "{}"), ("a.json", "null"), ("a.csv", ",,\n,,")])
def test_nothing_inside_is_empty(name: str, text: str) -> None:
    with pytest.raises(EmptyDocumentError):
        read(name, text)


def test_a_hostile_table_ends() -> None:
    for text in ('"' * 200_001, "," * 200_000, '"a\n' * 50_000):
        try:
            assert read("a.csv", text).text
        except IngestionError as error:
            assert error.code in {"corrupt_file", "empty_document"}
