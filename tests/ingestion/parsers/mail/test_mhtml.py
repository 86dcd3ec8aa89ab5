"""Pages saved as one file, whatever they are called: root first, frames after it, pictures counted."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers import parse_source
from ingestion.types import Document, Source


def read(data: bytes, name: str = "a.mht") -> Document:
    return parse_source(Source(name=name, data=data), ParsingLimits())


def page(*parts: str, more: str = "") -> bytes:
    head = f'Subject: Exported\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="B"{more}\r\n\r\n'
    return (head + "".join(f"--B\r\n{part}\r\n" for part in parts) + "--B--\r\n").encode()


def html(body: str, where: str = "page.html", more: str = "") -> str:
    return (
        f"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n{more}"
        f"Content-Location: file:///C:/a/{where}\r\n\r\n<html><head><title>Ops &amp; more</title></head>"
        f"<body>{body}</body></html>"
    )


PICTURE = "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo="


@pytest.mark.parametrize("name", ["a.mht", "a.mhtml", "a.doc", "a.xls", "a.txt", "a"])
def test_a_saved_page_is_read_whatever_its_name(name: str) -> None:
    document = read(page(html("<h1>Backup</h1><p>Kept 备份四十五天.</p>"), PICTURE), name)
    assert document.text == "Backup\n\nKept 备份四十五天."
    assert document.title == "Ops & more"
    assert [(item.what, item.count) for item in document.dropped] == [("pictures", 1)]


def test_the_root_stands_first_and_sheets_follow() -> None:
    data = page(
        html("<p>Sheet one</p>", "sheet001.htm"),
        html("<p>Names</p>", "tabstrip.htm"),
        html("<p>Start</p>", "book.htm", more="Content-ID: <root>\r\n"),
        more='; start="<root>"',
    )
    document = read(data, "book.xls")
    assert document.text == "Start\n\nSheet one"
    assert [(item.what, item.count) for item in document.dropped] == [("page headers and tabs", 1)]


def test_a_page_that_is_the_whole_file_is_read() -> None:
    data = b"MIME-Version: 1.0\nContent-Type: text/html; charset=gb2312\n\n<p>" + "关于朱镕基".encode("gbk")
    assert read(data).text == "关于朱镕基"


def test_a_file_without_a_page_is_told() -> None:
    with pytest.raises(CorruptFileError, match="without a page"):
        read(page(PICTURE))
