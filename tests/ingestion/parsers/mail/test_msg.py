"""Outlook's MSG: head, body and attachments as of any mail; damaged and encrypted ones are told."""

import struct
import zipfile
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from oxmsg.attachment import Attachment
from oxmsg.storage import Storage, Stream

from ingestion import sniff
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EncryptedError
from ingestion.parsers import parse_source
from ingestion.types import Document, Source
from tests.ingestion.hostile import read_with_flipped_bits
from tests.ingestion.samples import HTML_RTF, PLAIN_RTF, sample, stored

LIMITS = ParsingLimits()


def item(**changes: Any) -> SimpleNamespace:
    """What python-oxmsg tells of an item."""

    def properties(**values: Any) -> SimpleNamespace:
        return SimpleNamespace(
            binary_prop_value=lambda number: values.get(f"b{number:x}"),
            str_prop_value=lambda number: values.get(f"s{number:x}"),
            body_encoding="gb18030",
        )

    def file(name: str, data: bytes | None, kind: str = "text/plain", content_id: str | None = None) -> Any:
        return SimpleNamespace(
            file_name=name, file_bytes=data, mime_type=kind, properties=properties(s3712=content_id)
        )

    told = {
        "message_class": "IPM.Note", "subject": "报价 2024", "sender": "Li Wei <li@example.org>", "sent_date": None,
        "message_headers": {}, "recipients": [SimpleNamespace(name="Ann", email_address="ann@example.org")],
        "body": "The price is 5.", "html_body": None,
        "properties": properties(b1013="<p>价格是 5。</p>".encode("gb18030")),
        "attachments": [
            file("offer.txt", b"Valid until May."),
            file("logo.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "image/png", "logo@1"),
            file("forwarded", None),
        ],
    }  # fmt: skip
    return SimpleNamespace(**(told | changes))


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    def tell(outlook: SimpleNamespace) -> tuple[Document, dict[str, bytes]]:
        monkeypatch.setattr("oxmsg.Message", SimpleNamespace(load=lambda _: outlook))
        kept: dict[str, bytes] = {}
        return parse_source(sample("mail.msg"), LIMITS, kept.__setitem__), kept

    return tell


def test_a_real_item_is_read() -> None:
    document = parse_source(sample("mail.msg"), LIMITS)
    assert document.media_type == sniff.MSG
    assert document.title == "Test Email Message"
    head = "From: M. C. Kurtuluş <muratcan.kurtulus@gmail.com> | To: M. C. Kurtuluş"
    assert document.text.startswith(f"Test Email Message\n\n{head}")
    assert "Date: Sun, 22 Dec 2024 11:23:00 +0300" in document.text
    assert document.text.endswith("This is the body of the test email message")


def test_the_rich_body_is_read_in_its_own_encoding_and_files_are_handed_on(told: Any) -> None:
    document, kept = told(item())
    assert (
        document.text
        == "报价 2024\n\nFrom: Li Wei <li@example.org> | To: Ann <ann@example.org>\n\n价格是 5。"
    )
    assert kept == {"offer.txt": b"Valid until May."}
    assert {(d.what, d.count) for d in document.dropped} >= {("attached Outlook items", 1), ("pictures", 1)}


def test_without_a_rich_body_the_plain_one_is_read(told: Any) -> None:
    bare = SimpleNamespace(
        binary_prop_value=lambda _: None, str_prop_value=lambda _: None, body_encoding="utf-8"
    )
    document, _ = told(item(properties=bare))
    assert document.text.endswith("The price is 5.")


def in_rtf(packed: bytes, body: str | None = None) -> SimpleNamespace:
    values = {0x1009: packed}
    return item(
        body=body,
        properties=SimpleNamespace(
            binary_prop_value=values.get, str_prop_value=lambda _: None, body_encoding="utf-8"
        ),
    )


def test_a_body_in_rtf_alone_is_read(told: Any) -> None:
    document, _ = told(in_rtf(stored(PLAIN_RTF)))
    assert document.text.endswith("Hello big world\n\nPrice 5€ 价格\n\n价格\n\n{x} 😀 café")


def test_html_inside_rtf_goes_before_the_plain_body_and_plain_rtf_behind_it(told: Any) -> None:
    document, _ = told(in_rtf(stored(HTML_RTF), body="flat"))
    assert document.text.endswith("- The price is 5€, café 价格.")
    document, _ = told(in_rtf(stored(PLAIN_RTF), body="flat"))
    assert document.text.endswith("flat")


def test_damaged_rtf_is_told_unless_there_is_a_plain_body(told: Any) -> None:
    for damaged in (b"LZFu", stored(PLAIN_RTF).replace(b"MELA", b"ABCD")):
        with pytest.raises(CorruptFileError):
            told(in_rtf(damaged))
        assert told(in_rtf(damaged, body="flat"))[0].text.endswith("flat")


def inside(subject: str, body: str, *attached: Storage) -> Storage:
    """An item as it stands inside an attachment, its texts in UTF-16."""
    texts = {0x001A: "IPM.Note", 0x0037: subject, 0x1000: body}
    entries = b"".join(
        struct.pack("<HHIQ", 0x1F, number, 6, 2 * len(text) + 2) for number, text in texts.items()
    )
    streams = [Stream("__properties_version1.0", bytes(24) + entries)]
    streams += [
        Stream(f"__substg1.0_{number:04X}001F", text.encode("utf-16-le")) for number, text in texts.items()
    ]
    return Storage("__substg1.0_3701000D", tuple(streams), attached)


def holder(item: Storage) -> Storage:
    """An attachment that holds an item."""
    entry = bytes(8) + struct.pack("<HHIQ", 0x0D, 0x3701, 6, 0)
    return Storage("__attach_version1.0_#00000000", (Stream("__properties_version1.0", entry),), (item,))


def test_items_attached_in_the_form_of_outlook_are_read_with_those_in_them(told: Any) -> None:
    innermost = inside("锅炉检查", "Room 12.")
    forwarded = inside("Inner", "The turbine inspection is on Friday at 14:00.", holder(innermost))
    document, _ = told(item(attachments=[Attachment(holder(forwarded))]))
    assert document.text.endswith(
        "价格是 5。\n\nInner\n\nThe turbine inspection is on Friday at 14:00.\n\n锅炉检查\n\nRoom 12."
    )
    assert document.dropped == ()


def test_items_inside_each_other_are_read_to_a_depth(told: Any) -> None:
    nested = inside("last", "x")
    for number in range(12):
        nested = inside(f"mail {number}", "x", holder(nested))
    document, _ = told(item(attachments=[Attachment(holder(nested))]))
    assert "mail 11" in document.text
    assert {what.what for what in document.dropped} <= {"attached Outlook items", "parts nested too deep"}
    assert document.dropped


def test_headers_can_hold_no_line_of_their_own(told: Any) -> None:
    document, _ = told(item(subject="one\r\nBcc: evil@example.org"))
    assert document.title == "one Bcc: evil@example.org"
    assert len(document.blocks) == 3


def test_an_encrypted_item_is_told(told: Any) -> None:
    with pytest.raises(EncryptedError):
        told(item(message_class="IPM.Note.SMIME"))


def test_an_item_that_was_cut_off_is_told() -> None:
    with pytest.raises(CorruptFileError, match="damaged"):
        parse_source(Source(name="a.msg", data=sample("mail.msg").data[:5000]), LIMITS)


def test_files_of_a_mail_in_an_archive_are_handed_on_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oxmsg.Message", SimpleNamespace(load=lambda _: item()))
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("post/mail.msg", sample("mail.msg").data)
    kept: dict[str, bytes] = {}
    parse_source(Source(name="a.zip", data=packed.getvalue()), LIMITS, kept.__setitem__)
    assert list(kept) == ["post/mail.msg", "post/mail.msg/offer.txt"]


def test_flipped_bits_never_take_the_reader_down() -> None:
    read_with_flipped_bits([sample("mail.msg")], seed=6)
