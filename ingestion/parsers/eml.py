"""E-mail (RFC 5322 and MIME) by the standard library's parser: headers, the richest body, forwarded mails."""

import email
import email.policy
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from typing import Final

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError, EncryptedError, UndecodableError
from ingestion.parsers.html import write_html
from ingestion.sniff import EML
from ingestion.types import BlockKind, Document, Source

_SHOWN: Final = ("From", "To", "Cc", "Date")
_ENCRYPTED: Final = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNATURES: Final = frozenset({"application/pgp-signature", "application/pkcs7-signature"})
_MAX_DEPTH: Final = 20
_WRAPPED_FROM: Final = 55  # a line of so many columns was broken by the program; a shorter one by its writer
_LIST_MARK = re.compile(r"(?:[-*•·]|\d{1,3}[.)])\s+(?=\S)")
_WIDE = re.compile(r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]")

Part = Message


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read an e-mail; attachments are counted here and may be read apart (`attachments`).

    Raises:
        CorruptFileError: If it has no header of an e-mail.
        EncryptedError: If nothing but an encrypted part is in it.
    """
    message = email.message_from_bytes(source.data, policy=email.policy.compat32)
    headers = _headers(message)
    if not headers.keys() & {"from", "to", "subject", "date", "received", "message-id"}:
        raise CorruptFileError("The file has no header of an e-mail.")
    writer = CanonicalWriter(limits)
    mail = _Mail(writer)
    mail.write(message, 0)
    if mail.encrypted and not mail.has_body:
        raise EncryptedError(
            "The e-mail is encrypted.", "Decrypt it in your mail program and upload it again."
        )
    writer.drop("encrypted parts", mail.encrypted)
    writer.drop("attachments", sum(1 for _ in attachments(message)))
    return writer.build(media_type=EML, title=headers.get("subject", ""))


def attachments(message: Message) -> Iterator[tuple[str, bytes]]:
    """File name (perhaps empty) and bytes of each part that is no text of the mail, in order."""
    for part in _leaves(message, 0):
        if not _is_body(part) and part.get_content_type() not in _SIGNATURES | _ENCRYPTED:
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes) and payload:
                yield _decoded(part.get_filename() or ""), payload


class _Mail:
    """Writes a mail and those forwarded in it, each under its subject."""

    def __init__(self, writer: CanonicalWriter) -> None:
        self._writer = writer
        self.encrypted = 0
        self.has_body = False

    def write(self, message: Message, depth: int) -> None:
        headers = _headers(message)
        self._writer.heading(min(depth + 1, 6), headers.get("subject", ""))
        shown = [name for name in _SHOWN if headers.get(name.lower())]
        self._writer.table([shown, [headers[name.lower()] for name in shown]])
        self._part(message, depth)

    def _part(self, part: Part, depth: int) -> None:
        kind = part.get_content_type()
        if depth > _MAX_DEPTH:
            self._writer.drop("parts nested too deep")
        elif kind in _ENCRYPTED:
            self.encrypted += 1
        elif kind == "multipart/alternative":
            choices = _children(part)
            rich = [choice for choice in choices if _kinds(choice) & {"text/html"}]
            for choice in rich[-1:] or choices[:1]:
                self._part(choice, depth + 1)
        elif kind == "message/rfc822":
            for forwarded in _children(part):
                self.write(forwarded, depth + 1)
        elif part.is_multipart():
            for child in _children(part):
                self._part(child, depth + 1)
        elif _is_body(part):
            self._body(part, kind)

    def _body(self, part: Part, kind: str) -> None:
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
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


def _children(part: Part) -> list[Part]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _leaves(part: Part, depth: int) -> Iterator[Part]:
    if not part.is_multipart():
        yield part
    elif depth <= _MAX_DEPTH:
        for child in _children(part):
            yield from _leaves(child, depth + 1)


def _kinds(part: Part) -> set[str]:
    return {leaf.get_content_type() for leaf in _leaves(part, 0)}


def _is_body(part: Part) -> bool:
    is_file = part.get_content_disposition() == "attachment" or part.get_filename() is not None
    return part.get_content_type() in {"text/plain", "text/html"} and not is_file


def _headers(message: Message) -> dict[str, str]:
    """First value of each header, decoded, by lower-case name."""
    headers: dict[str, str] = {}
    for name, value in message.raw_items():
        headers.setdefault(name.lower(), _decoded(str(value)))
    return headers


def _decoded(value: str) -> str:
    """A header's text: encoded words are resolved, bare bytes are read in the encoding that fits."""
    try:
        raw = value.encode("ascii", "surrogateescape")
        value = value if raw.isascii() else decode(raw).text
        return squeeze(str(make_header(decode_header(value))))
    except (MessageError, LookupError, UnicodeError, UndecodableError, ValueError):
        return squeeze(value)


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
