"""E-mail: headers in any encoding, the richest body, forwarded mails; encrypted, hostile and broken ones are told."""

import base64
import quopri
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


INNER = (
    "From: a@example.com\r\nSubject: {}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nThe turbine inspection is on Friday at 14:00. {}\r\n"
)


def attached(inner: bytes, encoding: str, depth: int = 1) -> bytes:
    """A mail with another one attached, encoded as a whole, as often as told."""
    packed = base64.encodebytes(inner) if encoding == "base64" else quopri.encodestring(inner)
    outer = (
        f"From: c@example.com\r\nSubject: Fwd {depth}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="X"\r\n\r\n--X\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n'
        'X-- \r\n--X\r\nContent-Type: message/rfc822; name="inner.eml"\r\n'
        'Content-Disposition: attachment; filename="inner.eml"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n".replace("X-- \r\n", "")
    )
    whole = outer.encode() + packed + b"\r\n--X--\r\n"
    return whole if depth == 1 else attached(whole, encoding, depth - 1)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_an_attached_mail_that_is_encoded_as_a_whole_is_read(encoding: str) -> None:
    document = read(attached(INNER.format("=?utf-8?B?5byg?=", "地点三楼").encode(), encoding))
    assert document.text == (
        "Fwd 1\n\nFrom: c@example.com\n\nSee below.\n\n张\n\nFrom: a@example.com\n\n"
        "The turbine inspection is on Friday at 14:00. 地点三楼"
    )
    assert document.dropped == ()


def test_encoded_mails_inside_each_other_are_read_to_a_depth() -> None:
    assert "Friday at 14:00" in read(attached(INNER.format("s", "").encode(), "base64", 4)).text
    deep = read(attached(INNER.format("s", "").encode(), "base64", 15))
    assert {"parts nested too deep"} == {item.what for item in deep.dropped}


def test_files_attached_to_an_encoded_mail_are_handed_on() -> None:
    inner = mail()
    inner.add_attachment("notes", filename="notes.txt")
    kept: dict[str, bytes] = {}
    source = Source(name="a.eml", data=attached(bytes(inner), "base64"))
    parse_source(source, ParsingLimits(), lambda name, data: kept.update({name: data}))
    assert kept == {"notes.txt": b"notes\n"}


@pytest.mark.parametrize("empty", ["", "<html><body>&nbsp;<br></body></html>", "<style>p{}</style><p> </p>"])
def test_an_empty_form_of_a_body_gives_way_to_a_filled_one(empty: str) -> None:
    message = mail(body="The price is 5.")
    message.add_alternative(empty, subtype="html")
    assert read(bytes(message)).text == f"Offer\n\n{HEAD}\n\nThe price is 5."


def test_a_plain_body_that_says_far_more_is_read_too() -> None:
    message = mail(body="会议改到周四下午两点，地点是三楼。\n" * 40)
    message.add_alternative("<p>Please read this mail as plain text.</p>", subtype="html")
    text = read(bytes(message)).text
    assert "Please read" in text
    assert text.count("会议改到") == 40
    message = mail(body="Please see https://example.org/" + "x" * 2000)
    message.add_alternative("<p>Please see</p>", subtype="html")
    assert read(bytes(message)).text.endswith("\n\nPlease see")


CALENDAR = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:{}\r\nDTSTART:20240614T140000Z\r\nEND:VEVENT\r\nEND:VCALENDAR"
)


def test_an_invitation_is_read_beside_the_text_and_once() -> None:
    message = mail("Invitation", "You are invited.")
    message.add_alternative("<p>You are invited.</p>", subtype="html")
    message.add_alternative(CALENDAR.format("锅炉检查"), subtype="calendar", params={"method": "REQUEST"})
    message.add_attachment(CALENDAR.format("锅炉检查").encode(), "application", "ics", filename="invite.ics")
    document = read(bytes(message))
    assert document.text == (
        f"Invitation\n\n{HEAD}\n\nYou are invited.\n\n锅炉检查\n\nStart: 2024-06-14 (Friday) 14:00 UTC"
    )
    assert document.dropped == ()


def test_a_returned_mail_says_why() -> None:
    data = (
        b'From: d@example.org\nSubject: Undelivered\nContent-Type: multipart/report; boundary="B"\n\n--B\n\nSorry.\n'
        b"--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; x@b.org\n"
        b"Action: failed\nStatus: 5.1.1\n\n--B\nContent-Type: text/rfc822-headers\n\nSubject: Offer\nTo: x@b.org\n\n"
        b"--B--\n"
    )
    document = read(data)
    assert document.text == (
        "Undelivered\n\nFrom: d@example.org\n\nSorry.\n\nReporting-mta: dns; mx\n\n"
        "Final-recipient: rfc822; x@b.org | Action: failed | Status: 5.1.1\n\nOffer\n\nTo: x@b.org"
    )
    assert document.dropped == ()


def test_headers_are_read_in_the_encoding_that_is_meant() -> None:
    subject = base64.b64encode("关于朱镕基先生".encode("gbk")).decode()
    sender = base64.b64encode("张喆".encode("gbk")).decode()
    data = f"From: =?gb2312?B?{sender}?= <z@example.com>\nSubject: =?gb2312?B?{subject}?=\n\nx".encode()
    document = read(data)
    assert document.title == "关于朱镕基先生"
    assert "From: 张喆 <z@example.com>" in document.text


def test_a_name_of_a_file_in_bare_bytes_is_read() -> None:
    head = "From: a@b.org\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nx\n--B\nContent-Disposition: attachment;"
    data = f'{head} filename="合同书.pdf"\n\n%PDF\n--B--'.encode("gbk")
    names: list[str] = []
    parse_source(Source(name="a.eml", data=data), ParsingLimits(), lambda name, _: names.append(name))
    assert names == ["合同书.pdf"]


def flowed(body: str, more: str = "") -> str:
    head = f"From: a@b.org\nContent-Type: text/plain; charset=utf-8; format=flowed{more}\n\n"
    return read((head + body).encode()).text.partition("\n\n")[2]


def test_a_flowed_body_is_joined_where_it_says_so() -> None:
    body = "A long sentence that \nwas broken \nby the program.\nShort.\n> quoted \n> words\n-- \nAnn\n"
    assert flowed(body) == (
        "A long sentence that was broken by the program.\n\nShort.\n\nquoted words\n\n--\n\nAnn"
    )
    assert flowed("会议改到周四下午 \n两点。\n", "; delsp=yes") == "会议改到周四下午两点。"


def test_no_blank_stands_between_han_characters_where_a_program_broke_the_line() -> None:
    line = "会议改到周四下午两点地点是三楼的大会议室请各位准时参加不要迟到"
    text = read(bytes(mail(body=f"{line}\n谢谢。\n{line} and\nmore\n"))).text
    assert text.endswith(f"{line}谢谢。\n\n{line} and more")


def der(tag: int, *content: bytes) -> bytes:
    inside = b"".join(content)
    size = len(inside).to_bytes(3, "big")
    return bytes([tag, 0x83]) + size + inside


def signed(content: bytes, *, in_pieces: bool = False) -> bytes:
    """Content wrapped by a signature that holds no signer."""
    octets = der(0x04, content)
    if in_pieces:
        octets = b"\x24\x80" + der(0x04, content[:20]) + der(0x04, content[20:]) + b"\0\0"
    inside = der(0x30, der(0x06, bytes.fromhex("2a864886f70d010701")), der(0xA0, octets))
    data = der(0x30, der(0x02, b"\1"), der(0x31), inside, der(0x31))
    outer = der(0x06, bytes.fromhex("2a864886f70d010702"))
    return (
        b"\x30\x80" + outer + b"\xa0\x80" + data + b"\0\0" * 2
        if in_pieces
        else der(0x30, outer, der(0xA0, data))
    )


@pytest.mark.parametrize("in_pieces", [False, True])
@pytest.mark.parametrize(
    "kind", ["application/pkcs7-mime; smime-type=signed-data", "application/octet-stream"]
)
def test_a_mail_wrapped_by_its_signature_is_read(kind: str, *, in_pieces: bool) -> None:
    inner = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe price is 5.\r\n"
    head = (
        f"From: a@b.org\r\nContent-Type: {kind}; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    document = read(head.encode() + base64.encodebytes(signed(inner, in_pieces=in_pieces)))
    assert document.text == "From: a@b.org\n\nThe price is 5."
    with pytest.raises(EncryptedError):
        read(b"From: a@b.org\r\nContent-Type: application/pkcs7-mime\r\n\r\n0\x82\xff\xff")


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


@pytest.mark.parametrize("body", ["The pump is here.", "<html><p>The pump is <b>here</b>.</p></html>"])
def test_a_mail_of_parts_whose_boundary_is_missing_is_read_as_text(body: str) -> None:
    head = "From: a@b.c\nTo: d@e.f\nSubject: Pump\nMIME-Version: 1.0\n"
    document = read(f'{head}Content-Type: multipart/mixed; boundary="x"\n\n{body}\n'.encode())
    assert document.text.endswith("The pump is here.")


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
