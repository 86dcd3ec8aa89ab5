"""Markdown: structure kept, marks left out, nothing lost unsaid."""

import time

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import EmptyDocumentError
from ingestion.gibberish import ENCODED_DATA
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.samples import sample


def read(text: str, *, keep_hidden: bool = False) -> Document:
    return parse_source(Source(name="a.md", data=text.encode()), ParsingLimits(keep_hidden=keep_hidden))


def kinds(document: Document) -> list[tuple[str, str]]:
    return [(block.kind.value, document.text[block.start : block.end]) for block in document.blocks]


def test_structure_is_kept_and_marks_are_left_out() -> None:
    document = read(
        "# Title\n\nSome **bold** and `code` and [a link](http://x.y).\n\n> a quote\n\n- one\n- two\n  1. deep\n"
        "\n```sh\nls  -l\n\n  cd\n```\n"
    )
    assert kinds(document) == [
        ("heading", "Title"),
        ("paragraph", "Some bold and code and a link."),
        ("quote", "a quote"),
        ("list_item", "- one"),
        ("list_item", "- two"),
        ("list_item", "  1. deep"),
        ("code", "ls  -l\n\n  cd"),
    ]
    assert document.title == "Title"
    assert [(item.what, item.count) for item in document.dropped] == [("link targets", 1)]


def test_each_table_row_names_its_columns() -> None:
    document = read("| Option | 默认值 |\n|---|---|\n| `--a` | 1 |\n| `--b` | |\n")
    assert document.text == "Option: --a | 默认值：1\nOption: --b"


def test_heading_paths_follow_the_levels() -> None:
    document = read("# A\n\n## B\n\ntext\n\n## C\n\n### D\n\nmore\n\n# E\n\nlast")
    paths = [block.heading_path for block in document.blocks if block.kind is BlockKind.PARAGRAPH]
    assert paths == [("A", "B"), ("A", "C", "D"), ("E",)]


def test_numbers_of_a_list_are_kept() -> None:
    assert read("3. three\n4. four").text == "3. three\n4. four"


def test_marks_of_documentation_sites_are_left_out() -> None:
    document = read(
        "import Tabs from '@theme/Tabs';\n\n# Title {#title-id}\n\n:::tip Note\nMind this.\n:::\n\n<!-- hidden -->\n"
        "\n<Tabs>\n\nInside.\n\n</Tabs>\n\n![logo](a.png)\n\n![The flow of a write request](b.png)\n"
    )
    assert document.text.split("\n\n") == [
        "Title",
        "Note",
        "Mind this.",
        "Inside.",
        "The flow of a write request",
    ]
    assert {item.what for item in document.dropped} == {"comments", "pictures"}


def test_wrapped_chinese_lines_join_without_a_space() -> None:
    assert (
        read("数据引擎\n保存数据，\nand English\ngoes on.").text == "数据引擎保存数据， and English goes on."
    )


def test_imports_inside_code_are_kept() -> None:
    assert read("```\nimport a from 'b';\n```").text == "import a from 'b';"


@pytest.mark.parametrize("name", ["io_processing_en.md", "io_processing_zh.md"])
def test_real_pages_keep_all_their_words(name: str) -> None:
    document = parse_source(sample(name), ParsingLimits())
    assert document.language == name[-5:-3]
    for word in ("JuiceFS", "4 MiB", "--buffer-size", "FUSE"):
        assert word in document.text
    assert "](" not in document.text
    assert "**" not in document.text


@pytest.mark.parametrize("text", ["---\nslug: x\n---\n", "<!-- only a comment -->", "![](a.png)"])
def test_a_file_without_text_is_empty(text: str) -> None:
    with pytest.raises(EmptyDocumentError):
        read(text)


@pytest.mark.parametrize(
    "bait",
    [">" * 5000, "[" * 5000, "- " * 5000, "*a " * 8000, "`" * 20001, "|a" * 5000 + "\n" + "|-" * 5000],
)
def test_hostile_nesting_ends(bait: str) -> None:
    assert "end" in read(f"{bait}\n\nend").text


def dropped(document: Document) -> dict[str, int]:
    return {item.what: item.count for item in document.dropped}


def test_html_tables_are_read_as_tables() -> None:
    document = read(
        "# Gear\n\n<table><tr><th>Item</th><th>Shelf</th></tr><tr><td>Rope</td><td>B7</td></tr></table>\n\nEnd."
    )
    assert document.text == "Gear\n\nItem: Rope | Shelf: B7\n\nEnd."


def test_blank_lines_and_markdown_inside_an_html_table_belong_to_it() -> None:
    document = read(
        "<table>\n<tr><th>Name</th><th>Value</th></tr>\n\n<tr><td>\n\n**Rope** `x|y`\n\n</td><td>12</td></tr>\n</table>"
    )
    assert document.text == "Name: Rope x|y | Value: 12"


@pytest.mark.parametrize("kind", ["image/jpg", "image/svg+xml", "image/webp", "application/pdf"])
def test_pictures_in_data_addresses_are_left_out_and_counted(kind: str) -> None:
    data = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX" * 400
    document = read(
        f"# Report\n\n![chart](data:{kind};base64,{data})\n\n![other][1]\n\nThe limit is 55 bar.\n\n"
        f"[1]: <data:{kind};base64,{data}>"
    )
    assert document.text == "Report\n\nThe limit is 55 bar."
    assert dropped(document)["pictures"] == 2
    assert dropped(document)[ENCODED_DATA] > 25_000


def test_a_picture_written_as_svg_in_its_address_is_left_out() -> None:
    svg = 'data:image/svg+xml;utf8,<svg xmlns="http://x.y" width="9"><text>no</text></svg>'
    assert read(f"Before ![a]({svg}) after.").text == "Before after."


def test_placeholders_and_types_are_text() -> None:
    text = "Run it with <api-token> and Map<String, List<Item>>, cp <source> <target>, <your name>; 5 < 6."
    assert read(text).text == text
    assert read("<api-key>\n\nInside.").text == "<api-key>\n\nInside."


def test_components_and_marks_of_html_are_no_text() -> None:
    assert (
        read('A <Badge type="tip" text="new"/> and <b>bold</b> x.<br>Next <kbd>Ctrl</kbd>').text
        == "A and bold x. Next Ctrl"
    )


def test_powers_readings_struck_text_and_boxes() -> None:
    document = read(
        "10<sup>6</sup> of H<sub>2</sub>O, <ruby>踟<rt>chí</rt>蹰<rt>chú</rt></ruby>, ~~old~~ <del>older</del> new\n\n"
        '- [x] done\n- [ ] open\n\n<input type="checkbox" checked> yes'
    )
    assert document.text == "10^6 of H2O, 踟蹰, new\n\n- [x] done\n- [ ] open\n\n[x] yes"
    assert dropped(document) == {"readings beside characters": 2, "struck text": 2}


def test_a_setting_keeps_struck_text() -> None:
    document = read("~~old~~ <del>older</del> new", keep_hidden=True)
    assert document.text == "old older new"
    assert document.dropped == ()


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ("| `a|b` | x |", "Key: a|b | Meaning: x"),
        (r"| `a \| b` | x |", "Key: a | b | Meaning: x"),
        ("| a | b | c |", "Key: a | Meaning: b | c"),
        ("| a | one<br>two<br/>three |", "Key: a | Meaning: one two three"),
        ("| a | <ul><li>one</li><li>two</li></ul> |", "Key: a | Meaning: one two"),
        ("a | b", "Key: a | Meaning: b"),
    ],
)
def test_cells_of_pipe_tables(cells: str, text: str) -> None:
    assert read(f"Text:\n| Key | Meaning |\n| --- | --- |\n{cells}\n").text == f"Text:\n\n{text}"


def test_a_table_with_an_empty_header_has_no_names() -> None:
    assert read("| | |\n|-|-|\n| Owner | Anna |\n| City | Riga |").text == "Owner | Anna\nCity | Riga"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            ("Owner | Helga Brandt", "Chassis number | WKX-55871"),
            "Owner | Helga Brandt\nChassis number | WKX-55871",
        ),
        (
            ("Project | Northern Lights", "Start | 3 May 2024", "Lead | Anna Berg"),
            "Project | Northern Lights\nStart",
        ),
        (("Voltage | 230 V", "Power | 1500 W"), "Voltage | 230 V\nPower | 1500 W"),
        (("§ 3 | Rest days", "§ 4 | Night work"), "§ 3 | Rest days\n§ 4 | Night work"),
        (("姓名 | 王芳", "电话 | 13800000000"), "姓名 | 王芳\n电话 | 13800000000"),
        (("Owner | Age", "Helga | 41"), "Owner: Helga | Age: 41"),
        (("Name | Installing Paths", "Hadoop 3 | /opt/hadoop", "Spark | jars"), "Name: Hadoop 3"),
        (("Department | Team Lead", "Sales | Anna Berg", "Support | Tomas Ek"), "Department: Sales"),
        (("Year | 2023", "Revenue | 1200", "Cost | 900"), "Year: Revenue | 2023: 1200"),
        (("名称 | 默认值", "block-size | 4096"), "名称：block-size | 默认值：4096"),
    ],
)
def test_a_pipe_table_of_two_columns_may_begin_with_a_pair(rows: tuple[str, ...], text: str) -> None:
    assert read("\n".join(f"| {row} |" for row in (rows[0], "--- | ---", *rows[1:]))).text.startswith(text)


def test_footnotes_stand_below_the_text_that_refers_to_them() -> None:
    document = read(
        "Brood[^1] and more[^b].\n\nLast.\n\n[^1]: 21 days\n    in all.\n\n[^b]: https://x.y\n\n[^c]: Draft"
    )
    assert document.text.split("\n\n") == [
        "Brood[^1] and more[^b].",
        "[^1]: 21 days in all.",
        "[^b]: https://x.y",
        "Last.",
        "[^c]: Draft",
    ]


@pytest.mark.parametrize(
    "formula",
    [
        "$x_{max} = 2*3*4$",
        r"$\{3, 4\}$",
        r"\(a_1*b*c\)",
        r"\[ x*y*z \]",
        "2*3*4 = 24",
        "3 * 4 * 5 = 60",
        "$5 and $6",
    ],
)
def test_formulas_keep_their_marks(formula: str) -> None:
    assert read(f"The set is {formula} here.").text == f"The set is {formula} here."


def test_a_formula_on_its_own_lines_is_a_paragraph() -> None:
    assert read("Text.\n\n$$\na\n- b\n= c * d * e\n$$\n\nEnd.").text == "Text.\n\na - b = c * d * e\n\nEnd."


@pytest.mark.parametrize(
    "matter",
    [
        '---\ntitle: "Rates"\ndate: 2024-05-01\ntags: [bank, loan]\nauthors:\n  - Anna\n  - Bo\nslug: /x\n---\n',
        '+++\ntitle = "Rates"\ndate = 2024-05-01\ntags = ["bank", "loan"]\n'
        'authors = [\n  "Anna",\n  "Bo",\n]\nslug = "x"\n+++\n',
    ],
)
def test_values_of_front_matter_are_kept(matter: str) -> None:
    document = read(f"{matter}\nThe rate is 3 percent.")
    assert document.title == "Rates"
    assert document.text.split("\n\n") == [
        "Rates",
        "date: 2024-05-01 | tags: bank, loan | authors: Anna, Bo",
        "The rate is 3 percent.",
    ]
    assert dropped(document) == {"settings of the page": 1}


def test_a_title_of_front_matter_is_written_once() -> None:
    assert read("---\ntitle: Rates\n---\n# Rates of 2024\n\nText.").text == "Rates of 2024\n\nText."


@pytest.mark.parametrize(
    "bait",
    ["[^", "<table>\n\n", "<!--", "$a ", "data:image/svg+xml,<svg ", "| `a|b` | c | d |\n", "\\[ x_", "<a "],
)
def test_hostile_marks_end_soon(bait: str) -> None:
    began = time.process_time()
    assert "The end" in read(bait * 3000 + "\n\n--> The end").text
    assert time.process_time() - began < 5


def test_the_description_of_a_page_is_prose() -> None:
    text = (
        "---\ntitle: Ducks\ndescription: Ducks swim on ponds.\nauthor: Anna\n---\n# Ducks\n\nThey eat weed."
    )
    document = parse_source(Source(name="a.md", data=text.encode()), ParsingLimits())

    assert document.text.split("\n\n") == ["Ducks swim on ponds.", "author: Anna", "Ducks", "They eat weed."]
