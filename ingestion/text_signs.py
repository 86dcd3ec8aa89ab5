"""Types of text by signature: first bytes that only one format has, whatever the file's name."""

import codecs
import json
import re
from enum import Enum, auto
from typing import Final

_HEAD_BYTES: Final = 4096
_MAIL_HEAD_BYTES: Final = 65_536
_END_BYTES: Final = 200
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*){0,9}(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])",
    re.I | re.S,
)
_XML = re.compile(rb"\s*<\?xml\s")
_ELEMENT = re.compile(rb"\s*(?:<!--.*?-->\s*)*<([A-Za-z_][\w.:-]{0,60})(?=[\s>])", re.S)
_HTML_ELEMENTS: Final = frozenset({b"div", b"h1", b"h2", b"ol", b"p", b"pre", b"span", b"table", b"ul"})
_JSON = re.compile(rb"\s*(?:\{\s*\"|\[\s*[\[{])")
_JSON_LINE = re.compile(rb"\s*(?:[{\[].*[}\]],?\s*)?", re.S)
_NOTEBOOK = re.compile(rb"\"nbformat\"\s*:\s*\d")
_TIME = rb"(?:\d{1,4}:)?\d{1,2}:\d{2}[.,]\d{1,3}"
_SUBTITLES = re.compile(
    rb"\s*(?:WEBVTT(?=[ \t\r\n])(?=.*-->)|(?:\d{1,9}[ \t]*\r?\n)?[ \t]*"
    + _TIME
    + rb"[ \t]*-->[ \t]*"
    + _TIME
    + rb")",
    re.S,
)
_HEADER = rb"[A-Za-z][A-Za-z0-9-]{0,60}:[^\r\n]{0,2000}\r?\n(?:[ \t][^\r\n]{0,2000}\r?\n){0,50}"
_MAILBOX = re.compile(rb"\s*From \S+[^\r\n]{0,200}\d:\d\d[^\r\n]{0,40}\d{4}[^\r\n]{0,20}\r?\n" + _HEADER)
_MAIL = re.compile(rb"(?:" + _HEADER + rb"){3,}+(?=\r?\n|\Z)")
_MAIL_ONLY = re.compile(
    rb"^(?:received|message-id|mime-version|return-path|delivered-to|content-transfer-encoding):", re.I | re.M
)
_OF_LETTERS = re.compile(rb"^(?:from|to|subject|date|received):", re.I | re.M)
_LINE_OF_HEADER = re.compile(rb"([!-9;-~]{1,100}):[ \t]*([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)\r?\n")
_SENT: Final = (b"to", b"cc", b"received", b"return-path", b"delivered-to")
_SPREADSHEET_XML = re.compile(
    rb"""<(?:\w+:)?Workbook\s[^>]*["']urn:schemas-microsoft-com:office:spreadsheet["']"""
)
_OFFICE_NAMES: Final = (
    (b"http://schemas.microsoft.com/office/2006/xmlPackage", "FLAT_OFFICE"),
    (b"http://schemas.microsoft.com/office/word/2003/wordml", "WORD_XML"),
)


class TextSign(Enum):
    """Type shown by the beginning of a text."""

    CALENDAR = auto()
    FLAT_OFFICE = auto()
    HTML = auto()
    JSON = auto()
    MAIL = auto()
    MAILBOX = auto()
    NOTEBOOK = auto()
    SAVED_PAGE = auto()
    SPREADSHEET_XML = auto()
    SUBTITLES = auto()
    WORD_XML = auto()
    XML = auto()


def start_of(data: bytes, count: int = _HEAD_BYTES) -> bytes:
    """About the first `count` bytes of a text, in an encoding that has ASCII, without a mark of byte order."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data[: 2 * count].decode("utf-16", "ignore").encode("utf-8", "ignore")
    return data[:count].removeprefix(codecs.BOM_UTF8)


def sign_of(data: bytes, name: str = "") -> TextSign | None:
    """Detect the format of a text by its signature, None for all other text.

    Args:
        data: The text as it came.
        name: Of the file; it only parts mails from pages that browsers save in the form of mails.
    """
    head = start_of(data)
    data = data.removeprefix(codecs.BOM_UTF8)
    if (sign := _mail_or_page(data, name) or _office_xml(head)) is not None:
        return sign
    for pattern, sign in _BY_PATTERN:
        if pattern.match(head):
            return sign
    if _XML.match(head):
        return TextSign.XML
    if (mail := _MAIL.match(head)) and _MAIL_ONLY.search(mail[0]) and _OF_LETTERS.search(mail[0]):
        return TextSign.MAIL
    if (first := _ELEMENT.match(head)) and data[-_END_BYTES:].rstrip().endswith(b"</" + first[1] + b">"):
        return TextSign.HTML if first[1].lower() in _HTML_ELEMENTS else TextSign.XML
    if _JSON.match(head) and data[-_END_BYTES:].rstrip().endswith((b"}", b"]")):
        is_notebook = b'"cell_type"' in data and _NOTEBOOK.search(data) is not None
        return TextSign.NOTEBOOK if is_notebook else TextSign.JSON
    return None


def _mail_or_page(data: bytes, name: str) -> TextSign | None:
    """A calendar, a mail or a saved page by the lines at its start; None for any other text.

    Pages saved by browsers, Word and wikis (MHTML, RFC 2557) are built like mails, and were sent to nobody.
    """
    head = data[:_MAIL_HEAD_BYTES].lstrip()
    if head[:15].upper() == b"BEGIN:VCALENDAR":
        return TextSign.CALENDAR
    headers: dict[bytes, bytes] = {}
    at = 0
    while found := _LINE_OF_HEADER.match(head, at):
        headers.setdefault(found[1].lower(), found[2].lower())
        at = found.end()
    kind = headers.get(b"content-type", b"")
    if b"mime-version" not in headers or not kind:
        return None
    is_page = kind.startswith((b"multipart/related", b"text/html"))
    is_sent = any(header in headers for header in _SENT) or name.lower().endswith(".eml")
    if is_page and (b"snapshot-content-location" in headers or not is_sent):
        return TextSign.SAVED_PAGE
    return TextSign.MAIL if headers.keys() & {b"from", b"to", b"subject", b"date", b"received"} else None


def _office_xml(head: bytes) -> TextSign | None:
    """Documents of Office in one XML file."""
    if _SPREADSHEET_XML.search(head):
        return TextSign.SPREADSHEET_XML
    if head.lstrip().startswith((b"<?xml", b"<w:wordDocument", b"<pkg:package")):
        return next((TextSign[sign] for name, sign in _OFFICE_NAMES if name in head), None)
    return None


def is_json(data: bytes) -> bool:
    """Whether all of a text is one JSON value, or all its lines look like values, of which the first is read."""
    lines = data.removeprefix(codecs.BOM_UTF8).strip().splitlines()
    are_values = len(lines) > 1 and all(map(_JSON_LINE.fullmatch, lines))
    for part in (data, lines[0].rstrip(b", \t")) if are_values else (data,):
        try:
            json.loads(part)
            return True
        except (ValueError, RecursionError):
            continue
    return False


_BY_PATTERN: Final = (
    (_HTML, TextSign.HTML),
    (_SUBTITLES, TextSign.SUBTITLES),
    (_MAILBOX, TextSign.MAILBOX),
)
