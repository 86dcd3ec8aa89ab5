"""Mails wrapped by their signature (S/MIME opaque signing, RFC 8551, 3.5): the content inside, not verified."""

from collections.abc import Iterator
from typing import Final

_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_DATA: Final = bytes.fromhex("2a864886f70d010701")
_SEQUENCE, _OID, _OCTETS = 0x30, 0x06, 0x04
_CONSTRUCTED: Final = 0x20
_MAX_DEPTH: Final = 12


def signed_content(data: bytes) -> bytes | None:
    """Content of a `SignedData` of CMS (RFC 5652); None if it is anything else, such as encrypted."""
    try:
        outer = list(_elements(_only(data, _SEQUENCE)))
        if outer[0] != (_OID, _SIGNED_DATA):
            return None
        signed = list(_elements(_only(outer[1][1], _SEQUENCE)))
        inside = next(list(_elements(value)) for tag, value in signed if tag == _SEQUENCE)
        if inside[0] != (_OID, _DATA):
            return None
        return _octets(inside[1][1], 0)
    except (IndexError, ValueError, StopIteration):
        return None


def _only(data: bytes, wanted: int) -> bytes:
    """Content of the first element.

    Raises:
        ValueError: If it is another one.
    """
    tag, value = next(_elements(data))
    if tag != wanted:
        raise ValueError("another element stands here")
    return value


def _octets(data: bytes, depth: int) -> bytes:
    """Octet strings, whole or in pieces.

    Raises:
        ValueError: If they are nested too deep.
    """
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deep")
    parts = [
        _octets(value, depth + 1) if tag & _CONSTRUCTED else value
        for tag, value in _elements(data)
        if tag & ~_CONSTRUCTED == _OCTETS
    ]
    return b"".join(parts)


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element (BER; X.690)."""
    at = 0
    while at < len(data) and data[at]:
        start, end, following = _bounds(data, at, 0)
        yield data[at], data[start:end]
        at = following


def _bounds(data: bytes, at: int, depth: int) -> tuple[int, int, int]:
    """Where the content of the element at `at` begins and ends, and where the next one begins.

    Raises:
        ValueError: If it is cut off, nested too deep, or has a long tag.
    """
    if depth > _MAX_DEPTH or data[at] & 0x1F == 0x1F:
        raise ValueError("not read here")
    length, start = data[at + 1], at + 2
    if length == 0x80:  # its end is marked
        place = start
        while data[place] or data[place + 1]:
            place = _bounds(data, place, depth + 1)[2]
        return start, place, place + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
    if start + length > len(data):
        raise ValueError("cut off")
    return start, start + length, start + length
