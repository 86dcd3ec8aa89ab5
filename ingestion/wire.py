"""Frames between the parser child and its owner: JSON and raw bytes, each with its length before it; no pickle."""

import json
import struct
from dataclasses import asdict
from typing import Any, BinaryIO

from ingestion.config import ParsingLimits
from ingestion.errors import (
    ConverterMissingError,
    CorruptFileError,
    EmptyDocumentError,
    EncryptedError,
    IngestionError,
    LimitExceededError,
    NoTextLayerError,
    PartlyUnpackedError,
    UndecodableError,
    UnsupportedFormatError,
)
from ingestion.types import Block, BlockKind, Coverage, Document, Dropped, PageSpan, Source

_LENGTH = struct.Struct(">Q")
_READ_BYTES = 1 << 20
_MEMBER = b'{"member":'
_ERRORS: dict[str, type[IngestionError]] = {
    error.code: error
    for error in (
        ConverterMissingError,
        CorruptFileError,
        EmptyDocumentError,
        EncryptedError,
        LimitExceededError,
        NoTextLayerError,
        PartlyUnpackedError,
        UndecodableError,
        UnsupportedFormatError,
    )
}


def write_frame(stream: BinaryIO, payload: bytes) -> None:
    """Write one frame."""
    stream.write(_LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def read_frame(stream: BinaryIO, max_bytes: int) -> bytes:
    """Read one frame.

    Raises:
        EOFError: If the stream ended, or the frame says that it is longer than `max_bytes`.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > max_bytes:
        raise EOFError("the frame is too long")
    return _exactly(stream, length)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    blocks: list[bytes] = []
    while length:
        block = stream.read(min(length, _READ_BYTES))
        if not block:
            raise EOFError("the stream ended inside a frame")
        blocks.append(block)
        length -= len(block)
    return b"".join(blocks)


def encode_request(source: Source, limits: ParsingLimits, *, members: bool = False) -> bytes:
    """The first frame of a request; the second is the file itself. `members` asks for the files inside."""
    return _json(
        {
            "name": source.name,
            "media_type": source.media_type,
            "limits": asdict(limits),
            "members": members,
        }
    )


def decode_request(header: bytes, data: bytes) -> tuple[Source, ParsingLimits, bool]:
    """Source and limits of a request, and whether the files inside are asked for."""
    fields = json.loads(header)
    source = Source(name=fields["name"], data=data, media_type=fields["media_type"])
    return source, ParsingLimits(**fields["limits"]), fields["members"]


def encode_member(name: str) -> bytes:
    """A frame before the reply that names a file found inside; the next frame holds its bytes."""
    return _json({"member": name})


def decode_member(frame: bytes) -> str | None:
    """Name of the file that the next frame holds, or None if the frame is the reply itself."""
    if not frame.startswith(_MEMBER):
        return None
    name: str = json.loads(frame)["member"]
    return name


def encode_error(error: IngestionError) -> bytes:
    """A reply that says why the file can't be read."""
    more = [error.media_type] if isinstance(error, ConverterMissingError) else []
    return _json({"error": [error.code, error.message, error.hint, *more]})


def encode_document(document: Document) -> bytes:
    """A reply that carries the document."""
    paths: dict[tuple[str, ...], int] = {}  # sent once, however many blocks stand under it
    blocks = [
        (b.kind.value, b.start, b.end, b.level, b.page, b.box, paths.setdefault(b.heading_path, len(paths)))
        for b in document.blocks
    ]
    fields = {
        "text": document.text,
        "media_type": document.media_type,
        "title": document.title,
        "encoding": document.encoding,
        "language": document.language,
        "heading_paths": list(paths),
        "blocks": blocks,
        "pages": [(page.number, page.start, page.end) for page in document.pages],
        "dropped": [(item.what, item.count) for item in document.dropped],
        "coverage": asdict(document.coverage) if document.coverage else None,
    }
    return _json(fields)


def decode_reply(reply: bytes) -> Document:
    """The document of a reply.

    Raises:
        IngestionError: The one that the reply carries.
    """
    fields: dict[str, Any] = json.loads(reply)
    if "error" in fields:
        code, *parts = fields["error"]
        raise _ERRORS[code](*parts)
    paths = [tuple(path) for path in fields["heading_paths"]]  # blocks of a section share one tuple
    blocks = [
        Block(
            kind=BlockKind(kind),
            start=start,
            end=end,
            level=level,
            page=page,
            box=box and (box[0], box[1], box[2], box[3]),
            heading_path=paths[path],
        )
        for kind, start, end, level, page, box, path in fields["blocks"]
    ]
    return Document(
        text=fields["text"],
        media_type=fields["media_type"],
        title=fields["title"],
        encoding=fields["encoding"],
        language=fields["language"],
        blocks=tuple(blocks),
        pages=tuple(PageSpan(number=number, start=start, end=end) for number, start, end in fields["pages"]),
        dropped=tuple(Dropped(what=what, count=count) for what, count in fields["dropped"]),
        coverage=_coverage(fields["coverage"]),
    )


def _coverage(fields: dict[str, Any] | None) -> Coverage | None:
    if fields is None:
        return None
    return Coverage(visible=fields["visible"], kept=fields["kept"], lost=tuple(fields["lost"]))


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8", errors="replace")
