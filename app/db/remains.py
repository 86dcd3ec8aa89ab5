"""Remains of a document in rows and free pages of a database: evidence for a proof of deletion."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from app.db.engine import Database
from app.db.frozen_models import FrozenDocument, FrozenVersion
from app.db.models import Blob, Chunk, Content, Document, DocumentVersion

ROWS_AT_ONCE = 100
VECTORS = frozenset({"vector", "sentence_vectors"})
"""Columns of numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A value of a table; `row` names its row, `data` is UTF-8, JSON as it is stored."""

    table: str
    row: str
    column: str
    data: bytes


def cells(database: Database) -> Iterator[Cell]:
    """All texts and bytes of all tables, those included that this program knows nothing of."""
    quote = database.engine.dialect.identifier_preparer.quote
    names = inspect(database.engine).get_table_names()
    with database.read() as session:
        for table in sorted(names):
            found = session.execute(
                text(f"SELECT * FROM {quote(table)}"),  # noqa: S608 - a quoted name from the database itself
                execution_options={"yield_per": ROWS_AT_ONCE},
            )
            columns = list(found.keys())
            for row in found:
                yield from _cells(table, columns, tuple(row))


def _cells(table: str, columns: list[str], row: tuple[Any, ...]) -> Iterator[Cell]:
    name = str(row[0])[:60] if row else ""
    for column, value in zip(columns, row, strict=True):
        data = None if column in VECTORS else _bytes(value)
        if data:
            yield Cell(table=table, row=name, column=column, data=data)


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return json.dumps(value, ensure_ascii=False).encode() if isinstance(value, dict | list) else None


def owners(session: Session, content_id: int) -> list[tuple[str, str]]:
    """Ids and names of the documents that have a content."""
    rows = session.execute(
        select(Document.id, Document.name)
        .join(DocumentVersion, DocumentVersion.document_id == Document.id)
        .where(DocumentVersion.content_id == content_id)
        .distinct()
    )
    return [(row[0], row[1]) for row in rows]


def frozen_owners(session: Session, content_id: int) -> list[tuple[str, str]]:
    """Ids of the deleted documents that have a content, with the items of the bin that hold them."""
    rows = session.execute(
        select(FrozenDocument.document_id, FrozenDocument.holder_id)
        .join(FrozenVersion, FrozenVersion.frozen_id == FrozenDocument.id)
        .where(FrozenVersion.content_id == content_id)
        .distinct()
    )
    return [(row[0], row[1]) for row in rows]


def live_chunks(session: Session, collection_id: str) -> set[int]:
    """Ids of the chunks of a collection."""
    return set(session.scalars(select(Chunk.id).where(Chunk.collection_id == collection_id)))


def has_blob(session: Session, sha256: str) -> bool:
    """Whether a blob has a row."""
    return session.get(Blob, sha256) is not None


def document_text(session: Session, document_id: str) -> str | None:
    """Canonical text of the newest version that has one, in the bin too; None without such a document or text."""
    live = session.scalar(
        select(Content.text)
        .join(DocumentVersion, DocumentVersion.content_id == Content.id)
        .where(DocumentVersion.document_id == document_id)
        .order_by(DocumentVersion.number.desc())
        .limit(1)
    )
    if live is not None:
        return live
    return session.scalar(
        select(Content.text)
        .join(FrozenVersion, FrozenVersion.content_id == Content.id)
        .join(FrozenDocument, FrozenDocument.id == FrozenVersion.frozen_id)
        .where(FrozenDocument.document_id == document_id)
        .order_by(FrozenVersion.id.desc())
        .limit(1)
    )


def full_free_pages(path: Path) -> int:
    """Number of unused pages of an SQLite file that are not empty: deleted data is still in them.

    Args:
        path: The file; its write-ahead log is empty.
    """
    count = 0
    with path.open("rb") as file:
        head = file.read(100)
        size = int.from_bytes(head[16:18]) or 65_536
        size = 65_536 if size == 1 else size
        trunk = int.from_bytes(head[32:36])
        seen: set[int] = set()
        while trunk and trunk not in seen:
            seen.add(trunk)
            file.seek((trunk - 1) * size)
            page = file.read(size)
            leaves = min(int.from_bytes(page[4:8]), (size - 8) // 4)
            count += any(page[8 + 4 * leaves :])
            for place in range(8, 8 + 4 * leaves, 4):
                file.seek((int.from_bytes(page[place : place + 4]) - 1) * size)
                count += any(file.read(size))
            trunk = int.from_bytes(page[:4])
    return count
