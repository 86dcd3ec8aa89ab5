"""Lists carry the marks that the page shows."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.types import Source


def read(page: str) -> str:
    return parse_source(Source(name="a.html", data=f"<html><body>{page}".encode()), ParsingLimits()).text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<ol><li>a<li value=7>b<li>c</ol>", "1. a\n7. b\n8. c"),
        ("<ol type=a start=26><li>x<li>y</ol>", "z. x\naa. y"),
        ("<ol type=I start=4><li>x<li>y</ol>", "IV. x\nV. y"),
        ("<ol reversed><li>x<li>y</ol>", "2. x\n1. y"),
        ("<ol start=0><li>x</ol><ol start=-1><li>y</ol>", "0. x\n-1. y"),
        ("<ol style='list-style-type: lower-roman'><li>x<li>y</ol>", "i. x\nii. y"),
        ("<ol style='list-style:none'><li>1.1 x</ol>", "1.1 x"),
        ("<ol style='list-style-type:cjk-ideographic' start=10><li>甲<li>乙</ol>", "十、 甲\n十一、 乙"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n  - b\n2. c"),
        ("<ol><li><h3>Step</h3>Do it.</ol>", "1. Step\n\nDo it."),
        ("<dl><dt>Deposit<dd>300 euros<dt>A</dt><dt>B</dt><dd>c</dd></dl>", "Deposit: 300 euros\n\nA / B: c"),
        ("<dl><div><dt>Fee?</dt><dd><p>12</p><p>more</p></dd></div></dl>", "Fee? 12\n\nmore"),
        ("<dl><dt>Alone</dt></dl><p>x</p>", "Alone\n\nx"),
    ],
)
def test_items_and_terms(page: str, text: str) -> None:
    assert read(page) == text


def test_lines_of_code_and_paragraphs_end_where_the_page_ends_them() -> None:
    assert read("<pre>a<br>b\n  c<div>d</div><div>e</div></pre>") == "a\nb\n  c\nd\ne"
    assert read("First.<br><br>Second<br>line.") == "First.\n\nSecond line."
    assert read("<h1>Fleet<br>Handbook</h1>") == "Fleet Handbook"
