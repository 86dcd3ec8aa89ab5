"""E-mail (RFC 5322 and MIME) by the standard library's parser: headers, the richest body, forwarded mails."""

import re
from collections.abc import Mapping
from email.message import Message
from types import MappingProxyType
from typing import Final

from ingestion.canonical import CanonicalWriter
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EncryptedError, UndecodableError
from ingestion.parsers.mail.calendar import write_calendar
from ingestion.parsers.mail.members import Members
from ingestion.parsers.mail.mime import (
    CALENDARS,
    ENCRYPTED,
    HEADERS_ALONE,
    MAX_DEPTH,
    MESSAGES,
    children_of,
    headers_of,
    is_body,
    leaves_of,
    payload_of,
    read_message,
)
from ingestion.parsers.mail.plain_body import write_plain
from ingestion.parsers.mail.words import body_text
from ingestion.parsers.web.html import write_html
from ingestion.sniff import EML
from ingestion.types import Document, KeepMember, Source

_SHOWN: Final = ("From", "To", "Cc", "Date")
_REPORTS: Final = frozenset({"message/delivery-status", "message/disposition-notification"})
_LINK: Final = re.compile(r"https?://\S+")
_MUCH_MORE: Final = 4  # a plain body so many times as long as the one with structure says more than that
_FEW_CHARS: Final = 200


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
        self._calendars: set[str] = set()
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
            self._alternatives(children_of(part), depth)
        elif kind in MESSAGES:
            for forwarded in children_of(part):
                self.write(forwarded, depth + 1)
        elif kind in _REPORTS:
            for fields in children_of(part):
                self._fields(fields)
        elif part.is_multipart():
            for child in children_of(part):
                self._part(child, depth + 1)
        else:
            self._leaf(part, kind, depth)

    def _leaf(self, part: Message, kind: str, depth: int) -> None:
        if kind == HEADERS_ALONE:
            self.write(read_message(payload_of(part)), depth + 1)
        elif kind in CALENDARS:
            self._calendar(part, depth)
        elif is_body(part):
            self._body(part, kind)

    def _fields(self, fields: Message) -> None:
        """Delivery report for one recipient: the action, the status, the reason."""
        told = [(name, value) for name, value in headers_of(fields).items() if value]
        self._writer.table([[name.capitalize() for name, _ in told], [value for _, value in told]])

    def _alternatives(self, choices: list[Message], depth: int) -> None:
        """The form with the most structure that says something; a plain one beside it that says far more, too."""
        calendars = [choice for choice in choices if choice.get_content_type() in CALENDARS]
        rich = [choice for choice in choices if _has_html(choice)]
        plain = [choice for choice in choices if choice not in rich and choice not in calendars]
        start = self._writer.length
        for choice in (*reversed(rich), *plain):
            if self._writer.length == start or _MUCH_MORE * (self._writer.length - start) < _plain_length(
                choice
            ):
                self._part(choice, depth + 1)
        for calendar in calendars:
            self._part(calendar, depth + 1)

    def _calendar(self, part: Message, depth: int) -> None:
        text = self._decoded(part)
        same = " ".join(text.split())
        if same not in self._calendars:  # invitations are sent as a part, and as a file once more
            self._calendars.add(same)
            self.has_body |= write_calendar(text, self._writer, min(depth + 1, 6)) > 0

    def _body(self, part: Message, kind: str) -> None:
        text = self._decoded(part)
        if not text.strip():
            return
        self.has_body = True
        if kind == "text/html":
            write_html(text, self._writer)
        else:
            is_flowed = str(part.get_param("format", "")).lower() == "flowed"
            without_space = str(part.get_param("delsp", "")).lower() == "yes"
            write_plain(text, self._writer, is_flowed=is_flowed, without_space=without_space)

    def _decoded(self, part: Message) -> str:
        try:
            decoded = body_text(payload_of(part), part.get_content_charset())
        except UndecodableError:
            self._writer.drop("parts that could not be decoded")
            return ""
        self._writer.drop("characters that could not be read", decoded.replaced)
        return decoded.text


def _has_html(part: Message) -> bool:
    return any(leaf.get_content_type() == "text/html" for leaf in leaves_of(part))


def _plain_length(part: Message) -> int:
    """Characters of a plain body beyond a few, links not counted; 0 for any other part."""
    if part.get_content_type() != "text/plain" or not is_body(part):
        return 0
    try:
        text = body_text(payload_of(part), part.get_content_charset()).text
    except UndecodableError:
        return 0
    return max(0, len(_LINK.sub("", text)) - _FEW_CHARS)
