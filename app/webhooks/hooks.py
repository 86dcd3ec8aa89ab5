"""Use cases of webhooks: make, list, switch, delete and try them; list their messages and send one again."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from app.db import collections, webhooks
from app.db.access import ReaderSession
from app.db.engine import Database
from app.db.paging import Slice, decode_position
from app.db.webhooks import EVENTS, DeliveryView, WebhookView
from app.errors import CollectionNotFoundError, ForbiddenError, InvalidInputError, NotFoundError
from app.intake.fetching import checked_url
from app.intake.public_web import is_public
from app.webhooks.signing import new_secret

__all__ = ["EVENTS", "DeliveryView", "WebhookView"]
MOST_DESCRIPTION = 500


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook that was just made, with its secret, which is shown this once."""

    view: WebhookView
    secret: str


def create(
    db: Database,
    url: str,
    *,
    events: Sequence[str] = (),
    collection: str | None = None,
    description: str = "",
    allow_private: bool = False,
) -> NewWebhook:
    """Make a webhook.

    Args:
        db: The database, as its owner sees it.
        url: An http or https address.
        events: Types of events; none for all.
        collection: Id or name of the only collection whose events are sent; None for all that the owner may read.
        description: For people.
        allow_private: Whether addresses of this machine and its neighbours may be named.

    Raises:
        CollectionNotFoundError: There is no such collection.
        ForbiddenError: The key is for some collections, and none is named.
        InvalidInputError: The address or an event can't be used.
    """
    address = checked_url(url)
    if not allow_private and _is_private(address.host):
        raise InvalidInputError(
            "address_not_public",
            f"{address.host[:200]!r} is not a public address, and only these are sent to.",
            "Name another address, or set FATHOM_WEBHOOKS__ALLOW_PRIVATE=true.",
        )
    unknown = sorted(set(events) - set(EVENTS))
    if unknown:
        raise InvalidInputError(
            "unknown_event", f"There is no event {unknown[0][:100]!r}.", f"Events: {', '.join(EVENTS)}."
        )
    secret = new_secret()
    with db.write() as session:
        found = None if collection is None else collections.find(session, collection)
        if collection is not None and found is None:
            raise CollectionNotFoundError(collection)
        narrow = isinstance(session, ReaderSession) and session.reader.collection_ids is not None
        if found is None and narrow:
            raise ForbiddenError(
                "key_too_narrow", "This key is for some collections only.", "Name one of them."
            )
        wanted = [event for event in EVENTS if not events or event in events]
        key = None if found is None else found.id
        view = webhooks.add(session, str(address), wanted, key, description[:MOST_DESCRIPTION], secret)
    return NewWebhook(view, secret)


def get(db: Database, webhook_id: str) -> WebhookView:
    """A webhook.

    Raises:
        WebhookNotFoundError: There is none, or it is somebody else's.
    """
    with db.read() as session:
        view = webhooks.find(session, webhook_id)
    if view is None:
        raise webhooks.WebhookNotFoundError(webhook_id)
    return view


def page(db: Database, cursor: str | None, limit: int) -> Slice[WebhookView]:
    """A page of webhooks, oldest first.

    Raises:
        InvalidInputError: The cursor can't be read.
    """
    with db.read() as session:
        return webhooks.page(session, cursor, limit)


def switch(db: Database, webhook_id: str, *, enabled: bool) -> WebhookView:
    """Send messages or hold them back; waiting messages go later, events of the time in between are left out.

    Raises:
        WebhookNotFoundError: There is no such webhook.
    """
    get(db, webhook_id)
    with db.write() as session:
        webhooks.change(session, webhook_id, enabled=enabled)
    return get(db, webhook_id)


def delete(db: Database, webhook_id: str) -> None:
    """Delete a webhook with its messages.

    Raises:
        WebhookNotFoundError: There is no such webhook.
    """
    get(db, webhook_id)
    with db.write() as session:
        webhooks.remove(session, webhook_id)


def send_test(db: Database, webhook_id: str) -> DeliveryView:
    """Put a test message into the outbox.

    Raises:
        WebhookNotFoundError: There is no such webhook.
    """
    get(db, webhook_id)
    with db.write() as session:
        return webhooks.add_test(session, webhook_id)


def deliveries(db: Database, webhook_id: str, cursor: str | None, limit: int) -> Slice[DeliveryView]:
    """A page of the messages of a webhook, newest first.

    Raises:
        WebhookNotFoundError: There is no such webhook.
        InvalidInputError: The cursor can't be read.
    """
    get(db, webhook_id)
    before = None if cursor is None else decode_position(cursor)
    with db.read() as session:
        return webhooks.deliveries(session, webhook_id, before, limit)


def replay(db: Database, webhook_id: str, message_id: str) -> DeliveryView:
    """Send a finished message again, after all that wait; a waiting message is left as it is.

    Raises:
        WebhookNotFoundError: There is no such webhook.
        NotFoundError: It has no such message.
    """
    get(db, webhook_id)
    with db.write() as session:
        view = webhooks.replay(session, webhook_id, message_id)
    if view is None:
        raise NotFoundError(
            "message_not_found", f"There is no message {message_id!r}.", "List those of the webhook."
        )
    return view


def _is_private(host: str) -> bool:
    """Whether a host is an address that is not public; names are looked up when a message is sent."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return not is_public(host.strip("[]"))
