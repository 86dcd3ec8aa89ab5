"""Documents of other formats that a Word file embeds as a part of its text (`w:altChunk`): HTML, MHTML, DOCX, text."""

import email
import email.policy
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import Final
from zipfile import ZipInfo

from ingestion.config import ParsingLimits
from ingestion.errors import IngestionError
from ingestion.packed import PackedFile
from ingestion.parsers.office.docx_tables import Paragraph
from ingestion.types import BlockKind, Document, Source

_MAIL_LIKE: Final = re.compile(rb"\s*(?:MIME-Version|From|Content-Type|Subject|Date|X-[\w-]+):", re.I)

ReadSource = Callable[[Source, ParsingLimits], Document]
"""Reads a file of any format: `ingestion.parsers.parse_source`."""


class Chunks:
    """The documents embedded in a Word file, each read once."""

    def __init__(self, source: Source, limits: ParsingLimits, read: ReadSource | None) -> None:
        """Prepare; each embedded document takes one from `limits.max_nesting`.

        Args:
            source: The Word file.
            limits: For each embedded document.
            read: Reads an embedded document; None leaves all out.
        """
        self._read = read
        self._source = source
        self._limits = limits
        self._entries: dict[str, ZipInfo] | None = None

    def items(self, path: str) -> list[Paragraph]:
        """Read the document of a part; nothing if it can't be read here, or was read before."""
        if self._read is None or self._limits.max_nesting < 2:
            return []
        try:
            with PackedFile(self._source.data, self._limits) as packed:
                if self._entries is None:
                    self._entries = {entry.filename.lower().lstrip("/"): entry for entry in packed.entries}
                entry = self._entries.pop(path.lower(), None)
                if entry is None:
                    return []
                inner = _page(Source(name=PurePath(entry.filename).name, data=packed.read(entry)))
            limits = replace(self._limits, max_nesting=self._limits.max_nesting - 1)
            return list(_items(self._read(inner, limits)))
        except IngestionError:
            return []


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
