"""Input that can't be used, and how each ends: REST, the command line and the pages are tried with the same."""

from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"
LAW = "为了保护个人信息权益，规范个人信息处理活动，促进个人信息合理利用，根据宪法，制定本法。\n"
LONG_QUESTION = "why?" * 25_000
"""A question of 100,000 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadFile:
    """A file that is stored, tried, and ends as failed with one of `codes`."""

    name: str
    data: bytes
    codes: frozenset[str]


def _bad(name: str, data: bytes, *codes: str) -> BadFile:
    return BadFile(name=name, data=data, codes=frozenset(codes))


def _cut(name: str) -> bytes:
    data = (DATA / name).read_bytes()
    return data[: len(data) // 2]


BAD_FILES = {
    "unknown format": _bad(
        "photo.xyz", b"\x89XYZ\x00\x01" + bytes(range(256)) * 20, "unsupported_format"
    ),
    "empty": _bad("empty.txt", b"", "empty_document"),
    "white space": _bad("blank.txt", b" \n\t\n ", "empty_document"),
    "encrypted": _bad("password.pdf", (DATA / "password.pdf").read_bytes(), "encrypted"),
    "scanned": _bad("picture.pdf", (DATA / "picture_only.pdf").read_bytes(), "no_text_layer"),
    "cut PDF": _bad("half.pdf", _cut("four_pages.pdf"), "corrupt_file"),
    "cut DOCX": _bad("half.docx", _cut("paper.docx"), "corrupt_file"),
    "cut JSON": _bad("half.json", b'[{"title": "whole"}, {"title": "ha', "corrupt_file"),
    "no PDF at all": _bad("x.pdf", b"%PDF-1.7\n" + b"\x00garbage" * 50, "corrupt_file"),
    "wrong encoding": _bad(
        "bytes.txt", LAW.encode() + bytes(range(0x80, 0xC0)) * 3 + b"\xff\xfe\xfd" * 40, "undecodable"
    ),
}  # fmt: skip

MIXED_ENCODINGS = LAW.encode() * 4 + LAW.encode("gb18030") + LAW.encode()
"""Lines in two encodings: no error, each line is read in its own."""
