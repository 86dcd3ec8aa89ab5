"""The audit trail as a whole: verified, listed, exported, and shortened when its time is over."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.audit import sheet
from app.audit.chain import Head, Tampering, is_whole, tampering
from app.audit.recording import Entry, append
from app.db import audit as rows
from app.db.audit import AuditRecord
from app.db.engine import Database
from app.db.paging import Slice, decode_position

PRUNED = "audit.pruned"
"""Event of the record that says which rows retention removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of a check of the whole trail.

    Attributes:
        first: Number of the oldest row that is kept.
        last: Number of the newest.
        hash: Hash of the newest.
        found: What was done to it; empty where it is as it was written.
    """

    first: int
    last: int
    hash: str
    found: Sequence[Tampering]


def head(database: Database) -> Head:
    """Number and hash of the newest record, to be kept elsewhere."""
    with database.read() as session:
        state = rows.state(session)
    return Head(seq=state.seq, hash=state.hash)


def verify(database: Database, heads: Sequence[Head] = ()) -> Verdict:
    """Read the whole trail and list the signs of tampering.

    Args:
        database: The database.
        heads: Heads that were kept elsewhere.
    """
    with database.read() as session:
        state = rows.state(session)
        kept = all(_is_kept(rows.get(session, one.seq), one, state) for one in heads)
        with closing(rows.walk(session)) as records:
            whole = is_whole(records, state)
        found = [] if whole and kept else tampering(list(rows.walk(session)), state, heads)
        found += _base(session, state)
    return Verdict(first=state.base_seq + 1, last=state.seq, hash=state.hash, found=found)


def _is_kept(record: AuditRecord | None, head_: Head, state: rows.TrailState) -> bool:
    if head_.seq == state.base_seq:
        return head_.hash == state.base_hash
    return head_.seq < state.base_seq or (record is not None and record.hash == head_.hash)


def _base(session: Session, state: rows.TrailState) -> list[Tampering]:
    """Rows that are missing in front, and of which no record says that retention removed them."""
    if state.base_seq == 0:
        return []
    told = next(iter(rows.page(session, {"event": PRUNED}, None, 1)), None)
    if told is not None and json.loads(told.body) == {"through": state.base_seq, "hash": state.base_hash}:
        return []
    detail = "no record says that retention removed them"
    return [Tampering(seq=1, last=state.base_seq, kind="removed", detail=detail)]


def prune(database: Database, before: datetime, actor: str) -> int:
    """Delete the rows before the first row at or after a moment; records the deletion and returns their number.

    Args:
        database: The database.
        before: The moment.
        actor: Who does it.
    """
    with database.write() as session:
        last = rows.last_before(session, before)
        if last is None or last[0] <= rows.state(session).base_seq:
            return 0
        seq, hash_ = last
        append(session, [Entry(event=PRUNED, actor=actor, body={"through": seq, "hash": hash_})])
        return rows.remove_until(session, seq, hash_)


def erase_texts_before(database: Database, moment: datetime) -> int:
    """Take the texts out of rows older than a moment; gives the number of rows that had some."""
    with database.write() as session:
        return rows.erase_texts_before(session, moment)


def page(database: Database, wanted: Mapping[str, str], cursor: str | None, limit: int) -> Slice[AuditRecord]:
    """Rows, newest first.

    Args:
        database: The database.
        wanted: Values of `event`, `actor`, `subject` that rows must have.
        cursor: From the page before.
        limit: Most rows.

    Raises:
        InvalidInputError: The cursor was not made here.
    """
    before = None if cursor is None else decode_position(cursor)
    with database.read() as session:
        found = rows.page(session, wanted, before, limit + 1)
    more = len(found) > limit
    return Slice(found[:limit], str(found[limit - 1].seq) if more else None)


def export(database: Database) -> Iterator[str]:
    """The trail as lines of JSON, oldest first: one object a row, with its hashes and the texts that are left."""
    with database.read() as session:
        for record in rows.walk(session):
            yield json.dumps(as_json(record), ensure_ascii=False)


def export_csv(database: Database) -> Iterator[str]:
    """The trail as lines of CSV for spreadsheets, oldest first; cells are changed where they would be formulas."""
    with database.read() as session:
        yield from sheet.lines(rows.walk(session))


def as_json(record: AuditRecord) -> dict[str, Any]:
    """A row for programs: `body` as an object, `at` in UTC."""
    return asdict(record) | {"at": record.at.isoformat(), "body": json.loads(record.body)}
