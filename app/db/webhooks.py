"""Queries over webhooks and their outbox.

An event is written into the outbox in the transaction that it tells of, once for each webhook that wants it and whose
owner may read its collections. A message is leased while it is sent; the messages of a webhook go one after the other.
"""

import json
from collections.abc import Collection as AnyCollection
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session, aliased

from app.db.access import UNRESTRICTED, Reader, owner_of, role_on
from app.db.identity_tables import User
from app.db.models import Collection
from app.db.paging import Slice, after, encode_cursor
from app.db.types import new_id, utc_now
from app.db.webhook_models import Webhook, WebhookDelivery
from app.errors import NotFoundError

EVENTS: Final = (
    "job.done", "job.failed", "review.done", "review.failed", "answer.outdated", "answer.changed",
)  # fmt: skip
TEST: Final = "webhook.test"


class WebhookNotFoundError(NotFoundError):
    """There is no webhook of that id, or it is somebody else's."""

    def __init__(self, key: str) -> None:
        """Name the missing object."""
        hint = "List them (GET /v1/webhooks, `fathom webhooks list`)."
        super().__init__("webhook_not_found", f"There is no webhook {key!r}.", hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event that messages to webhooks may be about.

    Attributes:
        data: Ids and states.
        collection_ids: Collections that it is about.
        owner_id: Whose it is, where it is one user's alone (`is_private`); None for the machine's.
    """

    type: str
    data: Mapping[str, Any]
    collection_ids: Sequence[str]
    owner_id: str | None = None
    is_private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookView:
    """A webhook without its secret."""

    id: str
    url: str
    description: str
    events: Sequence[str]
    collection_id: str | None
    enabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """A message of the outbox, without its body."""

    id: int
    webhook_id: str
    message_id: str
    event: str
    state: str
    attempts: int
    status_code: int | None
    error: str | None
    created_at: datetime
    run_after: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasedDelivery:
    """A message to send now; its result is written under its fence."""

    id: int
    webhook_id: str
    message_id: str
    payload: str
    attempts: int
    fence: int
    url: str
    secret: str
    owner_id: str | None
    collection_ids: Sequence[str]


def emit(session: Session, events: Sequence[Event]) -> None:
    """Write events into the outbox for the webhooks that want them; costs one small query where there are none."""
    hooks = session.scalars(select(Webhook).where(Webhook.enabled).execution_options(**UNRESTRICTED)).all()
    rows = [_row(hook, event) for event in events for hook in hooks if _wants(session, hook, event)]
    if rows:
        session.execute(insert(WebhookDelivery), rows)


def job_ended(session: Session, state: str, jobs: Sequence[Any], code: str | None = None) -> None:
    """Write into the outbox that jobs are done or failed.

    Args:
        session: The session that ends them.
        state: done or failed.
        jobs: Rows or views of jobs.
        code: Of the error.
    """
    events = [
        Event(
            type=f"job.{state}",
            data={name: getattr(job, name) for name in ("kind", "collection_id", "document_id")}
            | {"job_id": job.id, "code": code},
            collection_ids=(job.collection_id,),
        )
        for job in jobs
    ]
    if events:
        emit(session, events)


def add(
    session: Session,
    url: str,
    events: Sequence[str],
    collection_id: str | None,
    description: str,
    secret: str,
) -> WebhookView:
    """Insert a webhook; it belongs to whoever the session is bound to."""
    row = Webhook(
        id=new_id("whk"),
        owner_id=owner_of(session),
        url=url,
        description=description,
        events=list(events),
        collection_id=collection_id,
        secret=secret,
        enabled=True,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return _view(row)


def find(session: Session, webhook_id: str) -> WebhookView | None:
    """The webhook with this id."""
    row = session.get(Webhook, webhook_id, populate_existing=True)
    return None if row is None else _view(row)


def page(session: Session, cursor: str | None, limit: int) -> Slice[WebhookView]:
    """A page of webhooks, oldest first."""
    rows = session.scalars(after(select(Webhook), cursor, limit, Webhook.created_at, Webhook.id)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Slice(
        [_view(row) for row in rows[:limit]], encode_cursor(last.created_at, last.id) if last else None
    )


def change(session: Session, webhook_id: str, **columns: Any) -> None:
    """Write columns of a webhook's row."""
    session.execute(update(Webhook).where(Webhook.id == webhook_id).values(columns))


def remove(session: Session, webhook_id: str) -> None:
    """Delete a webhook with its messages."""
    session.execute(delete(Webhook).where(Webhook.id == webhook_id))


def add_test(session: Session, webhook_id: str) -> DeliveryView:
    """Write a test message into the outbox of a webhook."""
    hook = session.get_one(Webhook, webhook_id)
    data = {"webhook_id": webhook_id}
    row = WebhookDelivery(**_row(hook, Event(type=TEST, data=data, collection_ids=())))
    session.add(row)
    session.flush()
    return _delivery(row)


def deliveries(session: Session, webhook_id: str, cursor: int | None, limit: int) -> Slice[DeliveryView]:
    """A page of the messages of a webhook, newest first."""
    statement = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    if cursor is not None:
        statement = statement.where(WebhookDelivery.id < cursor)
    rows = session.scalars(statement.order_by(WebhookDelivery.id.desc()).limit(limit + 1)).all()
    following = str(rows[limit - 1].id) if len(rows) > limit else None
    return Slice([_delivery(row) for row in rows[:limit]], following)


def replay(session: Session, webhook_id: str, message_id: str) -> DeliveryView | None:
    """Put a finished message at the end of the outbox again, under the same message id; None where there is none."""
    row = session.scalar(
        select(WebhookDelivery)
        .where(WebhookDelivery.message_id == message_id, WebhookDelivery.webhook_id == webhook_id)
        .order_by(WebhookDelivery.id.desc())
        .limit(1)
    )
    if row is None or row.state == "pending":
        return None if row is None else _delivery(row)
    again = WebhookDelivery(
        webhook_id=webhook_id,
        message_id=row.message_id,
        event=row.event,
        payload=row.payload,
        collection_ids=row.collection_ids,
        state="pending",
        attempts=0,
        fence=0,
        run_after=utc_now(),
        created_at=utc_now(),
    )
    session.add(again)
    session.flush()
    return _delivery(again)


def has_due(session: Session, now: datetime) -> bool:
    """Whether a message may be due."""
    due = (WebhookDelivery.state == "pending") & (WebhookDelivery.run_after <= now)
    return session.scalar(select(WebhookDelivery.id).where(due).limit(1)) is not None


def claim(session: Session, now: datetime, lease_s: float) -> LeasedDelivery | None:
    """Lease the oldest due message that is the first of its webhook; None where there is none."""
    earlier = aliased(WebhookDelivery)
    before = (
        select(earlier.id)
        .where(
            earlier.webhook_id == WebhookDelivery.webhook_id,
            earlier.state == "pending",
            earlier.id < WebhookDelivery.id,
        )
        .exists()
    )
    held = WebhookDelivery.lease_until.between(now, now + timedelta(seconds=2 * lease_s))
    found = session.execute(
        select(WebhookDelivery, Webhook)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(
            WebhookDelivery.state == "pending",
            WebhookDelivery.run_after <= now,
            or_(WebhookDelivery.lease_until.is_(None), ~held),
            Webhook.enabled,
            ~before,
        )
        .order_by(WebhookDelivery.run_after, WebhookDelivery.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=WebhookDelivery)
    ).one_or_none()
    if found is None:
        return None
    row, hook = found
    row.fence, row.attempts = row.fence + 1, row.attempts + 1
    row.lease_until = now + timedelta(seconds=lease_s)
    session.flush()
    return LeasedDelivery(
        id=row.id,
        webhook_id=hook.id,
        message_id=row.message_id,
        payload=row.payload,
        attempts=row.attempts,
        fence=row.fence,
        url=hook.url,
        secret=hook.secret,
        owner_id=hook.owner_id,
        collection_ids=row.collection_ids,
    )


def settle(session: Session, held: LeasedDelivery, **values: Any) -> bool:
    """Write the result of an attempt; False where another process has the message."""
    result = session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.id == held.id,
            WebhookDelivery.fence == held.fence,
            WebhookDelivery.state == "pending",
        )
        .values(lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def may_read(session: Session, owner_id: str | None, collection_ids: AnyCollection[str]) -> bool:
    """Whether a user is there and may read these collections, as far as they exist; the machine may."""
    if owner_id is None:
        return True
    reader = _reader(session, owner_id)
    there = session.scalars(
        select(Collection.id).where(Collection.id.in_(collection_ids)).execution_options(**UNRESTRICTED)
    )
    return reader is not None and all(role_on(session, reader, key) is not None for key in there.all())


def expire(session: Session, before: datetime) -> int:
    """Delete finished messages that are older than a moment; gives their number."""
    gone = delete(WebhookDelivery).where(
        WebhookDelivery.state != "pending", WebhookDelivery.created_at < before
    )
    return len(session.scalars(gone.returning(WebhookDelivery.id)).all())


def _wants(session: Session, hook: Webhook, event: Event) -> bool:
    if event.type not in hook.events:
        return False
    if hook.collection_id is not None and hook.collection_id not in event.collection_ids:
        return False
    if event.is_private and hook.owner_id is not None and hook.owner_id != event.owner_id:
        return False
    return may_read(session, hook.owner_id, event.collection_ids)


def _reader(session: Session, user_id: str) -> Reader | None:
    row = session.execute(select(User.role, User.disabled_at).where(User.id == user_id)).one_or_none()
    return None if row is None or row[1] is not None else Reader(user_id=user_id, is_admin=row[0] == "admin")


def _row(hook: Webhook, event: Event) -> dict[str, Any]:
    now = utc_now()
    body = {"type": event.type, "timestamp": now.isoformat().replace("+00:00", "Z"), "data": dict(event.data)}
    return {
        "webhook_id": hook.id,
        "message_id": new_id("msg"),
        "event": event.type,
        "payload": json.dumps(body, separators=(",", ":")),
        "collection_ids": list(event.collection_ids),
        "state": "pending",
        "attempts": 0,
        "fence": 0,
        "run_after": now,
        "created_at": now,
    }


def _view(row: Webhook) -> WebhookView:
    return WebhookView(
        id=row.id,
        url=row.url,
        description=row.description,
        events=row.events,
        collection_id=row.collection_id,
        enabled=row.enabled,
        created_at=row.created_at,
    )


def _delivery(row: WebhookDelivery) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        webhook_id=row.webhook_id,
        message_id=row.message_id,
        event=row.event,
        state=row.state,
        attempts=row.attempts,
        status_code=row.status_code,
        error=row.error,
        created_at=row.created_at,
        run_after=row.run_after,
        finished_at=row.finished_at,
    )
