"""Cursor paging by creation time and id, oldest first: stable while rows come and go."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, NoReturn, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.errors import InvalidInputError

MAX_POSITION_DIGITS = 9  # any such number fits into a column
Row = TypeVar("Row")
Statement = TypeVar("Statement", bound="Select[*tuple[Any, ...]]")


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """Part of a list, and the cursor to the next part (None at the end)."""

    items: Sequence[Row]
    next_cursor: str | None


def encode_cursor(created_at: datetime, key: str) -> str:
    """Opaque text that stands for a place in a list."""
    raw = json.dumps([created_at.isoformat(), key]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, str]:
    """The place a cursor stands for.

    Raises:
        InvalidInputError: The text is not a cursor made here.
    """
    try:
        moment, key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        created_at = datetime.fromisoformat(moment).astimezone(UTC)
        usable = isinstance(key, str) and key.isascii() and key.isprintable()
    except (ValueError, TypeError, OverflowError, RecursionError):
        usable = False
    if not usable:
        _refuse_cursor()
    return created_at, key


def decode_position(cursor: str) -> int:
    """The place that a cursor of a numbered list stands for.

    Raises:
        InvalidInputError: The text is not a cursor made here.
    """
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= MAX_POSITION_DIGITS):
        _refuse_cursor()
    return int(cursor)


def _refuse_cursor() -> NoReturn:
    raise InvalidInputError(
        "bad_cursor", "The cursor can't be read.", "Use `next_cursor` of the last page as it came."
    )


def after(
    statement: Statement,
    cursor: str | None,
    limit: int,
    created_at: InstrumentedAttribute[datetime],
    key: InstrumentedAttribute[str],
    *,
    newest_first: bool = False,
) -> Statement:
    """`statement` in list order, behind `cursor`, with one row more than `limit` to see if more follow."""
    place = tuple_(created_at, key)
    if cursor is not None:
        last = decode_cursor(cursor)
        behind: ColumnElement[bool] = place < last if newest_first else place > last
        statement = statement.where(behind)
    order = (created_at.desc(), key.desc()) if newest_first else (created_at, key)
    return statement.order_by(*order).limit(limit + 1)
