"""Texts of a mail in the encodings that mail programs declare: header words (RFC 2047), names of files, bodies.

Programs declare the standard's old name and write its superset: `gb2312` for GBK, `iso-8859-1` for Windows-1252.
"""

import binascii
import codecs
import quopri
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from ingestion.canonical import squeeze
from ingestion.encodings import Decoded, decode
from ingestion.errors import UndecodableError

_SUPERSETS: Final = {
    "gb2312": "gb18030", "gbk": "gb18030", "hz": "hz", "big5": "big5hkscs", "euc_kr": "cp949", "ksc5601": "cp949",
    "shift_jis": "cp932", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "iso2022_jp": "iso2022_jp_ext", "ascii": "",
}  # fmt: skip
"""By the name that Python gives a declared encoding."""
_OTHER_NAMES: Final = {
    "x-gbk": "gb18030", "cp-936": "gb18030", "windows-936": "gb18030", "gb_2312-80": "gb18030",
    "x-big5": "big5hkscs", "x-sjis": "cp932", "x-euc-jp": "euc_jp", "ks_c_5601": "cp949", "unicode-1-1-utf-7": "utf-7",
}  # fmt: skip
"""Names that Python doesn't know."""
_SEVEN_BIT: Final = ("iso2022", "hz", "utf-7")
_FEW_BYTES: Final = 48
_WORD: Final = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bq])\?([^?]*)\?=", re.I)
_PERCENT: Final = re.compile(r"\A[\x21-\x7e]*%[89a-f][0-9a-f][\x21-\x7e]*\Z", re.I)


def codec_of(charset: str | None) -> str:
    """Name of the codec for a declared encoding, or nothing where it is unknown or says nothing."""
    declared = (charset or "").partition("*")[0].strip(" '\"").lower()
    if declared in _OTHER_NAMES:
        return _OTHER_NAMES[declared]
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        return ""
    return _SUPERSETS.get(name, name)


def header_text(value: str) -> str:
    """A header's text: encoded words are resolved, bare bytes are read in the encoding that fits."""
    if any("\udc80" <= character <= "\udcff" for character in value):
        value = _detected(value.encode("utf-8", "surrogateescape"))
    parts: list[str] = []
    run, codec, at = b"", "", 0
    for word in _WORD.finditer(value):
        between = value[at : word.start()]
        own = codec_of(word[1])
        # words of one encoding may part a character between them
        if between.strip() or not at or own != codec:
            parts.extend((_read(run, codec), between if between.strip() or not at else ""))
            run, codec = b"", own
        run += _bytes_of(word[3], is_base64=word[2] in "bB")
        at = word.end()
    return squeeze("".join((*parts, _read(run, codec), value[at:])))


def file_name(value: str | tuple[str | None, str | None, str] | None) -> str:
    """Name of a file as a parameter gives it: RFC 2231, encoded words, or per cent signs.

    Args:
        value: As `email.message.Message.get_param` returns it.
    """
    if value is None:
        return ""
    if isinstance(value, tuple):
        return squeeze(_read(value[2].encode("latin-1", "replace"), codec_of(value[0])))
    name = header_text(value)
    try:
        told = unquote_to_bytes(name).decode("utf-8") if _PERCENT.search(name) else name
    except UnicodeDecodeError:
        return name
    return name if told.isascii() else squeeze(told)  # a sign of its own, as in "50%25 off", stays


def body_text(data: bytes, charset: str | None) -> Decoded:
    """Text of a body.

    Raises:
        UndecodableError: If no encoding fits.
    """
    codec = codec_of(charset)
    is_short = sum(byte > 127 for byte in data[: 64 * _FEW_BYTES]) < _FEW_BYTES
    # Encodings of seven bits look like ASCII, and few bytes tell little of themselves: both are as declared.
    if codec.startswith(_SEVEN_BIT) or (
        codec and is_short and not codec.startswith(("cp12", "iso8859", "utf-16"))
    ):
        try:
            return Decoded(text=data.decode(codec), encoding=codec)
        except (UnicodeDecodeError, LookupError):
            pass
    return decode(data, codec or None)


def _detected(raw: bytes) -> str:
    try:
        return decode(raw).text
    except UndecodableError:
        return raw.decode("utf-8", "replace")


def _bytes_of(text: str, *, is_base64: bool) -> bytes:
    raw = text.encode("utf-8", "replace")
    if not is_base64:
        return quopri.decodestring(raw, header=True)
    try:
        return binascii.a2b_base64(raw + b"==")
    except binascii.Error:  # cut off inside a group of four
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        return binascii.a2b_base64(letters[: len(letters) // 4 * 4])


def _read(data: bytes, codec: str) -> str:
    if not data:
        return ""
    try:
        return data.decode(codec) if codec else _detected(data)
    except (UnicodeDecodeError, LookupError):
        return _detected(data)
