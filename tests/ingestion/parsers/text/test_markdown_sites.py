"""Markdown of documentation sites: labels of tabs, admonitions, module code."""

import time

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers.text.markdown import parse
from ingestion.types import Document, Source


def read(text: str) -> Document:
    return parse(Source(name="a.mdx", data=text.encode()), ParsingLimits())


def blocks(text: str) -> list[str]:
    return read(text).text.split("\n\n")


def test_the_label_of_a_tab_stands_above_its_content() -> None:
    text = (
        '<Tabs groupId="os">\n  <TabItem value="win" label="Windows" default>\n\nRun `setup.exe`.\n\n  </TabItem>\n'
        '  <TabItem value="ubuntu">\n\n```bash\napt install x\n```\n\n  </TabItem>\n'
        "  <TabItem value=\"mac\" label={'macOS 系统'}>\n\nbrew\n\n  </TabItem>\n</Tabs>\n"
    )
    assert blocks(text) == ["Windows", "Run setup.exe.", "ubuntu", "apt install x", "macOS 系统", "brew"]


def test_the_label_of_a_tab_inside_a_line_or_a_list_is_kept() -> None:
    assert blocks(
        '<Tabs><TabItem label="Arch">pacman</TabItem><TabItem label="Deb">apt</TabItem></Tabs>'
    ) == ["Arch: pacman Deb: apt"]
    text = '1. One\n\n   <Tabs>\n     <TabItem value="m" label="Maven">\n\n   text\n\n     </TabItem>\n   </Tabs>\n'
    assert "Maven" in read(text).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<Card title="Quick start" href="/x">\n\nBegin.\n\n</Card>', ["Quick start", "Begin."]),
        ('```yaml title="compose.yml"\na: 1\n```', ["compose.yml", "a: 1"]),
        (
            '!!! note "Mind"\n    One **two**.\n\n    Three.\n\nAfter.',
            ["Mind", "One two.", "Three.", "After."],
        ),
        ("??? question\n    Why?", ["Question", "Why?"]),
        ('!!! warning ""\n    Text.', ["Text."]),
        (
            '=== "Ubuntu"\n\n    ```sh\n    apt\n    ```\n\n=== "Fedora"\n\n    dnf',
            ["Ubuntu", "apt", "Fedora", "dnf"],
        ),
        (":::tip[Your way]\nA.\n:::", ["Your way", "A."]),
        ('::: {.callout-note title="Care"}\nB.\n:::', ["Care", "B."]),
        ("```md\n:::tip Note\nx\n:::\n```", [":::tip Note\nx\n:::"]),
        ("> [!WARNING]\n> Keep it cool.", ["Warning: Keep it cool."]),
        (
            'Text !!! note here.\n=== "No tab" without a body',
            ['Text !!! note here. === "No tab" without a body'],
        ),
    ],
)
def test_blocks_of_documentation_sites(text: str, expected: list[str]) -> None:
    assert blocks(text) == expected


def test_module_code_and_comments_are_left_out() -> None:
    document = read(
        "import A from 'a';\nimport {\n  B,\n} from 'b';\n\nexport const X = ({c}) => (\n  <div>{c}</div>\n);\n\n"
        "{/* nobody\n\nsees this */}\n\nSeen.\n\n```js\nexport const y = 1;\n```\n\nimport data from a file\n\n"
        "export default settings to a file\n"
    )
    assert document.text.split("\n\n") == [
        "Seen.", "export const y = 1;", "import data from a file", "export default settings to a file",
    ]  # fmt: skip
    assert [(item.what, item.count) for item in document.dropped] == [("comments", 1)]


@pytest.mark.parametrize(
    "unit", ["!!! a\n", '=== "a"\n\n', "{/*\n\n", "export const a\n", "import {\n\n", ":::a\n"]
)
def test_marks_that_are_never_closed_take_no_long_time(unit: str) -> None:
    start = time.process_time()
    read(unit * (40_000 // len(unit)) + "end")
    assert time.process_time() - start < 3


def test_admonitions_inside_each_other_have_a_bound() -> None:
    text = "".join("    " * depth + "!!! a\n" for depth in range(300)) + "    " * 300 + "x\n\nEnd."
    assert read(text).text.endswith("End.")
