"""Documents of other formats that a Word file embeds as a part of its text (`w:altChunk`): HTML, MHTML, DOCX, text."""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Final

from ingestion.config import ParsingLimits
from ingestion.errors import IngestionError
from ingestion.packed import PackedFile
from ingestion.parsers.office.docx_tables import Paragraph
from ingestion.types import BlockKind, Document, Source

_MAIL_LIKE: Final = re.compile(rb"\s*(?:MIME-Version|From|Content-Type|Subject|Date|X-[\w-]+):", re.I)


def chunk_items(source: Source, path: str, limits: ParsingLimits) -> list[Paragraph]:
    """Read an embedded document; nothing if it can't be read here.

    Args:
        source: The Word file.
        path: Of the part that holds the document.
        limits: Each document inside another one takes one from `max_nesting`.
    """
    from ingestion.parsers import parse_source  # it knows all formats, this one too

    if limits.max_nesting < 2:
        return []
    try:
        with PackedFile(source.data, limits) as packed:
            name = next(name for name in packed.names if name.lower().lstrip("/") == path.lower())
            inner = _page(Source(name=PurePath(name).name, data=packed.read(name)))
        document = parse_source(inner, replace(limits, max_nesting=limits.max_nesting - 1))
    except (IngestionError, StopIteration):
        return []
    return list(_items(document))


def _page(source: Source) -> Source:
    """The page of a web archive (MHTML); other files as they are."""
    if not _MAIL_LIKE.match(source.data[:200]):
        return source
    message = email.message_from_bytes(source.data, policy=email.policy.default)
    body = next((part for part in message.walk() if part.get_content_type() == "text/html"), None)
    data = body.get_payload(decode=True) if body is not None else None
    return Source(name="page.html", data=data) if isinstance(data, bytes) else source


def _items(document: Document) -> Iterator[Paragraph]:
    for block in document.blocks:
        text = document.text[block.start : block.end]
        if block.kind is BlockKind.HEADING:
            yield Paragraph(text=text, heading=block.level)
        else:
            is_member = block.kind is BlockKind.LIST_ITEM
            yield from (
                Paragraph(text=line, level=block.level, is_member=is_member) for line in text.split("\n")
            )
