"""No format takes more than in proportion: four times as much input takes about four times as long.

Time is the processor's, so that a busy machine changes little; each size is measured best of three. Work that grows
with the square takes sixteen times as long, so the bound lies between.
"""

import gc
import json
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace

import pytest

from ingestion import sniff
from ingestion.config import ParsingLimits
from ingestion.coverage import with_coverage
from ingestion.parsers import _CONTAINER_PARSERS, _EMBEDDING_PARSERS, _PARSERS, parse_source
from ingestion.pieces import pieces_of
from ingestion.types import Document, Source
from ingestion.wire import decode_reply, encode_document
from tests.ingestion.hostile import docx, paragraph, pdf, pdf_lines, zipped
from tests.ingestion.parsers.mail import test_mhtml, test_msg
from tests.ingestion.parsers.office import (
    test_binary_workbook,
    test_flat,
    test_pptx,
    test_spreadsheet_xml,
    test_word_xml,
    test_xlsx,
    word,
)
from tests.ingestion.parsers.web import test_epub
from tests.ingestion.samples import sample

GROWTH = 4
MOST = 8.0
TRIES = 3  # a neighbour on the machine slows one measurement, hardly three
LEAST_S = 0.04  # less is noise: the input is made larger until it takes so long
LIMITS = ParsingLimits(max_pages=100_000, max_unpack_ratio=100_000)
LOG = "2025-05-01T12:00:00Z INFO worker: took a job id=42 and went on\n"


CELL = (
    '<table:table-row><table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>'
    '<table:table-cell office:value-type="string"><text:p>b</text:p></table:table-cell></table:table-row>'
)


ROW_2003 = f"<Row>{test_spreadsheet_xml.cell('a') * 2}</Row>"
EVENT = b"BEGIN:VEVENT\nSUMMARY:Tour\nDTSTART:20240612T090000Z\nEND:VEVENT\n"
NOTE = {"cell_type": "markdown", "source": "A **note**."}


def table(n: int) -> str:
    return "<table>" + "<tr><td>a</td><td>b</td></tr>" * n + "</table>"


def mail(n: int) -> bytes:
    head = "From: a@b\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    return (head + "--b\nContent-Type: text/plain\n\nhi there\n" * n + "--b--\n").encode()


def long_text(n: int) -> bytes:
    return test_pptx.with_shapes(test_pptx.box(test_pptx.line("words") * n))


def slides(n: int) -> bytes:
    return test_pptx.deck(*(test_pptx.titled(f"Title {number}") for number in range(n)))


def book(n: int) -> bytes:
    return test_epub.book(*(test_epub.chapter(f"<p>Chapter {number}.</p>") for number in range(n)))


def page(n: int) -> bytes:
    rows = [(72 + 90 * (i % 5), 780 - 12 * (i // 5 % 60), f"word{i}") for i in range(n)]
    return pdf([pdf_lines(rows[i : i + 300]) for i in range(0, n, 300)])


# What grows, and how much of it there is to begin with; of each format that is read here, and of text the shapes
# that a parser is likeliest to look at again and again.
SHAPES: dict[str, tuple[str, int, Callable[[int], bytes]]] = {
    "log without blank lines": ("a.txt", 16_000, lambda n: (LOG * n).encode()),
    "statute": ("a.txt", 2000, lambda n: ("第一章 总则\n第一条 为了保护权益，制定本法。\n" * n).encode()),
    "one line": ("a.txt", 40_000, lambda n: b"word " * n),
    "one word": ("a.txt", 200_000, lambda n: b"a" * n),
    "full stops": ("a.txt", 100_000, lambda n: b"." * n),
    "quotes": ("a.txt", 10_000, lambda n: b'He said." ' * n),
    "Markdown, sections": ("a.md", 500, lambda n: b"# One\n\nText.\n\n## Two\n\nText.\n\n" * n),
    "Markdown, one paragraph": ("a.md", 2000, lambda n: LOG.encode() * n),
    "Markdown, imports in one line": ("a.md", 4000, lambda n: b"import a" + b" from 'x" * n),
    "Markdown, brackets": ("a.md", 2000, lambda n: b"[a](" * n),
    "Markdown, stars": ("a.md", 3000, lambda n: b"**a*b_" * n),
    "Markdown, backticks": ("a.md", 3000, lambda n: b"`a ``" * n),
    "Markdown, quotes": ("a.md", 500, lambda n: b"> a\n" * n + b"b\n" * n),
    "Markdown, table": ("a.md", 300, lambda n: b"|a|b|\n|-|-|\n" + b"|c|d|\n" * n),
    "Markdown, list": ("a.md", 500, lambda n: b"- a\n" * n),
    "HTML, paragraphs": ("a.html", 4000, lambda n: b"<html><body>" + b"<p>a b c</p>" * n),
    "HTML, table": ("a.html", 2000, lambda n: f"<html><body>{table(n)}".encode()),
    "HTML, inline": ("a.html", 4000, lambda n: b"<html><body><p>" + b"<b>a</b> " * n),
    "HTML, lists": ("a.html", 2000, lambda n: b"<html><body><ul>" + b"<li>a</li>" * n),
    "HTML, deep": ("a.html", 400, lambda n: b"<html><body>" + b"<div>" * n + b"a" + b"</div>" * n),
    "HTML, raised and beside": (
        "a.html", 1000, lambda n: b"<html><body>" + "a<sup>2</sup><ruby>北<rt>běi</rt></ruby>".encode() * n,
    ),
    "HTML, raised in raised": ("a.html", 400, lambda n: b"<html><body>" + b"<sup>" * n + b"2"),
    "HTML, formula": ("a.html", 400, lambda n: b"<html><body><math>" + b"<msup><mi>a</mi><mrow>" * n),
    "HTML, layouts": ("a.html", 200, lambda n: b"<html><body>" + b"<table><tr><td>a<td>b" * n),
    "HTML, panels and furniture": (
        "a.html", 500, lambda n: b"<html><body>" + b"<div class=nav hidden>a<a href=#b>c</a></div><p id=b>d" * n,
    ),
    "HTML, sections in sections": ("a.html", 400, lambda n: b"<html><body>" + b"<aside class=menu>a<s>" * n + b"b"),
    "HTML, markup in text": ("a.html", 4000, lambda n: b"<html><body>" + b"a < b <b <!--x--> " * n),
    "CSV, long": ("a.csv", 8000, lambda n: b"a,b\n" + b"1,2\n" * n),
    "CSV, wide": ("a.csv", 8000, lambda n: b"ab," * n + b"c\n" + b"1," * n + b"2\n"),
    "JSON, records": ("a.json", 4000, lambda n: json.dumps([{"a": i, "b": "x"} for i in range(n)]).encode()),
    "JSON, long names": ("a.json", 4000, lambda n: json.dumps({"k" * n: {str(i): i for i in range(n)}}).encode()),
    "JSON lines": ("a.jsonl", 4000, lambda n: b'{"a": 1, "b": "x"}\n' * n),
    "notebook": ("a.ipynb", 500, lambda n: json.dumps({"nbformat": 4, "cells": [NOTE] * n}).encode()),
    "subtitles": ("a.srt", 2000, lambda n: b"1\n00:00:01,000 --> 00:00:02,000\nWords of it\n\n" * n),
    "XML, records": ("a.xml", 1000, lambda n: b"<a>" + b"<b><c>x</c><d>y</d></b>" * n + b"</a>"),
    "XML, running text": ("a.xml", 1000, lambda n: b"<a>" + b"<p>x <b>y</b></p>" * n + b"</a>"),
    "encoded data": ("a.txt", 40_000, lambda n: b"Text. " + b"aB3x9ZqK" * n),
    "mailbox": ("a.mbox", 200, lambda n: b"From a@b Mon Jun  3 09:00:00 2024\nSubject: x\n\nhi there\n\n" * n),
    "mail, one part": ("a.eml", 8000, lambda n: b"From: a@b\nSubject: x\n\n" + LOG.encode() * n),
    "mail, many parts": ("a.eml", 150, mail),
    "calendar": ("a.ics", 500, lambda n: b"BEGIN:VCALENDAR\n" + EVENT * n + b"END:VCALENDAR\n"),
    "saved page": ("a.mht", 4000, lambda n: test_mhtml.page(test_mhtml.html("<p>a b c</p>" * n))),
    "DOCX in one file": ("a.doc", 500, lambda n: test_flat.flat(docx(paragraph("A paragraph.") * n))),
    "DOCX": ("a.docx", 500, lambda n: docx(paragraph("A paragraph.") * n)),
    **word.SHAPES,
    "Word 2003 XML": ("a.xml", 500, lambda n: test_word_xml.file(test_word_xml.paragraph("A paragraph.") * n)),
    "PPTX": ("a.pptx", 10, slides),
    "PPTX, one long text": ("a.pptx", 500, long_text),
    "XLSX": ("a.xlsx", 500, lambda n: test_xlsx.book({"S": [["a", "b"], *([i, "x"] for i in range(n))]})),
    "XLSB": ("a.xlsb", 100, lambda n: test_binary_workbook.xlsb([["a", "b"], *([float(i), "x"] for i in range(n))])),
    "ODS": ("a.ods", 1000, lambda n: test_binary_workbook.ods(CELL * n)),
    "XML Spreadsheet": ("a.xls", 1000, lambda n: test_spreadsheet_xml.workbook(ROW_2003 * n)),
    "EPUB": ("a.epub", 50, book),
    "PDF": ("a.pdf", 1500, page),
    "ZIP": ("a.zip", 300, lambda n: zipped({f"folder/{i}.txt": b"text" for i in range(n)})),
}  # fmt: skip


def read(source: Source) -> Document:
    """What reading costs a worker: the parser, the count of what it kept, and the way out of its process."""
    return decode_reply(encode_document(with_coverage(source, parse_source(source, LIMITS), LIMITS)))


def seconds(task: Callable[[], object]) -> float:
    """Of the processor; without the collector, which looks at all that earlier tests left."""
    gc.disable()
    try:
        began = time.process_time()
        task()
        return time.process_time() - began
    finally:
        gc.enable()


def best(task: Callable[[], object]) -> float:
    return min(seconds(task) for _ in range(3))


def assert_linear(n: int, task_of: Callable[[int], Callable[[], object]]) -> None:
    while seconds(task_of(n)) < LEAST_S:
        n *= GROWTH
    for _ in range(TRIES):
        small, larger = best(task_of(n)), task_of(GROWTH * n)
        for _ in range(3):  # the best of three counts, so the first that is good enough will do
            large = seconds(larger)
            if large / small < MOST:
                return
    pytest.fail(f"{n} take {small:.3f} s, {GROWTH * n} take {large:.3f} s")


@pytest.mark.parametrize("shape", SHAPES)
def test_reading_takes_no_more_than_in_proportion(shape: str) -> None:
    name, n, make = SHAPES[shape]
    assert_linear(n, lambda n: partial(read, Source(name=name, data=make(n))))


@pytest.mark.parametrize("shape", [shape for shape, (name, *_) in SHAPES.items() if name == "a.txt"])
def test_cutting_takes_no_more_than_in_proportion(shape: str) -> None:
    name, n, make = SHAPES[shape]
    documents = {k: read(Source(name=name, data=make(k))) for k in (n // 16, n // 4)}
    small, large = (best(partial(pieces_of, d, lambda text: len(text) // 4, 512)) for d in documents.values())
    assert large / small < MOST, f"{small:.3f} s, {large:.3f} s"


def test_time_of_an_outlook_item_grows_no_faster_than_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def item(n: int) -> bytes:
        found = test_msg.item(body=LOG * n, attachments=[])
        monkeypatch.setattr("oxmsg.Message", SimpleNamespace(load=lambda _: found))
        return sample("mail.msg").data

    assert_linear(2000, lambda n: partial(read, Source(name="a.msg", data=item(n))))


def test_every_format_has_a_shape() -> None:
    formats = {sniff.media_type_of(Source(name=name, data=make(4))) for name, _, make in SHAPES.values()}
    elsewhere = {
        *sniff.IMAGES,
        sniff.MSG,
        sniff.XLS,
    }  # pixels; the test above; as XLSB, and nothing writes it
    assert formats == {*_PARSERS, *_EMBEDDING_PARSERS, *_CONTAINER_PARSERS} - elsewhere
