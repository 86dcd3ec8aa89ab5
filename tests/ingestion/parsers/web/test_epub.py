"""EPUB: chapters in the order of the spine; DRM, hostile and broken books end with a reason."""

import io
import random
import zipfile

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import (
    CorruptFileError,
    EmptyDocumentError,
    EncryptedError,
    IngestionError,
    LimitExceededError,
)
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source
from tests.ingestion.hostile import with_part

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
DOCTYPE = '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">'


def chapter(body: str) -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{DOCTYPE}<html xmlns="http://www.w3.org/1999/xhtml">'
        f"<head><title/></head><body>{body}</body></html>"
    )


def book(*chapters: str, media_type: str = "application/xhtml+xml", extra: str = "") -> bytes:
    """An EPUB whose spine is the reverse of its manifest, so that order is seen to matter."""
    items = [
        f'<item id="c{n}" href="text/part%20{n}.xhtml" media-type="{media_type}"/>'
        for n in range(len(chapters))
    ]
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>The Book</dc:title></metadata><manifest>{''.join(reversed(items))}{extra}</manifest>"
        f"<spine>{spine}</spine></package>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("OEBPS/book.opf", package)
        for number, text in enumerate(chapters):
            archive.writestr(f"OEBPS/text/part {number}.xhtml", text)
    return buffer.getvalue()


def read(data: bytes, limits: ParsingLimits | None = None) -> Document:
    return parse_source(Source(name="a.epub", data=data), limits or ParsingLimits())


def test_chapters_are_read_in_the_order_of_the_spine() -> None:
    document = read(
        book(chapter("<h1>One</h1><p>First&nbsp;text.</p>"), chapter("<h1>二</h1><p>第二章。</p>"))
    )
    assert document.text == "One\n\nFirst text.\n\n二\n\n第二章。"
    assert document.title == "The Book"
    assert [block.heading_path for block in document.blocks if block.kind is BlockKind.PARAGRAPH] == [
        ("One",),
        ("二",),
    ]


def test_elements_closed_at_once_and_notes_keep_the_text_around_them() -> None:
    body = '<p>a<a id="x"/> b<br/>c</p><div class="gap"/><aside epub:type="footnote"><p>a note</p></aside>'
    assert read(book(chapter(body))).text == "a b c\n\na note"


def test_pictures_and_missing_chapters_are_counted() -> None:
    data = with_part(
        book(chapter("<p>t</p><img src='x.png'/>"), chapter("gone")),
        "OEBPS/text/part 1.xhtml",
        lambda _: None,
    )
    assert {(item.what, item.count) for item in read(data).dropped} == {
        ("missing chapters", 1),
        ("pictures", 1),
    }


def test_encrypted_chapters_are_told_and_encrypted_fonts_do_no_harm() -> None:
    def lock(name: str) -> bytes:
        return (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
            'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData><enc:CipherData>'
            f'<enc:CipherReference URI="{name}"/></enc:CipherData></enc:EncryptedData></encryption>'
        ).encode()

    data = book(chapter("<p>t</p>"))
    with pytest.raises(EncryptedError, match="DRM"):
        read(with_part(data, "META-INF/encryption.xml", lambda _: lock("OEBPS/text/part%200.xhtml")))
    assert read(with_part(data, "META-INF/encryption.xml", lambda _: lock("OEBPS/font.otf"))).text == "t"


def test_no_chapter_reaches_a_file_of_the_machine() -> None:
    evil = (
        '<!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/passwd">]><html><body><p>text &e;</p></body></html>'
    )
    document = read(book(evil))
    assert "text &e;" in document.text
    assert "root:" not in document.text
    outside = book(
        chapter("<p>t</p>"), extra='<item id="c0" href="../../../etc/passwd" media-type="text/html"/>'
    )
    with pytest.raises(EmptyDocumentError):
        read(outside)


@pytest.mark.parametrize("part", ["META-INF/container.xml", "OEBPS/book.opf"])
def test_a_document_type_in_the_list_of_parts_is_refused(part: str) -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    evil = f'<!DOCTYPE w [<!ENTITY a0 "ha">{entities}]><w>&a9;</w>'
    with pytest.raises(CorruptFileError, match="document type"):
        read(with_part(book(chapter("t")), part, lambda _: evil.encode()))


def test_a_book_without_its_container_is_read_and_one_without_a_list_is_not() -> None:
    data = with_part(book(chapter("t")), "META-INF/container.xml", lambda _: None)
    assert read(data).text == "t"
    with pytest.raises(CorruptFileError, match="list of"):
        read(with_part(data, "OEBPS/book.opf", lambda _: None))


@pytest.mark.parametrize("mark", [None, b"\xef\xbb\xbfapplication/epub+zip", b"application/epub+zip\r\n"])
def test_a_missing_or_marked_type_is_no_obstacle(mark: bytes | None) -> None:
    data = with_part(book(chapter("<p>text</p>")), "mimetype", lambda _: mark)
    assert parse_source(Source(name="book", data=data), ParsingLimits()).text == "text"


def test_names_may_differ_in_case_and_an_old_document_type_does_no_harm() -> None:
    def old(package: bytes) -> bytes:
        return b'<!DOCTYPE package PUBLIC "a" "b.dtd">' + package.replace(b"text/part", b"Text/PART")

    assert read(with_part(book(chapter("<p>t</p>")), "OEBPS/book.opf", old)).text == "t"


def test_a_fault_in_the_list_of_parts_and_a_missing_order_lose_no_chapter() -> None:
    def break_it(package: bytes) -> bytes:
        return package.replace(b"<manifest>", b"<x:meta a='1' a='2'/>&nbsp;<manifest>")

    data = book(chapter("<p>t</p>"))
    assert read(with_part(data, "OEBPS/book.opf", break_it)).text == "t"
    unordered = with_part(data, "OEBPS/book.opf", lambda package: package.replace(b"<itemref", b"<other"))
    assert read(unordered).text == "t"


def test_chapters_of_another_type_are_told_by_their_content() -> None:
    assert read(book(chapter("<p>t</p>"), media_type="application/xml")).text == "t"


def test_notes_are_linked_by_their_number_even_if_hidden_or_in_another_file() -> None:
    first = (
        '<p>A swarm leaves in May.<a epub:type="noteref" href="#n1">1</a> It rests'
        '<a epub:type="noteref" href="part%201.xhtml#n2"><sup>2</sup></a> nearby.</p>'
        '<aside epub:type="footnote" id="n1" hidden="hidden"><p>Unless frost lasts.</p></aside>'
    )
    document = read(book(chapter(first), chapter('<div id="n2"><p>For an hour.</p></div>')))
    assert document.text == (
        "A swarm leaves in May.[1] It rests[2] nearby.\n\n[1] Unless frost lasts.\n\n[2] For an hour."
    )


def test_a_chapter_that_the_contents_name_is_not_under_the_heading_before() -> None:
    contents = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    chapters = chapter("<h1>One</h1><p>a</p>"), chapter("<p>b</p>"), chapter("<p>c</p>")
    data = book(*chapters, extra=contents)
    listed = '<ncx><navPoint><content src="text/part%202.xhtml#start"/></navPoint></ncx>'
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("OEBPS/toc.ncx", listed)
    paths = [block.heading_path for block in read(buffer.getvalue()).blocks]
    assert paths == [("One",), ("One",), ("One",), ()]


def test_navigation_with_sentences_sections_of_text_and_drawings_are_read() -> None:
    body = (
        '<nav class="sect"><p>In this chapter a hive is opened.</p></nav><p><![CDATA[a < b]]></p>'
        "<svg><title>icon</title><text>Comb</text></svg>"
    )
    assert read(book(chapter(body))).text == "In this chapter a hive is opened.\n\na < b\n\nComb"


def test_a_bomb_and_a_book_of_pictures_are_told() -> None:
    with pytest.raises(LimitExceededError) as caught:
        read(book(chapter("<p>" + "a" * 9_000_000 + "</p>")))
    assert "bomb" in caught.value.hint
    with pytest.raises(EmptyDocumentError):
        read(book("<svg/>", media_type="image/svg+xml"))


def test_cut_off_and_damaged_books_end_as_a_reason() -> None:
    data, chance = book(*[chapter(f"<h1>{n}</h1><p>{'word ' * 50}</p>") for n in range(4)]), random.Random(2)
    for share in (0.1, 0.5, 0.9):
        with pytest.raises(CorruptFileError):
            read(data[: int(share * len(data))])
    for _ in range(15):
        damaged = bytearray(data)
        for _ in range(15):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        try:
            assert read(bytes(damaged)).text
        except IngestionError as error:
            assert error.code in {"corrupt_file", "unsupported_format", "empty_document", "encrypted"}
