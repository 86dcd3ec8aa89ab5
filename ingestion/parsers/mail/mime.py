"""Parts and headers of an e-mail, on the standard library's parser; nothing a mail declares is relied on."""

import email
import email.policy
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from typing import Final

from ingestion.canonical import squeeze
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError, UndecodableError

ENCRYPTED: Final = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
MAX_DEPTH: Final = 20
_SIGNATURES: Final = frozenset({"application/pgp-signature", "application/pkcs7-signature"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part that is no text of the mail; `is_picture` where it belongs to the layout of the body."""

    name: str
    data: bytes
    is_picture: bool


def read_message(data: bytes) -> Message:
    """Parse a mail; damage gives odd parts.

    Raises:
        CorruptFileError: If its parts are nested too deep to be read.
    """
    try:
        return email.message_from_bytes(data, policy=email.policy.compat32)
    except RecursionError as error:
        raise CorruptFileError("The e-mail's parts are nested too deep.") from error


def headers_of(message: Message) -> dict[str, str]:
    """First value of each header, decoded, by lower-case name."""
    headers: dict[str, str] = {}
    for name, value in message.raw_items():
        headers.setdefault(name.lower(), _decoded(str(value)))
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


def is_body(part: Message) -> bool:
    """Whether a part is text of the mail itself, not a file sent with it."""
    is_file = part.get_content_disposition() == "attachment" or part.get_filename() is not None
    return part.get_content_type() in {"text/plain", "text/html"} and not is_file


def attachments_of(message: Message) -> Iterator[Attachment]:
    """Files sent with a mail or with those forwarded in it, in order; a part without a name gets one."""
    for number, part in enumerate(leaves_of(message), start=1):
        kind = part.get_content_type()
        data = b"" if is_body(part) or kind in _SIGNATURES | ENCRYPTED else payload_of(part)
        if data:
            name = _decoded(part.get_filename() or "")
            layout = part.get_content_disposition() == "inline" or "Content-ID" in part
            yield Attachment(
                name=name or f"attachment {number}{mimetypes.guess_extension(kind) or ''}",
                data=data,
                is_picture=part.get_content_maintype() == "image" and layout,
            )


def _decoded(value: str) -> str:
    """A header's text: encoded words are resolved, bare bytes are read in the encoding that fits."""
    try:
        raw = value.encode("ascii", "surrogateescape")
        value = value if raw.isascii() else decode(raw).text
        return squeeze(str(make_header(decode_header(value))))
    except (MessageError, LookupError, UnicodeError, UndecodableError, ValueError):
        return squeeze(value)
