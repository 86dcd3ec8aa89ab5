"""Markdown: structure kept, marks left out, nothing lost unsaid."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import EmptyDocumentError
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.samples import sample


def read(text: str) -> Document:
    return parse_source(Source(name="a.md", data=text.encode()), ParsingLimits())


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


def test_front_matter_gives_the_title_and_is_no_text() -> None:
    document = read("---\ntitle: 'The title'\nsidebar: 3\n---\n\nText.")
    assert (document.title, document.text) == ("The title", "Text.")


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


@pytest.mark.parametrize("text", ["---\ntitle: x\n---\n", "<!-- only a comment -->", "![](a.png)"])
def test_a_file_without_text_is_empty(text: str) -> None:
    with pytest.raises(EmptyDocumentError):
        read(text)


@pytest.mark.parametrize(
    "bait",
    [">" * 5000, "[" * 5000, "- " * 5000, "*a " * 8000, "`" * 20001, "|a" * 5000 + "\n" + "|-" * 5000],
)
def test_hostile_nesting_ends(bait: str) -> None:
    assert "end" in read(f"{bait}\n\nend").text
