"""Media types come from bytes; what can't be read is refused by name."""

import io
import zipfile

import pytest

from ingestion import sniff
from ingestion.errors import (
    CorruptFileError,
    EmptyDocumentError,
    EncryptedError,
    IngestionError,
    UnsupportedFormatError,
)
from ingestion.types import Source
from tests.ingestion.hostile import docx, packed, paragraph, zipped
from tests.ingestion.samples import sample


def kind(name: str, data: bytes, declared: str | None = None) -> str:
    return sniff.media_type_of(Source(name=name, data=data, media_type=declared))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("two_columns.pdf", sniff.PDF),
        ("paper.docx", sniff.DOCX),
        ("blog.html", sniff.HTML),
        ("io_processing_zh.md", sniff.MARKDOWN),
        ("shift_jis.csv", sniff.CSV),
    ],
)
def test_real_files_are_told_apart(name: str, expected: str) -> None:
    assert sniff.media_type_of(sample(name)) == expected


def test_bytes_win_over_a_wrong_name() -> None:
    assert kind("report.txt", sample("two_columns.pdf").data) == sniff.PDF
    assert kind("report.pdf", sample("paper.docx").data) == sniff.DOCX


def test_a_page_without_a_name_is_html_by_its_start() -> None:
    assert kind("download", b"\xef\xbb\xbf <!-- saved --> <!DOCTYPE html><p>x") == sniff.HTML
    assert kind("download", b"no tags here") == sniff.TEXT


def test_a_declared_type_decides_between_kinds_of_text_only() -> None:
    assert kind("note", b"# Title", "text/markdown; charset=utf-8") == sniff.MARKDOWN
    assert kind("note", b"# Title", "application/pdf") == sniff.TEXT


def test_utf16_is_text() -> None:
    assert kind("a.txt", "\ufeff中文和 English".encode("utf-16-le")) == sniff.TEXT
    assert kind("a.txt", "plain English text".encode("utf-16-be")) == sniff.TEXT


@pytest.mark.parametrize("data", [b"", b"   \n\t", b"\x00" * 100])
def test_empty_files_are_refused(data: bytes) -> None:
    with pytest.raises(EmptyDocumentError):
        kind("a.txt", data)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"ID3\x04" + bytes(50), "MP3"),
        (b"\x00\x00\x00 ftypM4A " + bytes(50), "MP4"),
        (b"\x1f\x8b\x08" + bytes(50), "gzip"),
        (bytes(range(256)) * 4, "not text"),
    ],
)
def test_other_formats_are_refused_by_name(data: bytes, word: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=word) as caught:
        kind("file.bin", data)
    assert caught.value.code == "unsupported_format"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(50), "image/webp"),
        (b"BM" + bytes(50), "image/bmp"),
    ],
)
def test_pictures_are_told_apart(data: bytes, media_type: str) -> None:
    assert kind("file.bin", data) == media_type


def test_words_that_look_like_a_magic_number_are_text() -> None:
    assert kind("a.txt", b"BMW makes cars. MZ is a pair of letters.") == sniff.TEXT


def test_an_office_file_with_a_password_is_encrypted() -> None:
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(EncryptedError):
        kind("a.docx", data)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.95])
def test_a_docx_cut_off_is_corrupt(share: float) -> None:
    data = sample("paper.docx").data
    with pytest.raises(CorruptFileError, match="DOCX"):
        kind("paper.docx", data[: int(share * len(data))])


def test_office_formats_are_told_by_their_parts() -> None:
    assert kind("x", docx(paragraph("a"))) == sniff.DOCX
    assert kind("x", packed({"ppt/presentation.xml": b"<x/>"})) == sniff.PPTX
    assert kind("x", packed({"xl/workbook.xml": b"<x/>"})) == sniff.XLSX


def test_a_zip_is_an_archive_unless_its_name_promises_more() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "text")
    assert kind("a.zip", buffer.getvalue()) == sniff.ZIP
    with pytest.raises(CorruptFileError, match="no DOCX content"):
        kind("a.docx", buffer.getvalue())


def test_a_damaged_declaration_is_a_damaged_file() -> None:
    data = bytearray(zipped({"mimetype": b"application/epub+zip" * 4}))
    start = 30 + len("mimetype")
    data[start : start + 6] = b"\xff" * 6
    with pytest.raises(CorruptFileError):
        kind("a.epub", bytes(data))


def test_every_error_has_a_code_and_a_hint() -> None:
    for error in IngestionError.__subclasses__():
        assert error.code != IngestionError.code
        assert error("what happened").hint.endswith(".")


def test_a_compound_file_that_tells_nothing_is_damaged() -> None:
    with pytest.raises(CorruptFileError, match="damaged"):
        kind("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


@pytest.mark.parametrize(
    "data",
    [
        b'<meta http-equiv="Content-Type" content="text/html"><table><tr><td>A-17</td></tr></table>',
        b"<table border=1><tr><td>A-17</td></tr></table>",
        b'<html xmlns:o="urn:schemas-microsoft-com:office:office"><body>x</body></html>',
        "\ufeff<html><body>价格</body></html>".encode("utf-16-le"),
    ],
)
@pytest.mark.parametrize("name", ["a.doc", "a.xls", "a"])
def test_pages_under_the_names_of_other_formats_are_pages(name: str, data: bytes) -> None:
    assert kind(name, data) == sniff.HTML


PAGE = (
    b"Subject: Backup\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n boundary=B\r\n\r\n--B\r\n"
)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.doc", b"Date: x\r\n" + PAGE, sniff.MHTML),
        ("a.mht", b"From: <Saved by Browser>\n" + PAGE, sniff.MHTML),
        ("a.eml", b"Snapshot-Content-Location: https://a.example/\r\n" + PAGE, sniff.MHTML),
        ("a.mht", b"To: a@example.org\r\n" + PAGE, sniff.EML),
        ("a.eml", PAGE, sniff.EML),
        ("mail", b"Received: x\r\n" + PAGE, sniff.EML),
        ("a.txt", b"Subject: an example\nFrom: me\n\nMIME-Version: 1.0", sniff.TEXT),
        ("a.bin", b"\xef\xbb\xbfBEGIN:VCALENDAR\r\nEND:VCALENDAR", sniff.CALENDAR),
    ],
)
def test_saved_pages_mails_and_calendars_are_told_by_their_first_lines(
    name: str, data: bytes, expected: str
) -> None:
    assert kind(name, data) == expected


def test_office_documents_in_one_xml_file_are_told_by_their_names_in_it() -> None:
    flat = (
        b'<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"/>'
    )
    old = b'<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"/>'
    assert [kind(name, flat) for name in ("a.doc", "a.xml")] == [sniff.FLAT_OFFICE] * 2
    assert [kind(name, old) for name in ("a.doc", "a.xml")] == [sniff.WORD_XML] * 2


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.csv", "<!DOCTYPE html><p>x</p>", sniff.HTML),
        ("a.txt", "<html><p>x</p></html>", sniff.HTML),
        ("a.md", "<html>\n\n# Title", sniff.MARKDOWN),
        ("a", "<div><p>x</p></div>", sniff.HTML),
        ("a.svg", "<svg><text>x</text></svg>", sniff.XML),
        ("a.txt", "<name> said: no </end>", sniff.TEXT),
        ("a.txt", "[1] A note, [2] another]", sniff.TEXT),
        ("a.txt", '{"a": 1, not JSON}', sniff.TEXT),
        ("a.txt", '{"a": 1}\n{"a": 2}', sniff.JSON),
        ("a.html", '<?xml version="1.0"?><html><p>x</p></html>', sniff.HTML),
        ("a", "Received: by x\nMessage-ID: <1@x>\nSubject: Hello\n\nHi.", sniff.EML),
        ("a.txt", "From: Anna\nTo: Bo\nSubject: Lunch\n\nA memo.", sniff.TEXT),
        ("a.txt", "From here on\nTo: it goes", sniff.TEXT),
        ("a.yaml", "a: 1\nb:\n  - c\n", sniff.TEXT),
        ("README", '<p align="center">\n<img src="x"></p>\n\n# Title\n\nText.\n', sniff.MARKDOWN),
        ("README.txt", "<div>logo</div>\n\n## Install\n\n<div>x</div>\n", sniff.MARKDOWN),
        ("a.doc", "<div>logo</div>\n<pre>\n# a comment\n</pre>", sniff.HTML),
        ("a.log", '{"a": 1}\nplain words\n{"a": 2}\n', sniff.TEXT),
        ("a.txt", "[[1, 2], [3, 4]]\nTwo matrices. [x]", sniff.TEXT),
        ("a.log", '{"a": 1},\n\n{"a": 2}\n', sniff.JSON),
        ("a.txt", "From the start in 2024\nSubject: none\n", sniff.TEXT),
        ("a.conf", "Host: x\nUser: y\nMessage-ID: z\n\n", sniff.TEXT),
        ("a.txt", "WEBVTT is a format of subtitles.\n", sniff.TEXT),
        ("a", "WEBVTT - Title\n\n00:01.000 --> 00:02.000\nHi.\n", sniff.SUBTITLES),
        ("a.xsl", '<?xml version="1.0"?><x:template><html><p>x</p></html></x:template>', sniff.XML),
        ("a.rss", '<?xml version="1.0"?><rss><item><![CDATA[<html><p>x]]></item></rss>', sniff.XML),
        ("a.xhtm", '<?xml version="1.0"?><?xml-stylesheet href="x"?><html><p>x</p></html>', sniff.HTML),
        ("a.vue", "<script>\nlet a = 1\n</script>\n<template><p>x</p></template>\n", sniff.TEXT),
        (
            "a.patch",
            "From 12ab Mon Sep 17 00:00:00 2001\nFrom: A <a@b.c>\nSubject: [PATCH] x\n\n",
            sniff.TEXT,
        ),
    ],
)
def test_text_is_told_by_what_it_shows(name: str, text: str, expected: str) -> None:
    assert kind(name, text.encode()) == expected
