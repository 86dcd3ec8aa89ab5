"""MHTML (RFC 2557): pages saved as one file by browsers, Office and wikis, built like a mail."""

import html
import re
from email.message import Message
from typing import Final

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, UndecodableError
from ingestion.parsers.mail.mime import headers_of, leaves_of, payload_of, read_message
from ingestion.parsers.mail.words import body_text
from ingestion.parsers.web.html import write_html
from ingestion.sniff import MHTML
from ingestion.types import Document, Source

_TITLE: Final = re.compile(r"<title[^<>]*>([^<]*)", re.I)
_TITLE_WITHIN: Final = 20_000
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})
_DECLARED: Final = re.compile(rb"<meta[^<>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_BESIDE_THE_TEXT: Final = re.compile(r"/(?:header|tabstrip)\.html?\Z", re.I)
"""Word's page headers and note lines; the names of Excel's sheets, as links."""


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a page with its frames (Excel keeps one for each sheet); its pictures are left out and counted.

    Raises:
        CorruptFileError: If no page is in it, or its parts are nested too deep.
    """
    message = read_message(source.data)
    writer = CanonicalWriter(limits)
    leaves = list(leaves_of(message))
    pages = [leaf for leaf in leaves if leaf.get_content_type() in _PAGES]
    if not pages:
        raise CorruptFileError("The file is a saved page (MHTML) without a page in it.")
    pages.sort(key=lambda leaf: not _is_root(leaf, message))
    title, known = "", set[bytes]()
    for page in pages:
        data = payload_of(page)
        if _BESIDE_THE_TEXT.search(headers_of(page).get("content-location", "")):
            writer.drop("page headers and tabs")
        elif data not in known:
            known.add(data)
            text = _text(page, data, writer)
            found = _TITLE.search(text, 0, _TITLE_WITHIN)
            title = title or (squeeze(html.unescape(found[1])) if found else "")
            write_html(text, writer)
    writer.drop("pictures", sum(leaf.get_content_maintype() == "image" for leaf in leaves))
    return writer.build(media_type=MHTML, title=title or headers_of(message).get("subject", ""))


def _is_root(page: Message, message: Message) -> bool:
    """Whether the file names a page as its root page."""
    start = message.get_param("start", "")
    return bool(start) and str(page.get("content-id", "")).strip() == str(start).strip()


def _text(page: Message, data: bytes, writer: CanonicalWriter) -> str:
    declared = _DECLARED.search(data[:4096])
    charset = page.get_content_charset() or (declared[1].decode("ascii", "replace") if declared else None)
    try:
        decoded = body_text(data, charset)
    except UndecodableError:
        writer.drop("parts that could not be decoded")
        return ""
    writer.drop("characters that could not be read", decoded.replaced)
    return decoded.text
