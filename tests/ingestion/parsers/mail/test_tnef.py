"""Outlook's wrapping (winmail.dat): files under their long names, the body where it is sent nowhere else."""

import base64
import struct

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import IngestionError
from ingestion.parsers import parse_source
from ingestion.parsers.mail.tnef import read_tnef
from ingestion.types import Document, Source
from tests.ingestion.samples import PLAIN_RTF, stored

BODY, TITLE, DATA, RENDERING = 0x0002800C, 0x00018010, 0x0006800F, 0x00069002
FILE_PROPERTIES, PROPERTIES, CODE_PAGE = 0x00069005, 0x00069003, 0x00069007


def attribute(kind: int, value: bytes, level: int = 1) -> bytes:
    return struct.pack("<BII", level, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def variable(kind: int, number: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, number, 1, len(value)) + value + bytes(-len(value) % 4)


def properties(*items: bytes) -> bytes:
    named = struct.pack("<HH16xIII", 0x03, 0x8001, 1, 6, 0)[:-4] + b"n\0a\0\0\0\0\0" + struct.pack("<I", 7)
    numbers = struct.pack("<HHI", 0x03, 0x0E07, 1) + struct.pack("<HHI2I", 0x1003, 0x0E08, 2, 1, 2)
    return struct.pack("<I", len(items) + 3) + numbers + named + b"".join(items)


def wrapped(*attributes: bytes) -> bytes:
    return (
        b"\x78\x9f\x3e\x22\x01\x00"
        + attribute(CODE_PAGE, struct.pack("<II", 936, 0), 1)
        + b"".join(attributes)
    )


FILE = (
    attribute(RENDERING, bytes(14)),
    attribute(TITLE, b"OFFER~1.TXT\0"),
    attribute(DATA, b"Valid until May."),
    attribute(FILE_PROPERTIES, properties(variable(0x1F, 0x3707, "报价单.txt\0".encode("utf-16-le")))),
)


def read(data: bytes, text: str = "") -> tuple[Document, dict[str, bytes]]:
    plain = f"--B\r\nContent-Type: text/plain\r\n\r\n{text}\r\n" if text else ""
    mail = (
        f'From: a@b.org\r\nSubject: Offer\r\nContent-Type: multipart/mixed; boundary="B"\r\n\r\n{plain}--B\r\n'
        'Content-Type: application/ms-tnef; name="winmail.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    kept: dict[str, bytes] = {}
    source = Source(name="a.eml", data=mail.encode() + base64.encodebytes(data) + b"--B--\r\n")
    return parse_source(source, ParsingLimits(), kept.__setitem__), kept


def test_files_are_handed_on_and_the_body_is_not_read_twice() -> None:
    document, kept = read(wrapped(attribute(BODY, b"The price is 5.\0"), *FILE), "The price is 5.")
    assert document.text == "Offer\n\nFrom: a@b.org\n\nThe price is 5."
    assert kept == {"报价单.txt": b"Valid until May."}


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ([attribute(BODY, "价格是 5。\0".encode("gbk"))], "价格是 5。"),
        ([attribute(PROPERTIES, properties(variable(0x102, 0x1009, stored(PLAIN_RTF))))], "Hello big world"),
        ([attribute(PROPERTIES, properties(variable(0x102, 0x1013, "<p>价格</p>".encode("gbk"))))], "价格"),
        (
            [attribute(BODY, b"flat"), attribute(PROPERTIES, properties(variable(0x102, 0x1009, b"LZFu")))],
            "flat",
        ),
    ],
)
def test_the_body_is_read_where_it_stands_nowhere_else(attributes: list[bytes], text: str) -> None:
    assert read(wrapped(*attributes))[0].text.startswith(f"Offer\n\nFrom: a@b.org\n\n{text}")


def test_the_body_of_a_forwarded_mail_is_read_whatever_stands_around_it() -> None:
    inner = base64.encodebytes(wrapped(attribute(BODY, b"Room 12.\0"))).decode()
    mail = (
        "From: a@b.org\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nSee below.\n--B\n"
        "Content-Type: message/rfc822\n\nSubject: Inner\nContent-Type: application/ms-tnef\n"
        f"Content-Transfer-Encoding: base64\n\n{inner}--B--\n"
    )
    document = parse_source(Source(name="a.eml", data=mail.encode()), ParsingLimits())
    assert document.text.endswith("See below.\n\nInner\n\nRoom 12.")


def test_what_was_cut_off_gives_what_stands_before() -> None:
    whole = wrapped(attribute(BODY, b"The price is 5.\0"), *FILE)
    for length in range(len(whole)):
        try:
            assert read(whole[:length])[0].text.startswith("Offer")
        except IngestionError as error:
            assert error.code == "empty_document"
    assert read_tnef(b"anything else") is None
