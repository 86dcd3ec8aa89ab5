"""Mailboxes (mbox, RFC 4155): all mails in one document, each under its subject; attachments as of one mail."""

import re
from email.message import Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from typing import Final

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers.mail import eml
from ingestion.parsers.mail.mime import read_message
from ingestion.sniff import MBOX
from ingestion.types import Document, KeepMember, Source

_START: Final = re.compile(rb"(?:\A|(?<=\n)\r?\n)\s*From [^\r\n]{1,1000}\r?\n(?=[!-9;-~]{1,100}:)")
_QUOTED_FROM: Final = re.compile(rb"^>(>*From )", re.M)


def parse(source: Source, limits: ParsingLimits, keep: KeepMember | None = None) -> Document:
    """Read a mailbox; the attachments of its mails are handed to `keep`, or counted as left out.

    Raises:
        CorruptFileError: If no mail begins in it.
        EncryptedError: If all mails are encrypted.
        LimitExceededError: If archives among the attachments unpack to more than allowed.
    """
    starts = list(_START.finditer(source.data))
    if not starts:
        raise CorruptFileError("The mailbox holds no mail.")
    ends = [*(match.start() for match in starts[1:]), len(source.data)]
    box = MIMEMultipart("digest")
    for start, end in zip(starts, ends, strict=True):
        box.attach(MIMEMessage(_mail(source.data[start.end() : end])))
    return eml.build(box, limits, keep, media_type=MBOX)


def _mail(data: bytes) -> Message:
    """A mail; `>From ` at the start of a line stands for `From `, which would begin a mail."""
    return read_message(_QUOTED_FROM.sub(rb"\1", data))
