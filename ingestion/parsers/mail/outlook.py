"""Outlook's items ([MS-OXMSG]) by python-oxmsg, turned into MIME messages, to be read as any other e-mail."""

import struct
from datetime import datetime
from email import encoders
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from ingestion.canonical import squeeze
from ingestion.errors import CorruptFileError, EncryptedError
from ingestion.parsers.mail.rtf_body import text_of, unpacked

if TYPE_CHECKING:  # loaded with the first such file
    from oxmsg import Message as Outlook

# The library checks little of what it reads, so damage shows as whatever its own code trips over.
_DAMAGED: Final = (OSError, ValueError, LookupError, AssertionError, TypeError, AttributeError, struct.error)
_HTML: Final = 0x1013
_RTF: Final = 0x1009
_CONTENT_ID: Final = 0x3712
_EMBEDDED: Final = "__substg1.0_3701000D"
_EMBEDDED_HEADER: Final = 24  # bytes before the properties of an item inside another ([MS-OXMSG], 2.4.1.2)
_MAX_DEPTH: Final = 10


def read_outlook(data: bytes) -> tuple[Message, int]:
    """An Outlook item as a MIME message, and how many items attached to it in Outlook's own form are left out.

    Raises:
        CorruptFileError: If it is damaged.
        EncryptedError: If its text is encrypted.
    """
    from oxmsg import Message as Outlook

    try:
        item = Outlook.load(data)
        kind = item.message_class
        if kind.startswith("IPM.Note.SMIME") and not kind.endswith("MultipartSigned"):
            raise EncryptedError(
                "The e-mail is encrypted.", "Decrypt it in your mail program and upload it again."
            )
        return _as_mime(item)
    except _DAMAGED as error:
        raise CorruptFileError("The Outlook file is damaged or was cut off.") from error


def _as_mime(item: "Outlook", depth: int = 0) -> tuple[Message, int]:
    message = MIMEMultipart("mixed")
    sent = item.sent_date
    told = {name.lower(): value for name, value in item.message_headers.items()}
    for name, value in (
        ("Subject", item.subject),
        ("From", item.sender),
        ("To", told.get("to") or "; ".join(filter(None, map(_person, item.recipients)))),
        ("Cc", told.get("cc")),
        ("Date", told.get("date") or (format_datetime(sent) if isinstance(sent, datetime) else None)),
    ):
        if value:
            message[name] = squeeze(value)
    message.attach(_body(item))
    left_out = 0
    for attachment in item.attachments:
        if attachment.file_bytes is not None:
            message.attach(_attached(attachment, attachment.file_bytes))
        elif (inner := _embedded(attachment)) is None or depth >= _MAX_DEPTH:
            left_out += 1
        else:
            forwarded, more = _as_mime(inner, depth + 1)
            message.attach(MIMEMessage(forwarded))
            left_out += more
    return message, left_out


def _embedded(attachment: Any) -> "Outlook | None":
    """The item that is attached in Outlook's own form; the library opens files alone, but knows its properties."""
    storages = attachment._storage.storages if hasattr(attachment, "_storage") else ()
    storage = next((inner for inner in storages if inner.name == _EMBEDDED), None)
    if storage is None:
        return None
    from oxmsg.message import Message as Outlook
    from oxmsg.properties import Properties

    class Embedded(Outlook):
        """An item inside another, whose properties stand after a shorter header."""

        @property
        def _properties(self) -> Properties:
            return Properties(self._storage, properties_header_offset=_EMBEDDED_HEADER)

    return Embedded(storage)


def _person(recipient: Any) -> str:
    name, address = (recipient.name or "").strip(), (recipient.email_address or "").strip()
    return f"{name} <{address}>" if name and address and name != address else name or address


def _body(item: "Outlook") -> Message:
    body = MIMEMultipart("alternative")
    if item.body:
        body.attach(MIMEText(item.body.replace("\r\n", "\n"), "plain", "utf-8"))
    if html := item.properties.binary_prop_value(_HTML):
        rich = _part("text/html", html)
        rich.set_param("charset", item.properties.body_encoding)
        body.attach(rich)
    elif item.html_body:
        body.attach(MIMEText(item.html_body, "html", "utf-8"))
    elif packed := item.properties.binary_prop_value(_RTF):
        _attach_rtf(body, packed, has_plain=bool(item.body))
    return body


def _attach_rtf(body: MIMEMultipart, packed: bytes, *, has_plain: bool) -> None:
    """Add the text of the RTF, if it is more than the plain body.

    Raises:
        ValueError: If there is nothing else and it is packed in an unknown way.
        struct.error: If there is nothing else and it is cut off.
    """
    try:
        text, is_html = text_of(unpacked(packed))
    except (ValueError, struct.error):
        if has_plain:
            return
        raise
    if is_html or not has_plain:
        body.attach(MIMEText(text, "html" if is_html else "plain", "utf-8"))


def _attached(attachment: Any, data: bytes) -> Message:
    declared = attachment.mime_type or ""
    part = _part(declared if declared.startswith("image/") else "application/octet-stream", data)
    content_id = attachment.properties.str_prop_value(_CONTENT_ID)
    part.add_header("Content-Disposition", "attachment", filename=squeeze(attachment.file_name or ""))
    if content_id:
        part["Content-ID"] = squeeze(content_id)
    return part


def _part(media_type: str, data: bytes) -> Message:
    part = MIMEBase(*media_type.split("/", 1))
    part.set_payload(data)
    encoders.encode_base64(part)
    return part
