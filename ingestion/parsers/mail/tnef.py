"""Outlook's wrapping of sent mails (winmail.dat; TNEF, [MS-OXTNEF]): the body, and the files sent with it."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ingestion.parsers.mail.rtf_body import known_codec, text_of, unpacked

_SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_BODY, _TITLE, _DATA = 0x0002800C, 0x00018010, 0x0006800F
_NEXT_FILE, _FILE_PROPERTIES, _PROPERTIES, _CODE_PAGE = 0x00069002, 0x00069005, 0x00069003, 0x00069007
_PLAIN, _PACKED_RTF, _HTML = 0x1000, 0x1009, 0x1013
_LONG_NAME, _SHORT_NAME, _CONTENT = 0x3707, 0x3704, 0x3701
_SIZES: Final = {
    0x02: 4,
    0x03: 4,
    0x04: 4,
    0x05: 8,
    0x06: 8,
    0x07: 8,
    0x0A: 4,
    0x0B: 4,
    0x14: 8,
    0x40: 8,
    0x48: 16,
}
_TEXT, _WIDE_TEXT, _BYTES, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_MANY: Final = 0x1000
_OBJECT_HEAD: Final = 16  # bytes of an interface's name before an embedded object
_MAX_VALUES: Final = 10_000


@dataclass(slots=True)
class Wrapped:
    """Contents of a wrapping.

    Attributes:
        text: The body, or nothing.
        is_html: Whether the body is HTML.
        files: Name and bytes of each file.
    """

    text: str = ""
    is_html: bool = False
    files: list[tuple[str, bytes]] = field(default_factory=list)


def read_tnef(data: bytes) -> Wrapped | None:
    """Open a wrapping; None if it is none. A truncated one gives its part before the cut."""
    if not data.startswith(_SIGNATURE):
        return None
    found, codec, names = Wrapped(), "cp1252", dict[int, str]()
    properties: dict[int, bytes | str] = {}
    try:
        for kind, value in _attributes(data):
            if kind == _CODE_PAGE:
                codec = known_codec(f"cp{struct.unpack_from('<I', value)[0]}") or codec
            elif kind == _NEXT_FILE:
                found.files.append(("", b""))
            elif kind == _BODY:
                properties.setdefault(_PLAIN, value.decode(codec, "replace"))
            elif kind == _PROPERTIES:
                properties |= dict(_mapi(value, codec))
            elif kind in {_TITLE, _DATA, _FILE_PROPERTIES} and found.files:
                found.files[-1] = _file(kind, value, codec, found.files[-1], names, len(found.files))
    except (struct.error, IndexError, ValueError):
        pass  # cut off
    found.files = [(name.replace("\x00", ""), content) for name, content in found.files if content]
    found.text, found.is_html = _body(properties, codec)
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    while at + 9 <= len(data):
        kind, length = struct.unpack_from("<II", data, at + 1)
        yield kind, data[at + 9 : at + 9 + length]
        at += 9 + length + 2


def _file(
    kind: int, value: bytes, codec: str, known: tuple[str, bytes], names: dict[int, str], number: int
) -> tuple[str, bytes]:
    """A file with one more attribute; its long name replaces the short one."""
    name, content = known
    if kind == _DATA:
        return name, value
    if kind == _TITLE:
        return names.get(number) or value.decode(codec, "replace"), content
    properties = dict(_mapi(value, codec))
    names[number] = str(properties.get(_LONG_NAME) or properties.get(_SHORT_NAME) or "")
    inner = properties.get(_CONTENT)
    if not content and isinstance(inner, bytes):
        content = inner
    return names[number] or name, content


def _mapi(data: bytes, codec: str) -> Iterator[tuple[int, bytes | str]]:
    """Texts and bytes among MAPI properties, by number; named ones and numbers are passed over.

    Raises:
        ValueError: If a type is unknown, so that what follows can't be found.
        struct.error: If they are cut off.
    """
    (count,) = struct.unpack_from("<I", data)
    at = 4
    for _ in range(min(count, _MAX_VALUES)):
        kind, number = struct.unpack_from("<HH", data, at)
        at += 4
        if number >= 0x8000:
            is_text, length = struct.unpack_from("<16xII", data, at)
            at += 24 + (_padded(length) if is_text else 0)
        is_variable = kind & ~_MANY in {_TEXT, _WIDE_TEXT, _BYTES, _OBJECT}
        values = 1
        if kind & _MANY or is_variable:
            (values,) = struct.unpack_from("<I", data, at)
            at += 4
        for _ in range(min(values, _MAX_VALUES)):
            if not is_variable:
                at += _SIZES.get(kind & ~_MANY, 0) or _unknown(kind)
                continue
            (length,) = struct.unpack_from("<I", data, at)
            value = data[at + 4 : at + 4 + length]
            at += 4 + _padded(length)
            if number < 0x8000:
                yield number, _value(kind, value, codec)


def _value(kind: int, value: bytes, codec: str) -> bytes | str:
    if kind == _TEXT:
        return value.decode(codec, "replace").rstrip("\x00")
    if kind == _WIDE_TEXT:
        return value.decode("utf-16-le", "replace").rstrip("\x00")
    return value[_OBJECT_HEAD:] if kind == _OBJECT else value


def _body(properties: dict[int, bytes | str], codec: str) -> tuple[str, bool]:
    """The richest body, and whether it is HTML."""
    html, packed = properties.get(_HTML), properties.get(_PACKED_RTF)
    if html:
        return (html if isinstance(html, str) else html.decode(codec, "replace")), True
    if isinstance(packed, bytes):
        try:
            return text_of(unpacked(packed))
        except (ValueError, struct.error):
            pass  # the plain one is left
    return str(properties.get(_PLAIN, "")).replace("\x00", ""), False


def _padded(length: int) -> int:
    return length + -length % 4


def _unknown(kind: int) -> int:
    """Refuse a type whose size is not known.

    Raises:
        ValueError: Always.
    """
    raise ValueError(f"properties of type {kind:#x} are not known")
