"""Mailboxes: every mail is read, whatever its encoding; attachments are members."""

import base64

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers import parse_source
from ingestion.types import Source

BODY = base64.b64encode(b"The gate code is 4471.").decode()
BOX = (
    "From a@example.com Mon Jun  3 09:00:00 2024\nFrom: a@example.com\nSubject: =?utf-8?B?5Lya6K6u?=\n"
    f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{BODY}\n\n"
    "From b@example.com Mon Jun  3 10:00:00 2024\nFrom: b@example.com\nSubject: Second\nContent-Type: multipart/mixed;"
    " boundary=x\n\n--x\nContent-Type: text/plain\n\nSee you.\n\nFrom here on it is text.\n>From the start.\n\n--x\n"
    'Content-Type: text/csv\nContent-Disposition: attachment; filename="a.csv"\n\na,b\n1,2\n--x--\n\n'
)


@pytest.mark.parametrize("name", ["a.mbox", "Inbox", "a.txt"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_mail_is_read_under_its_subject(name: str, line_end: str) -> None:
    kept: list[tuple[str, bytes]] = []
    source = Source(name=name, data=BOX.replace("\n", line_end).encode())
    document = parse_source(source, ParsingLimits(), lambda name, data: kept.append((name, data)))
    for words in (
        "会议",
        "The gate code is 4471.",
        "Second",
        "See you.",
        "From here on it is text.",
        "From the start.",
    ):
        assert words in document.text
    assert ">From" not in document.text
    assert [
        block.heading_path for block in document.blocks if "4471" in document.text[block.start : block.end]
    ] == [("会议",)]
    assert [name for name, _ in kept] == ["a.csv"]


def test_a_mailbox_without_a_mail_is_corrupt() -> None:
    with pytest.raises(CorruptFileError, match="no mail"):
        parse_source(Source(name="a.mbox", data=b"Dear all"), ParsingLimits())
