"""Queries over counters, use by day and origins of jobs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, case, delete, func, select
from sqlalchemy.orm import Session

from app.db.access import UNRESTRICTED, owner_of
from app.db.identity_tables import ApiKey, User
from app.db.models import Collection
from app.db.observing_models import JobOrigin, Tally, Usage

Counter = tuple[str, tuple[tuple[str, str], ...]]
"""Name of a metric, and its labels in order."""

EVERY = ""
"""In place of a collection's id: all that a key did, each thing once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """Amounts of use; see `app.db.observing_models.Usage`."""

    requests: int = 0
    questions: int = 0
    refusals: int = 0
    searches: int = 0
    read_tokens: int = 0
    written_tokens: int = 0
    characters: int = 0
    documents: int = 0
    uploaded_bytes: int = 0

    def __add__(self, other: "Used") -> "Used":
        return Used(
            **{field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(Used)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """Use of a day, key, user or collection; fields are empty where the report does not split by them.

    Attributes:
        key_name: Name of the key, with the letters that it begins with; empty for the machine itself.
        collection_name: Empty where the collection is gone.
    """

    day: date | None
    key_id: str | None
    key_name: str
    user_id: str | None
    user_name: str
    collection_id: str | None
    collection_name: str
    used: Used


def add_tallies(session: Session, counts: Mapping[Counter, float]) -> None:
    """Add to counters, new ones included."""
    rows = [
        {"name": name, "labels": json.dumps(dict(labels)), "value": value}
        for (name, labels), value in sorted(counts.items())
    ]
    _add_up(session, Tally.__table__, ("name", "labels"), rows)


def tallies(session: Session) -> dict[Counter, float]:
    """All counters."""
    found = session.execute(select(Tally.name, Tally.labels, Tally.value))
    return {(name, tuple(json.loads(labels).items())): value for name, labels, value in found}


def add_usage(session: Session, day: date, key_id: str, collection_ids: Sequence[str], used: Used) -> None:
    """Add to the use of a key, and of collections, on a day.

    Args:
        session: A writing session.
        day: In UTC.
        key_id: Empty for the machine itself.
        collection_ids: Each gets all of `used`, beside the key's own sum.
        used: What was used.
    """
    user = owner_of(session) or ""
    add_usages(session, {(day, key_id, user, key): used for key in (EVERY, *set(collection_ids))})


def add_usages(session: Session, counts: Mapping[tuple[date, str, str, str], Used]) -> None:
    """Add to the use of days, keys, their users and collections."""
    rows = [
        {"day": day, "key_id": key_id, "user_id": user_id, "collection_id": collection_id} | asdict(used)
        for (day, key_id, user_id, collection_id), used in sorted(counts.items(), key=lambda item: item[0])
    ]
    _add_up(session, Usage.__table__, ("day", "key_id", "collection_id"), rows)


def usage(
    session: Session,
    by: Sequence[str],
    since: date | None,
    until: date | None,
    user_id: str | None,
    key_id: str | None,
) -> list[UsageRow]:
    """Use summed up, earliest day first.

    Args:
        session: A session.
        by: Some of `day`, `key`, `user`, `collection`: what is told apart.
        since: First day; None for the earliest.
        until: Last day; None for the latest.
        user_id: Only of this user's keys; None for all.
        key_id: Only of this key; None for all.
    """
    columns: dict[str, Any] = {
        "day": Usage.day, "key": Usage.key_id, "user": Usage.user_id, "collection": Usage.collection_id,
    }  # fmt: skip
    chosen = [columns[name].label(name) for name in by]
    sums = [func.sum(getattr(Usage, field.name)) for field in fields(Used)]
    statement = select(*chosen, *sums).where(
        Usage.collection_id != EVERY if "collection" in by else Usage.collection_id == EVERY
    )
    for condition in (
        None if since is None else Usage.day >= since,
        None if until is None else Usage.day <= until,
        None if user_id is None else Usage.user_id == user_id,
        None if key_id is None else Usage.key_id == key_id,
    ):
        statement = statement if condition is None else statement.where(condition)
    order = [columns[name] for name in ("day", "user", "key", "collection") if name in by]
    rows = session.execute(statement.group_by(*(columns[name] for name in by)).order_by(*order)).all()
    found = [
        dict(zip(by, row, strict=False)) | {"sums": row[len(by) :]} for row in rows if row[-1] is not None
    ]
    names = _names(session, found)
    return [
        UsageRow(
            day=row.get("day"),
            key_id=row.get("key"),
            key_name=names.get(row.get("key", ""), ""),
            user_id=row.get("user"),
            user_name=names.get(row.get("user", ""), ""),
            collection_id=row.get("collection"),
            collection_name=names.get(row.get("collection", ""), ""),
            used=Used(
                **dict(zip((field.name for field in fields(Used)), map(int, row["sums"]), strict=True))
            ),
        )
        for row in found
    ]


def _names(session: Session, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Names of the keys, users and collections of some rows, by id."""
    wanted = {str(row[name]) for row in rows for name in ("key", "user", "collection") if name in row}
    keys = case((ApiKey.name == "", ApiKey.prefix), else_=ApiKey.name + " (" + ApiKey.prefix + ")")
    names: dict[str, str] = {}
    for column, shown in (
        (ApiKey.id, keys),
        (User.id, User.name),
        (Collection.id, Collection.name),
    ):
        found = session.execute(select(column, shown).execution_options(**UNRESTRICTED))
        names.update({row[0]: row[1] for row in found if row[0] in wanted})
    return names


def expire_usage(session: Session, before: date) -> int:
    """Delete the use of days before one; gives the number of rows."""
    return len(session.execute(delete(Usage).where(Usage.day < before).returning(Usage.day)).all())


def resolve(session: Session, keys: Sequence[str]) -> dict[str, str]:
    """Ids of existing collections, by their ids or names."""
    found = session.execute(
        select(Collection.id, Collection.name)
        .where(Collection.id.in_(keys) | Collection.name.in_(keys))
        .execution_options(**UNRESTRICTED)
    ).all()
    return {row[0]: row[0] for row in found} | {row[1]: row[0] for row in found}


def set_origin(session: Session, job_id: str, request_id: str, traceparent: str) -> None:
    """Note the request that a job was queued by."""
    session.add(JobOrigin(job_id=job_id, request_id=request_id, traceparent=traceparent))


def origin(session: Session, job_id: str) -> tuple[str, str]:
    """Id and `traceparent` of the request that a job was queued by; empty where they are not known."""
    row = session.get(JobOrigin, job_id)
    return ("", "") if row is None else (row.request_id, row.traceparent)


def _add_up(session: Session, table: Any, keys: tuple[str, ...], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or add their numbers to existing rows."""
    if rows:
        statement = _upsert(session.get_bind().dialect.name, table, keys)
        session.execute(statement, rows, execution_options=UNRESTRICTED)


@lru_cache
def _upsert(dialect: str, table: Table, keys: tuple[str, ...]) -> Any:
    """The statement of `_add_up`, made once: to put it together takes longer than to execute it."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    statement = insert(table)
    added = {
        column.name: column + statement.excluded[column.name]
        for column in table.columns
        if column.name not in keys and column.name != "user_id"
    }
    return statement.on_conflict_do_update(index_elements=list(keys), set_=added)
