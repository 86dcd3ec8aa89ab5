"""Rows of all tables as JSON and back: the same on SQLite and PostgreSQL, so that a backup moves between them."""

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, MetaData, Table, delete, func, insert, select, text
from sqlalchemy.orm import Session

from app.db.types import JsonColumn

LEFT_OUT = frozenset({"alembic_version", "installation", "workers"})
"""Tables of the installation and its processes, not of its content."""
ROWS_AT_ONCE = 500


def tables_of(session: Session) -> list[Table]:
    """The tables of a database, those before that others refer to; as they are there, of whatever revision."""
    metadata = MetaData()
    metadata.reflect(session.connection())
    found = [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]
    for table in found:
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type = JsonColumn  # None is NULL, not JSON's null
    return found


def lines_of(session: Session, table: Table) -> Iterator[bytes]:
    """Names of the columns, then each row, as lines of JSON."""
    columns = [column.name for column in table.columns]
    yield _line(columns)
    found = session.execute(
        select(table).order_by(*table.primary_key.columns), execution_options={"yield_per": ROWS_AT_ONCE}
    )
    for row in found:
        yield _line([_encoded(value) for value in row])


def fill(session: Session, table: Table, lines: Iterator[Any]) -> int:
    """Replace the rows of a table; gives the number of rows.

    Raises:
        KeyError: A column is unknown.
    """
    columns = [table.columns[name] for name in next(lines)]
    session.execute(delete(table))
    count = 0
    for batch in _batches(lines):
        rows = [
            {column.name: _decoded(value) for column, value in zip(columns, row, strict=True)}
            for row in batch
        ]
        session.execute(insert(table), rows)
        count += len(rows)
    _go_on_counting(session, table)
    return count


def _go_on_counting(session: Session, table: Table) -> None:
    """PostgreSQL numbers new rows by a sequence, which rows with numbers of their own do not move."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        sequence = session.scalar(
            text("SELECT pg_get_serial_sequence(:table, :column)"),
            {"table": table.name, "column": column.name},
        )
        if sequence is not None and (last := session.scalar(select(func.max(column)))) is not None:
            session.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})


def _batches(lines: Iterable[Any]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for line in lines:
        batch.append(line)
        if len(batch) == ROWS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _line(value: Any) -> bytes:
    return (
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"
    )


def _encoded(value: Any) -> Any:
    """A value as JSON; objects of JSON columns are wrapped, so that no other value can be taken for them."""
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return {"time": aware.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return {"json": value} if isinstance(value, dict | list) else value


def _decoded(value: Any) -> Any:
    match value:
        case {"bytes": data}:
            return base64.b64decode(data)
        case {"time": moment}:
            return datetime.fromisoformat(moment)
        case {"day": day}:
            return date.fromisoformat(day)
        case {"json": inner}:
            return inner
        case _:
            return value
