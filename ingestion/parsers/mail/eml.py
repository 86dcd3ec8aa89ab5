"""E-mail (RFC 5322 and MIME) by the standard library's parser: headers, the richest body, forwarded mails."""

import re
from collections.abc import Mapping
from email.message import Message
from types import MappingProxyType
from typing import Final

from ingestion.canonical import CanonicalWriter
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError, EncryptedError, UndecodableError
from ingestion.parsers.mail.members import Members
from ingestion.parsers.mail.mime import (
    ENCRYPTED,
    MAX_DEPTH,
    children_of,
    headers_of,
    is_body,
    leaves_of,
    payload_of,
    read_message,
)
from ingestion.parsers.web.html import write_html
from ingestion.sniff import EML
from ingestion.types import BlockKind, Document, KeepMember, Source

_SHOWN: Final = ("From", "To", "Cc", "Date")
_WRAPPED_FROM: Final = 55  # a line of so many columns was broken by the program; a shorter one by its writer
_LIST_MARK = re.compile(r"(?:[-*•·]|\d{1,3}[.)])\s+(?=\S)")
_WIDE = re.compile(r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]")


def parse(source: Source, limits: ParsingLimits, keep: KeepMember | None = None) -> Document:
    """Read an e-mail; its attachments are handed to `keep`, or counted as left out.

    Raises:
        CorruptFileError: If it has no header of an e-mail, or parts nested too deep.
        EncryptedError: If nothing but an encrypted part is in it.
        LimitExceededError: If archives among the attachments unpack to more than allowed.
    """
    message = read_message(source.data)
    if not headers_of(message).keys() & {"from", "to", "subject", "date", "received", "message-id"}:
        raise CorruptFileError("The file has no header of an e-mail.")
    return build(message, limits, keep)


def build(
    message: Message,
    limits: ParsingLimits,
    keep: KeepMember | None,
    *,
    media_type: str = EML,
    dropped: Mapping[str, int] = MappingProxyType({}),
) -> Document:
    """Document of a mail; see `parse`.

    Args:
        message: The mail.
        limits: What reading it may cost.
        keep: Given the attachments.
        media_type: Of the file that it came from.
        dropped: What has been left out already, by its name.

    Raises:
        EncryptedError: If nothing but an encrypted part is in it.
        LimitExceededError: If archives among the attachments unpack to more than allowed.
    """
    writer = CanonicalWriter(limits)
    mail = _Mail(writer)
    mail.write(message, 0)
    if mail.encrypted and not mail.has_body:
        raise EncryptedError(
            "The e-mail is encrypted.", "Decrypt it in your mail program and upload it again."
        )
    members = Members(limits, keep)
    members.open_mail(message)
    for what, count in (
        ("encrypted parts", mail.encrypted),
        ("attachments", len(members.names) if keep is None else 0),
        ("attached files that could not be unpacked", len(members.problems)),
        *dropped.items(),
        *members.skipped.items(),
    ):
        writer.drop(what, count)
    return writer.build(media_type=media_type, title=headers_of(message).get("subject", ""))


class _Mail:
    """Writes a mail and those forwarded in it, each under its subject."""

    def __init__(self, writer: CanonicalWriter) -> None:
        self._writer = writer
        self.encrypted = 0
        self.has_body = False

    def write(self, message: Message, depth: int) -> None:
        headers = headers_of(message)
        self._writer.heading(min(depth + 1, 6), headers.get("subject", ""))
        shown = [name for name in _SHOWN if headers.get(name.lower())]
        self._writer.table([shown, [headers[name.lower()] for name in shown]])
        self._part(message, depth)

    def _part(self, part: Message, depth: int) -> None:
        kind = part.get_content_type()
        if depth > MAX_DEPTH:
            self._writer.drop("parts nested too deep")
        elif kind in ENCRYPTED:
            self.encrypted += 1
        elif kind == "multipart/alternative":
            choices = children_of(part)
            rich = [choice for choice in choices if _has_html(choice)]
            for choice in rich[-1:] or choices[:1]:
                self._part(choice, depth + 1)
        elif kind == "message/rfc822":
            for forwarded in children_of(part):
                self.write(forwarded, depth + 1)
        elif part.is_multipart():
            for child in children_of(part):
                self._part(child, depth + 1)
        elif is_body(part):
            self._body(part, kind)

    def _body(self, part: Message, kind: str) -> None:
        data = payload_of(part)
        if not data.strip():
            return
        try:
            decoded = decode(data, part.get_content_charset())
        except UndecodableError:
            self._writer.drop("parts that could not be decoded")
            return
        self.has_body = True
        self._writer.drop("characters that could not be read", decoded.replaced)
        if kind == "text/html":
            write_html(decoded.text, self._writer)
        else:
            _write_plain(decoded.text, self._writer)


def _has_html(part: Message) -> bool:
    return any(leaf.get_content_type() == "text/html" for leaf in leaves_of(part))


def _write_plain(text: str, writer: CanonicalWriter) -> None:
    """Paragraphs of plain text: lines broken by the program are joined, quoted ones are a quote."""
    pending: list[str] = []
    quoted = False

    def flush() -> None:
        joined = " ".join(pending)
        pending.clear()
        if mark := _LIST_MARK.match(joined):
            writer.list_item(
                joined[mark.end() :], mark=mark[0].strip().translate({ord(c): "-" for c in "*•·"})
            )
        else:
            writer.paragraph(joined, BlockKind.QUOTE if quoted else BlockKind.PARAGRAPH)

    for line in text.splitlines():
        body = line.lstrip(">| ") if line.startswith(">") else line.strip()
        is_quote = line.startswith(">")
        if is_quote != quoted or not body or _LIST_MARK.match(body):
            flush()
            quoted = is_quote
        if body:
            pending.append(body)
            if len(body) + len(_WIDE.findall(body)) < _WRAPPED_FROM:
                flush()
    flush()
