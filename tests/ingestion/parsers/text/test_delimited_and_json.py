"""CSV and JSON: every value with its name, in any encoding; what isn't a table or JSON is told."""

import json

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EmptyDocumentError, IngestionError
from ingestion.parsers import parse_source
from ingestion.pieces import pieces_of
from ingestion.types import Document, Source
from tests.ingestion.samples import COUNT_TOKENS, sample


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


def lines(document: Document) -> list[str]:
    return [line for line in document.text.split("\n") if line]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sep=;\nName;Room\nIvana;204\n", ["Name: Ivana | Room: 204"]),
        ('"sep=;"\nName;Room\nIvana;204\n', ["Name: Ivana | Room: 204"]),
        (
            "Account statement\nPeriod,2024-01-01,2024-01-31\n\nDate,Payee,Amount\n2024-01-03,Waterworks,-48.20\n",
            [
                "Account statement",
                "Period | 2024-01-01 | 2024-01-31",
                "Date: 2024-01-03 | Payee: Waterworks | Amount: -48.20",
            ],
        ),
        ("Report of the year\n\nName,Price\nA,10\n", ["Report of the year", "Name: A | Price: 10"]),
        ("Report,,\n,,\nName,Price,Qty\nA,10,1\n", ["Report", "Name: A | Price: 10 | Qty: 1"]),
        (
            "Account:;DE12\nFrom:;01.01.2024\n\nDay;Text;Sum\n02.01.2024;Rent, January;-800,00\n",
            ["Account: | DE12", "From: | 01.01.2024", "Day: 02.01.2024 | Text: Rent, January | Sum: -800,00"],
        ),
        ("# made by x, y\n# in 2024\nid,name\n1,A\n", ["# made by x, y", "# in 2024", "id: 1 | name: A"]),
        ("#id,name\n1,A\n", ["id: 1 | name: A"]),
        (
            "Artikel;Preis;Lager\nSchraube M4, verzinkt;0,15;1200\n",
            ["Artikel: Schraube M4, verzinkt | Preis: 0,15 | Lager: 1200"],
        ),
        ('Name, Address\nIvana, "Mill road 4, north"\n', ["Name: Ivana | Address: Mill road 4, north"]),
        (
            'Name;Address\r\nIvana;"Mill road 4\r\n2nd floor"\r\n',
            ["Name: Ivana | Address: Mill road 4 2nd floor"],
        ),
        ('Name,Note\nA,"said \\"hi, there\\" to all"\n', ['Name: A | Note: said "hi, there" to all']),
        ("a,b\n1,2,3\n1\n2,2\n", ["a: 1 | b: 2 | 3", "1", "a: 2 | b: 2"]),
        ("Name,Price\nA,10\nMade on Monday\n", ["Name: A | Price: 10", "Made on Monday"]),
        ("1,2024-01-03\n2,2024-01-04\n", ["1 | 2024-01-03", "2 | 2024-01-04"]),
        ("1,5;2,5\n-3,5;4.000,5\n", ["1,5 | 2,5", "-3,5 | 4.000,5"]),
        ('name,notes\nA,"line 1\nline 2"\nB,x\n', ["name: A | notes: line 1 line 2", "name: B | notes: x"]),
        ("Name,Qty\nA,10\n\nB,20\n", ["Name: A | Qty: 10", "Name: B | Qty: 20"]),
        (
            "Staff\nName,City\nAnn,Riga\n\nRooms\nRoom,Seats\nBlue,12\n",
            ["Staff", "Name: Ann | City: Riga", "Rooms", "Room: Blue | Seats: 12"],
        ),
        (
            "Region,2023,,2024,\n,Q1,Q2,Q1,Q2\nOslo,1,2,3,4\n",
            ["Region: Oslo | 2023 Q1: 1 | 2023 Q2: 2 | 2024 Q1: 3 | 2024 Q2: 4"],
        ),
    ],
)
def test_tables_as_people_save_them(text: str, expected: list[str]) -> None:
    assert lines(read("a.csv", text)) == expected


def test_long_questions_name_the_columns_of_a_survey() -> None:
    question = "How satisfied are you with the overall quality of our service in 2024 (1-5)?"
    assert read("a.csv", f"When,{question}\n2024-01-01,5\n").text == f"When: 2024-01-01 | {question}: 5"


def test_a_gb18030_table_with_line_ends_in_cells() -> None:
    data = '编号;姓名;地址\n001;张喆;"海淀区\n中关村"\n'.encode("gb18030")
    document = parse_source(Source(name="a.csv", data=data), ParsingLimits())
    assert document.text == "编号：001 | 姓名：张喆 | 地址：海淀区 中关村"


def test_a_quote_that_nobody_closed_keeps_the_rows_below_apart() -> None:
    rows = "".join(f"P{number},{number}\n" for number in range(100))
    found = lines(read("a.csv", f'Name,Size\nPipe,"5 in\n{rows}'))
    assert found[0] == 'Name: Pipe | Size: "5 in'
    assert found[100] == "Name: P99 | Size: 99"


def test_no_column_of_a_very_wide_table_is_lost() -> None:
    names, values = ",".join(f"c{i}" for i in range(2500)), ",".join(f"{i}.5" for i in range(2500))
    text = read("a.csv", f"{names}\n{values}\n").text
    assert all(f"c{i}: {i}.5" in text for i in range(2500))


RECORDS = [{"id": f"EMP-{i:04}", "name": f"Person {i}", "city": "Riga", "badge": f"B{i}"} for i in range(80)]
ROWS = [f"id: EMP-{i:04} | name: Person {i} | city: Riga | badge: B{i}" for i in range(80)]


@pytest.mark.parametrize(
    ("name", "text", "first"),
    [
        ("a.json", json.dumps({"status": "ok", "data": RECORDS}), ["status: ok"]),
        ("a.json", json.dumps({"response": {"total": 80, "items": RECORDS}}), ["total: 80"]),
        ("a.json", json.dumps(RECORDS), []),
        ("a.json", "\n".join(map(json.dumps, RECORDS)), []),
        ("a.jsonl", "\ufeff" + "\n".join(map(json.dumps, RECORDS)), []),
        ("a.jsonl", "\n".join(json.dumps(record, indent=1) for record in RECORDS), []),
        ("a.json", "".join(map(json.dumps, RECORDS)), []),
        ("a.json", ",\n".join(map(json.dumps, RECORDS)), []),
        ("a.txt", json.dumps(RECORDS), []),
        ("export", "\n".join(map(json.dumps, RECORDS)), []),
    ],
)
def test_each_record_is_a_row_that_no_chunk_cuts(name: str, text: str, first: list[str]) -> None:
    document = read(name, text)
    assert lines(document) == first + ROWS
    pieces = pieces_of(document, COUNT_TOKENS, 64)
    whole = [document.text[piece.visible[0] : piece.visible[1]] for piece in pieces if piece.visible]
    assert whole == first + ROWS


def test_line_separators_inside_strings_part_nothing() -> None:
    document = read("a.jsonl", '{"q": "Fee?", "a": "It is\u202870 euros."}\n{"q": "x"}')
    assert document.text == "q: Fee? | a: It is 70 euros.\n\nq: x"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"EMP-1": {"name": "A"}, "EMP-2": {"name": "B"}}, ["EMP-1 | name: A", "EMP-2 | name: B"]),
        (
            {"columns": ["name", "qty"], "data": [["A", 1], ["B", 2]]},
            ["name: A | qty: 1", "name: B | qty: 2"],
        ),
        ([["name", "qty"], ["A", 1], ["B", 2]], ["name: A | qty: 1", "name: B | qty: 2"]),
        ({"staff": [{"id": 1}, {"id": 2}]}, ["staff.id: 1", "staff.id: 2"]),
        ([{"id": "A", "of": [{"n": 1}, {"n": 2}]}], ["id: A | of.n: 1 | of.n: 2"]),
        ({"body": "<b>Hi</b> there"}, ["body:", "Hi there"]),
        ({"body": "<p>Hello <b>x</b></p><p>You</p>"}, ["body:", "Hello x", "You"]),
    ],
)
def test_shapes_of_json(value: object, expected: list[str]) -> None:
    assert lines(read("a.json", json.dumps(value))) == expected


def test_parts_of_a_long_record_name_it() -> None:
    record = {"order": "A-18", "lines": [{"sku": f"S{i}", "note": "n" * 30} for i in range(40)]}
    assert (
        lines(read("a.json", json.dumps([record])))[7]
        == f"order: A-18 | lines.sku: S7 | lines.note: {'n' * 30}"
    )


def test_numbers_are_kept_as_they_are_written() -> None:
    assert (
        read("a.json", '{"a": 1.10, "b": 12345678901234567890.1230}').text
        == "a: 1.10 | b: 12345678901234567890.1230"
    )
    assert read("a.json", f'{{"a": {"9" * 5000}}}').text.count("9") == 5000


def test_a_broken_line_among_records_is_counted() -> None:
    document = read("a.jsonl", '{"a": 1}\n{"a": 2, bro\n{"a": 3}\n')
    assert lines(document) == ["a: 1", "a: 3"]
    assert [(item.what, item.count) for item in document.dropped] == [("lines that could not be read", 1)]


def test_a_row_over_the_maximum_is_cut_between_cells() -> None:
    document = read("a.json", json.dumps({f"name {i}": f"value no. {i}. And more" for i in range(40)}))
    pieces = pieces_of(document, COUNT_TOKENS, 64)
    assert len(pieces) > 3
    assert all(document.text[: piece.end].endswith(" | ") for piece in pieces[:-1])


def test_a_quote_in_a_short_table_that_nobody_closed_joins_no_rows() -> None:
    assert lines(read("a.csv", 'a,b\n"open,1\nx,2\ny,3\n')) == [
        'a: "open | b: 1',
        "a: x | b: 2",
        "a: y | b: 3",
    ]
    assert lines(read("a.csv", 'a,b\nPipe,"5 in\nRod,7\n'))[-2:] == ['Pipe | "5 in', "Rod | 7"]
    inches = 'item,size\n"Pipe, long",5" wide\n"Rod, short",7\n"Net, old",8\n'
    assert lines(read("a.csv", inches))[0] == 'item: Pipe, long | size: 5" wide'


def test_settings_with_comments_are_read() -> None:
    document = read("a.json", '// note\n{"a": 1, /* no */ "b": "http://x//y",\n "c": [1, 2,],\n "d": []}\n')
    assert lines(document) == ["a: 1 | b: http://x//y | c: 1, 2"]
    assert [(item.what, item.count) for item in document.dropped] == [("comments", 2)]
