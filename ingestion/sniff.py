"""Detection of file types: bytes decide; the name and the declared type only choose between kinds of text."""

import codecs
import io
import lzma
import re
import struct
import zipfile
import zlib
from pathlib import PurePath

from ingestion.errors import CorruptFileError, EmptyDocumentError, EncryptedError, UnsupportedFormatError
from ingestion.text_signs import TextSign, is_json, sign_of, start_of
from ingestion.types import Source

MARKDOWN = "text/markdown"
TEXT = "text/plain"
HTML = "text/html"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EPUB = "application/epub+zip"
CSV = "text/csv"
JSON = "application/json"
JSON_LINES = "application/x-ndjson"
NOTEBOOK = "application/x-ipynb+json"
XML = "application/xml"
SUBTITLES = "text/vtt"
EML = "message/rfc822"
MBOX = "application/mbox"
MHTML = "multipart/related"
CALENDAR = "text/calendar"
ZIP = "application/zip"
FLAT_OFFICE = "application/vnd.openxmlformats-officedocument.flat"
WORD_XML = "application/vnd.ms-word.2003+xml"
RTF = "application/rtf"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
XLSB = "application/vnd.ms-excel.sheet.binary.macroenabled.12"
SPREADSHEET_XML = "application/vnd.ms-excel.2003+xml"
MSG = "application/vnd.ms-outlook"
PPT = "application/vnd.ms-powerpoint"
CONVERTED = {
    RTF: "an RTF document",
    ODT: "an OpenDocument text",
    ODP: "an OpenDocument presentation",
    DOC: "an old Word document (DOC)",
    PPT: "an old PowerPoint presentation (PPT)",
}
"""Types that are read through LibreOffice, with their common names."""
IMAGES = {
    "image/png": "PNG image",
    "image/jpeg": "JPEG image",
    "image/gif": "GIF image",
    "image/tiff": "TIFF image",
    "image/bmp": "bitmap image",
    "image/webp": "WebP image",
}
"""Types of pictures, with their common names."""
CONTAINERS = frozenset({EML, MBOX, MSG, ZIP})
"""Types of files that may hold other files, which become documents of their own."""
WITH_ATTACHMENTS = frozenset({PDF})
"""Types of documents that may have files attached, which become documents of their own."""

_BY_SUFFIX = {
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".mdx": MARKDOWN,
    ".txt": TEXT,
    ".text": TEXT,
    ".log": TEXT,
    ".rst": TEXT,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".csv": CSV,
    ".tsv": CSV,
    ".json": JSON,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".ipynb": NOTEBOOK,
    ".xml": XML,
    ".srt": SUBTITLES,
    ".vtt": SUBTITLES,
    ".eml": EML,
    ".ics": CALENDAR,
    ".mbox": MBOX,
}
_TEXT_TYPES = frozenset(_BY_SUFFIX.values())
_BY_SIGN = {
    TextSign.CALENDAR: CALENDAR,
    TextSign.FLAT_OFFICE: FLAT_OFFICE,
    TextSign.HTML: HTML,
    TextSign.JSON: JSON,
    TextSign.MAIL: EML,
    TextSign.MAILBOX: MBOX,
    TextSign.NOTEBOOK: NOTEBOOK,
    TextSign.SAVED_PAGE: MHTML,
    TextSign.SPREADSHEET_XML: SPREADSHEET_XML,
    TextSign.SUBTITLES: SUBTITLES,
    TextSign.WORD_XML: WORD_XML,
    TextSign.XML: XML,
}
# Kinds of text that such a sign is no surprise in.
_WRITTEN_WITH = {
    TextSign.HTML: frozenset({HTML, MARKDOWN, EML, MBOX}),
    TextSign.JSON: frozenset({JSON, JSON_LINES, MARKDOWN, NOTEBOOK}),
    TextSign.MAIL: frozenset({EML, MARKDOWN}),
    TextSign.MAILBOX: frozenset({EML, MBOX, MARKDOWN}),
    TextSign.XML: frozenset({HTML, XML, MARKDOWN}),
}
_ZIP_SUFFIXES = frozenset({".docx", ".pptx", ".xlsx", ".xlsb", ".epub"})
SUFFIXES = _ZIP_SUFFIXES.union(_BY_SUFFIX)
"""Endings of names, in lower case, that distinguish formats; others mean nothing here."""
# What the library raises for archives cut off, changed, or packed in ways it does not know.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    EOFError,
)

_PICTURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
# Formats that are recognised only to be refused by name.
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"RIFF", "a media file (RIFF)"),
    (b"ID3", "an MP3 file"),
    (b"\xff\xfb", "an MP3 file"),
    (b"OggS", "an Ogg media file"),
    (b"fLaC", "a FLAC file"),
    (b"\x1aE\xdf\xa3", "a Matroska video"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_OLD_OFFICE = {
    "__properties_version1.0": MSG,
    "WordDocument": DOC,
    "PowerPoint Document": PPT,
    "Workbook": XLS,
    "Book": XLS,
}
"""Types of compound files ([MS-CFB]) by a stream at their root."""
_EPUB_CONTAINER = "META-INF/container.xml"
"""Detects an EPUB without its type entry (EPUB Open Container Format, 4.2)."""
_EMPTY_ZIP = b"PK\x05\x06"
_SHORT_MAGIC = 3  # so short a magic is believed only of files that are not text
_PDF_START = re.compile(rb"(?:\xef\xbb\xbf)?[\x00\s]{0,1024}%PDF-")
_PDF_WITHIN = 65_536
_TABLE_SUFFIXES = frozenset({".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".et"})
_OFFICE_SUFFIXES = _TABLE_SUFFIXES | {".doc", ".docx", ".docm", ".rtf", ".odt", ".wps", ".ppt", ".pptx"}
_PIECE_OF_PAGE = re.compile(
    rb"\s*(?:<!--.*?-->\s*)*<(?:meta|style|h[1-6]|table|thead|tbody|tr|div|font|center|title|link|script|p)[\s>/]",
    re.I | re.S,
)
"""Start of a page without its outer elements, as programs write it under the names of other formats."""
_PIECE_OF_MARKDOWN = re.compile(rb"^(?:#{1,6} \S|```|\[!\[|[-*] \S)", re.M)
"""Lines of Markdown that no page has; many a file about a project begins with a logo in HTML."""
_CODE_SUFFIXES = frozenset({".vue", ".svelte", ".astro", ".jsx", ".tsx", ".patch", ".diff"})
"""Of source code that may begin as pages, JSON or mailboxes do."""
_BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Of control characters, those that text holds too part words, lines and records, or make letters bold or coloured.
_CONTROLS = frozenset(range(1, 32)) - {8, 9, 10, 11, 12, 13, 27, 28, 29, 30, 31}


def media_type_of_suffix(suffix: str) -> str | None:
    """The type of files with a suffix, with or without its point; None for an unknown suffix."""
    return _BY_SUFFIX.get(f".{suffix.lower().lstrip('.')}")


def media_type_of(source: Source) -> str:
    """Detect the media type of a file.

    Raises:
        EmptyDocumentError: If there are no bytes, or only zeros and white space.
        EncryptedError: If it is an Office file behind a password.
        CorruptFileError: If a packed file is cut off or damaged.
        UnsupportedFormatError: If it is nothing that is read here.
    """
    data = source.data
    if not data.strip(b"\x00 \t\r\n\f\v"):
        raise EmptyDocumentError("The file is empty.")
    if _PDF_START.match(data):
        return PDF
    if data.startswith((b"PK\x03\x04", _EMPTY_ZIP)):
        return _packed(source)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _old_office(data)
    if data.startswith(b"{\\rtf"):
        return RTF
    return _late_pdf(source) or _by_magic(data) or _textual(source)


def _late_pdf(source: Source) -> str | None:
    """PDF, where a web server or a mail program left lines of its own before the header; texts quote it too."""
    start = source.data.find(b"%PDF-", 0, _PDF_WITHIN)
    is_text = PurePath(source.name).suffix.lower() in _BY_SUFFIX
    return PDF if start >= 0 and not is_text and source.data.find(b"endobj", start) >= 0 else None


def _by_magic(data: bytes) -> str | None:
    """Type of a picture, None for text.

    Raises:
        UnsupportedFormatError: If it is neither.
    """
    binary = _is_binary(data)
    for magic, media_type in _PICTURES:
        if data.startswith(magic):
            return media_type
    if data.startswith(b"BM") and data[6:10] == bytes(4):
        return "image/bmp"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    for magic, name in _REFUSED:
        if data.startswith(magic) and (binary or len(magic) > _SHORT_MAGIC):
            raise UnsupportedFormatError(f"The file is {name}, which is not read here.")
    if data[4:8] == b"ftyp":
        raise UnsupportedFormatError("The file is an MP4 media file, which is not read here.")
    if binary:
        raise UnsupportedFormatError("The file is not text and of no format that is known here.")
    return None


def _textual(source: Source) -> str:
    """Type of a text: a sign unique to one format, then the suffix, then the look of the text."""
    suffix = PurePath(source.name).suffix.lower()
    sign = None if suffix in _CODE_SUFFIXES else sign_of(source.data, source.name)
    by_suffix = _BY_SUFFIX.get(suffix)
    declared = (source.media_type or "").partition(";")[0].strip().lower()
    promised = by_suffix or (declared if declared in _TEXT_TYPES else None)
    if sign is TextSign.JSON and not is_json(source.data):
        sign = None
    is_piece = suffix not in _CODE_SUFFIXES and _PIECE_OF_PAGE.match(start_of(source.data)) is not None
    if is_piece and promised in {TEXT, None} and suffix not in _OFFICE_SUFFIXES:
        is_markdown = _PIECE_OF_MARKDOWN.search(source.data) is not None
        sign, promised = (None, MARKDOWN) if is_markdown else (sign, promised)
    if sign is not None and promised not in _WRITTEN_WITH.get(sign, frozenset()):
        return _BY_SIGN[sign]
    if promised is not None:
        return promised
    if is_piece:
        return HTML
    return CSV if suffix in _TABLE_SUFFIXES else TEXT


def _packed(source: Source) -> str:
    suffix = PurePath(source.name).suffix.lower()
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            names = set(archive.namelist())
            has_type = "mimetype" in names and archive.getinfo("mimetype").file_size < 200
            declared = archive.read("mimetype").removeprefix(codecs.BOM_UTF8).strip() if has_type else b""
    except _DAMAGED as error:
        kind = suffix[1:].upper() if suffix in _ZIP_SUFFIXES else "ZIP"
        raise CorruptFileError(f"The {kind} file is damaged or was cut off.") from error
    for media_type in (EPUB, ODT, ODS, ODP):
        if declared == media_type.encode():
            return media_type
    if _EPUB_CONTAINER in names:
        return EPUB
    if "xl/workbook.bin" in names:
        return XLSB
    if "[Content_Types].xml" in names:
        for folder, media_type in (("word/", DOCX), ("ppt/", PPTX), ("xl/", XLSX)):
            if any(name.startswith(folder) for name in names):
                return media_type
    if suffix in _ZIP_SUFFIXES:
        raise CorruptFileError(f"The file has no {suffix[1:].upper()} content inside.")
    return ZIP


def _old_office(data: bytes) -> str:
    """Type of a compound file, by the names of its streams.

    Raises:
        EncryptedError: If it wraps an Office file behind a password.
        CorruptFileError: If it is too damaged to tell.
        UnsupportedFormatError: If it is none that is read here.
    """
    names = _streams(data)
    if "EncryptedPackage" in names:
        raise EncryptedError("The Office file is protected by a password.")
    for stream, media_type in _OLD_OFFICE.items():
        if stream in names:
            return media_type
    raise UnsupportedFormatError(
        "The file is in an old Office format that is not read here (such as Publisher's or Visio's).",
        "Save it as PDF and upload the new file.",
    )


def _streams(data: bytes) -> set[str]:
    """Names at the root of a compound file; of a damaged file, names of `_OLD_OFFICE` anywhere in it.

    Only the root tells: a mail may hold a whole Word document, and that one a protected workbook.

    Raises:
        CorruptFileError: If nothing is left that tells.
    """
    import olefile  # with the first such file

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as compound:
            if names := {path[0] for path in compound.listdir(streams=True, storages=True)}:
                return names
    except (OSError, ValueError, IndexError, struct.error):
        pass
    found = {name for name in (*_OLD_OFFICE, "EncryptedPackage") if name.encode("utf-16-le") in data}
    if not found:
        raise CorruptFileError("The Office file is damaged or was cut off.")
    return found


def _is_binary(data: bytes) -> bool:
    """Whether the bytes hold control characters as no text does; UTF-16 text has zeros, but on one side only."""
    if data.startswith(_BOMS):
        return False
    sample = data[:65_536]
    controls = sum(sample.count(bytes([code])) for code in _CONTROLS)
    if controls > 0.02 * len(sample):
        return True
    zeros_even, zeros_odd = sample[0::2].count(0), sample[1::2].count(0)
    if zeros_even + zeros_odd <= 0.002 * len(sample):
        return False
    return min(zeros_even, zeros_odd) > 0 or max(zeros_even, zeros_odd) < 0.02 * len(sample)
