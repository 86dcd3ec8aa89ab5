"""What a text is by its first bytes, whatever it is called: signs that no other text has."""

import codecs
import json
import re
from enum import Enum, auto
from typing import Final

_HEAD_BYTES: Final = 4096
_END_BYTES: Final = 200
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>])",
    re.I | re.S,
)
_XML = re.compile(rb"\s*<\?xml\s")
_ELEMENT = re.compile(rb"\s*(?:<!--.*?-->\s*)*<([A-Za-z_][\w.:-]{0,60})(?=[\s>])", re.S)
_HTML_ELEMENTS: Final = frozenset({b"div", b"h1", b"h2", b"ol", b"p", b"pre", b"span", b"table", b"ul"})
_JSON = re.compile(rb"\s*(?:\{\s*\"|\[\s*[\[{])")
_NOTEBOOK = re.compile(rb"\"nbformat\"\s*:\s*\d")
_TIME = rb"(?:\d{1,4}:)?\d{1,2}:\d{2}[.,]\d{1,3}"
_SUBTITLES = re.compile(
    rb"\s*(?:WEBVTT(?=[ \t\r\n])|(?:\d{1,9}[ \t]*\r?\n)?[ \t]*" + _TIME + rb"[ \t]*-->[ \t]*" + _TIME + rb")"
)
_HEADER = rb"[A-Za-z][A-Za-z0-9-]{0,60}:[^\r\n]{0,2000}\r?\n(?:[ \t][^\r\n]{0,2000}\r?\n){0,50}"
_MAILBOX = re.compile(rb"\s*From \S+[^\r\n]{0,200}\d{4}[^\r\n]{0,20}\r?\n" + _HEADER)
_MAIL = re.compile(rb"(?:" + _HEADER + rb"){3,}+(?=\r?\n|\Z)")
_MAIL_ONLY = re.compile(
    rb"^(?:received|message-id|mime-version|return-path|delivered-to|content-transfer-encoding):", re.I | re.M
)


class TextSign(Enum):
    """What the beginning of a text shows it to be."""

    HTML = auto()
    JSON = auto()
    MAIL = auto()
    MAILBOX = auto()
    NOTEBOOK = auto()
    SUBTITLES = auto()
    XML = auto()


def sign_of(data: bytes) -> TextSign | None:
    """Tell the format of a text that shows it, None for all other text."""
    data = data.removeprefix(codecs.BOM_UTF8)
    head = data[:_HEAD_BYTES]
    for pattern, sign in _BY_PATTERN:
        if pattern.match(head):
            return sign
    if _XML.match(head):
        return TextSign.HTML if b"<html" in head else TextSign.XML
    if (mail := _MAIL.match(head)) and _MAIL_ONLY.search(mail[0]):
        return TextSign.MAIL
    if (first := _ELEMENT.match(head)) and data[-_END_BYTES:].rstrip().endswith(b"</" + first[1] + b">"):
        return TextSign.HTML if first[1].lower() in _HTML_ELEMENTS else TextSign.XML
    if _JSON.match(head) and data[-_END_BYTES:].rstrip().endswith((b"}", b"]")):
        is_notebook = b'"cell_type"' in data and _NOTEBOOK.search(data) is not None
        return TextSign.NOTEBOOK if is_notebook else TextSign.JSON
    return None


def is_json(data: bytes) -> bool:
    """Whether all of a text is one JSON value, or its first line is one that is not the last."""
    for part in (data, data.strip().partition(b"\n")[0]):
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
