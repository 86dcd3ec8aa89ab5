"""E-mail: headers in any encoding, the richest body, forwarded mails; encrypted, hostile and broken ones are told."""

import random
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EncryptedError, IngestionError
from ingestion.parser_process import ParserProcess
from ingestion.parsers import parse_source
from ingestion.types import BlockKind, Document, Source


def read(data: bytes) -> Document:
    return parse_source(Source(name="a.eml", data=data), ParsingLimits())


def mail(subject: str = "Offer", body: str = "The price is 5.") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Li Wei <li@example.org>"
    message["To"] = "a@example.org, b@example.org"
    message["Date"] = "Mon, 06 May 2024 10:00:00 +0800"
    message.set_content(body)
    return message


HEAD = (
    "From: Li Wei <li@example.org> | To: a@example.org, b@example.org | Date: Mon, 06 May 2024 10:00:00 +0800"
)


def test_headers_and_body_are_read() -> None:
    document = read(bytes(mail("报价 2024")))
    assert document.text == f"报价 2024\n\n{HEAD}\n\nThe price is 5."
    assert document.title == "报价 2024"
    assert document.blocks[-1].heading_path == ("报价 2024",)


def test_of_two_forms_of_a_body_the_one_with_structure_is_read() -> None:
    message = mail()
    message.add_alternative("<ul><li>one</li><li>two</li></ul><p>Offer body</p>", subtype="html")
    assert read(bytes(message)).text.endswith(f"{HEAD}\n\n- one\n- two\n\nOffer body")


def test_plain_lines_are_joined_where_a_program_broke_them() -> None:
    body = (
        "This is a line that was broken by the program at seventy-two columns,\n"
        "and goes on here.\nShort line\nAnother\n\n- first\n- second\n\n> quoted words\n> of the sender\n"
    )
    document = read(bytes(mail(body=body)))
    assert document.text.endswith(
        "at seventy-two columns, and goes on here.\n\nShort line\n\nAnother\n\n- first\n- second\n\n"
        "quoted words\n\nof the sender"
    )
    assert document.blocks[-1].kind is BlockKind.QUOTE


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-8"])
def test_old_mails_with_bare_bytes_are_read(encoding: str) -> None:
    text = "會議紀要：我們的時間是在這個地方" if encoding == "big5" else "会议纪要：我们的时间是在这个地方"
    data = f"From: a@b.cn\r\nSubject: {text}\r\n\r\n{text}。".encode(encoding)
    document = read(data)
    assert document.title == text
    assert document.text.endswith("。")


def test_forwarded_mails_are_read_and_attachments_counted() -> None:
    message = mail()
    message.add_attachment(mail("Inner", "Inner words."))
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="a.pdf")
    message.add_attachment("notes", filename="notes.txt")
    document = read(bytes(message))
    assert document.text == f"Offer\n\n{HEAD}\n\nThe price is 5.\n\nInner\n\n{HEAD}\n\nInner words."
    assert [(item.what, item.count) for item in document.dropped] == [("attachments", 2)]


def test_encrypted_mails_and_files_that_are_no_mail_are_told() -> None:
    head = b"From: a@b.org\r\nContent-Type: multipart/encrypted; boundary=x\r\n\r\n"
    with pytest.raises(EncryptedError):
        read(head + b"--x\r\nContent-Type: application/octet-stream\r\n\r\nabc\r\n--x--\r\n")
    with pytest.raises(CorruptFileError, match="header"):
        read(b"Just some words\n\nand more")


def test_deep_nesting_and_lying_declarations_end_with_a_reason_or_text() -> None:
    head = b"From: a@b.org\r\nSubject: s\r\n"
    deep = b"".join(
        f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n'.encode() for n in range(3000)
    )
    cases = [
        head + deep,
        head + b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        head + b"Content-Type: text/plain; charset=nonsense\r\n\r\nwords",
        head + b"Content-Transfer-Encoding: base64\r\n\r\n####",
        b"Subject: =?utf-8?b?####?= =?nonsense?q?x?=\r\n\r\nwords",
        head + b"To: " + b"(" * 50_000 + b"\r\n\r\nwords",
    ]
    with ParserProcess() as parser:
        for case in cases:
            try:
                assert parser.parse(Source(name="a.eml", data=case), ParsingLimits(cpu_s=20)).text
            except IngestionError as error:
                assert error.code in {"corrupt_file", "empty_document"}
        assert parser.parse(Source(name="a.eml", data=bytes(mail())), ParsingLimits()).text


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_flipped_bits_never_raise_anything_else(seed: int) -> None:
    message = mail("报价")
    message.add_alternative("<p>Offer</p>", subtype="html")
    damaged, chance = bytearray(bytes(message)), random.Random(seed)
    for _ in range(10):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    try:
        assert read(bytes(damaged)).text
    except IngestionError as error:
        assert error.code in {"corrupt_file", "empty_document", "unsupported_format", "encrypted"}
