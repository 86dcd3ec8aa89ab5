"""Parts and headers of an e-mail, on the standard library's parser; nothing a mail declares is relied on."""

import binascii
import email
import email.policy
import mimetypes
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.text import MIMEText
from typing import Final

from ingestion.canonical import squeeze
from ingestion.errors import CorruptFileError
from ingestion.parsers.mail.signed import signed_content
from ingestion.parsers.mail.tnef import Wrapped, read_tnef
from ingestion.parsers.mail.words import file_name, header_text

ENCRYPTED: Final = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
MESSAGES: Final = frozenset({"message/rfc822", "message/global", "message/news"})
CALENDARS: Final = frozenset({"text/calendar", "application/ics"})
HEADERS_ALONE: Final = "text/rfc822-headers"
MAX_DEPTH: Final = 20
_TNEF: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SIGNATURES: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part that is no text of the mail; `is_picture` where it belongs to the layout of the body."""

    name: str
    data: bytes
    is_picture: bool


def read_message(data: bytes) -> Message:
    """Parse a mail; damage gives odd parts.

    Mails inside it that are encoded as a whole, and texts wrapped by a signature, are opened.

    Raises:
        CorruptFileError: If its parts are nested too deep to be read.
    """
    try:
        message = _parsed(data)
        _open_wrapped(message, 0, has_text=_has_text(message, 0))
    except RecursionError as error:
        raise CorruptFileError("The e-mail's parts are nested too deep.") from error
    return message


def _parsed(data: bytes) -> Message:
    return email.message_from_bytes(data, policy=email.policy.compat32)


def _open_wrapped(part: Message, depth: int, *, has_text: bool) -> None:
    """Replace an encoded mail, an opaque signature or Outlook's wrapping by its content, in all parts.

    Args:
        part: The part.
        depth: Of the part in the mail.
        has_text: Whether the mail that it belongs to has text of its own.
    """
    for name, value in part.raw_items():
        if name.lower() in {"content-type", "content-disposition"} and not str(value).isascii():
            part.replace_header(name, header_text(str(value)))
    if depth > MAX_DEPTH:
        return
    kind = part.get_content_type()
    if kind in MESSAGES and (inner := _encoded_message(part)) is not None:
        part.set_payload([_parsed(inner)])
    elif _is_wrapped(part) and (content := signed_content(payload_of(part))) is not None:
        part.set_payload([_parsed(content)])
        del part["content-type"], part["content-disposition"]
        part["Content-Type"] = "multipart/signed"
    elif (kind in _TNEF or name_of(part).lower() == "winmail.dat") and (
        inside := read_tnef(payload_of(part))
    ):
        part.set_payload(_parts_of(inside, with_body=not has_text))
        del part["content-type"], part["content-disposition"], part["content-transfer-encoding"]
        part["Content-Type"] = "multipart/mixed"
        return
    elif kind.startswith("multipart/") and not part.is_multipart():  # nothing shows where its parts begin
        is_page = payload_of(part)[:200].lstrip().startswith(b"<")
        part.set_type("text/html" if is_page else "text/plain")
    for child in children_of(part):
        is_mail = kind in MESSAGES
        _open_wrapped(child, depth + 1, has_text=_has_text(child, depth) if is_mail else has_text)


def _has_text(part: Message, depth: int) -> bool:
    """Whether a mail has text of its own, apart from mails inside it."""
    if is_body(part):
        return bool(payload_of(part).strip())
    if depth > MAX_DEPTH:
        return False
    own = (child for child in children_of(part) if child.get_content_type() not in MESSAGES)
    return any(_has_text(child, depth + 1) for child in own)


def _parts_of(wrapped: Wrapped, *, with_body: bool) -> list[Message | str]:
    """Mail parts from Outlook's wrapping; the body is mostly sent beside it as well."""
    parts: list[Message | str] = []
    if with_body and wrapped.text.strip():
        parts.append(MIMEText(wrapped.text, "html" if wrapped.is_html else "plain", "utf-8"))
    for name, data in wrapped.files:
        part = MIMEApplication(data)
        part.add_header("Content-Disposition", "attachment", filename=squeeze(name) or "attachment")
        parts.append(part)
    return parts


def _is_wrapped(part: Message) -> bool:
    """Whether a part is data of S/MIME, encrypted or only signed."""
    return part.get_content_type() in ENCRYPTED or name_of(part).lower().endswith(".p7m")


def _encoded_message(part: Message) -> bytes | None:
    """Bytes of a mail that is encoded as a whole, which RFC 2046 forbids and programs do; None for any other."""
    encoding = str(part.get("content-transfer-encoding", "")).strip().lower()
    children = children_of(part)
    if encoding not in {"base64", "quoted-printable"} or len(children) != 1:
        return None
    try:
        raw = children[0].as_bytes(policy=email.policy.compat32.clone(max_line_length=0))
        if encoding == "base64":
            decoded = binascii.a2b_base64(raw.strip() + b"==")
            return decoded if b":" in decoded[:1000] else None
    except (ValueError, TypeError, LookupError):  # it was no such mail
        return None
    return quopri.decodestring(raw) if re.search(rb"=(?:3D|\r?\n)", raw) else None


def headers_of(message: Message) -> dict[str, str]:
    """First value of each header, decoded, by lower-case name."""
    headers: dict[str, str] = {}
    for name, value in message.raw_items():
        headers.setdefault(name.lower(), header_text(str(value)))
    return headers


def children_of(part: Message) -> list[Message]:
    """Parts of a multipart; the mail inside a forwarded one."""
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def leaves_of(part: Message, depth: int = 0) -> Iterator[Message]:
    """Parts that have no parts, in order."""
    if not part.is_multipart():
        yield part
    elif depth <= MAX_DEPTH:
        for child in children_of(part):
            yield from leaves_of(child, depth + 1)


def payload_of(part: Message) -> bytes:
    """Bytes of a part, its transfer encoding undone."""
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def name_of(part: Message) -> str:
    """File name of a part; empty if it has none."""
    for parameter, header in (("filename", "content-disposition"), ("name", "content-type")):
        if name := file_name(part.get_param(parameter, None, header)):
            return name
    return ""


def is_body(part: Message) -> bool:
    """Whether a part is text of the mail itself, not a file sent with it."""
    is_file = part.get_content_disposition() == "attachment" or bool(name_of(part))
    return part.get_content_type() in {"text/plain", "text/html"} and not is_file


def is_read(part: Message) -> bool:
    """Whether a part is written with the mail: its text, an invitation, the headers of another mail."""
    return is_body(part) or part.get_content_type() in CALENDARS | {HEADERS_ALONE}


def attachments_of(message: Message) -> Iterator[Attachment]:
    """Files sent with a mail or with those forwarded in it, in order; a part without a name gets one."""
    for number, part in enumerate(leaves_of(message), start=1):
        kind = part.get_content_type()
        data = b"" if is_read(part) or kind in _SIGNATURES | ENCRYPTED else payload_of(part)
        if data:
            layout = part.get_content_disposition() == "inline" or "Content-ID" in part
            yield Attachment(
                name=name_of(part) or f"attachment {number}{mimetypes.guess_extension(kind) or ''}",
                data=data,
                is_picture=part.get_content_maintype() == "image" and layout,
            )
