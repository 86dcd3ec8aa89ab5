"""Delivery of the outbox: each message at least once, those of a webhook in order, failed ones again with back-off.

A message is leased, sent, and what came of it is written. A process that dies in between leaves the lease, and the
message is sent again when that has run out: receivers know it by its id.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
from sqlalchemy.exc import SQLAlchemyError

from app.db import webhooks
from app.db.engine import Database
from app.db.types import utc_now
from app.db.webhooks import LeasedDelivery
from app.errors import FathomError
from app.intake.public_web import FAILURES, TIMEOUTS, Resolve, public_client
from app.settings.groups import WebhookSettings
from app.webhooks.signing import signed_headers

logger = logging.getLogger(__name__)

BACK_OFF_S: Final = (5.0, 60.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 86_400.0)
"""Seconds after the first, second, … failed attempt; the last counts for all that follow."""
AT_ONCE: Final = 4
POLL_S: Final = 1.0
MOST_READ: Final = 65_536
GONE: Final = 410
_SENT: Final = {"Content-Type": "application/json", "User-Agent": "Fathom (webhook)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How messages are sent.

    Attributes:
        resolve: Gives the addresses of a host and port; by default the system's resolver.
        now: The present moment.
    """

    db: Database
    settings: WebhookSettings
    resolve: Resolve | None = None
    now: Callable[[], datetime] = utc_now

    def deliver_one(self) -> bool:
        """Send the next message that is due; False where there is none."""
        with self.db.read() as session:
            if not webhooks.has_due(session, self.now()):
                return False
        with self.db.write() as session:
            held = webhooks.claim(session, self.now(), self._lease_s)
            if held is None:
                return False
            allowed = webhooks.may_read(session, held.owner_id, held.collection_ids)
        if not allowed:
            self._settle(held, None, "the owner of the webhook may not read this any more", last=True)
            return True
        status, error = asyncio.run(self._sent(held))
        if status is not None and 200 <= status < 300:
            self._write(held, state="delivered", status_code=status, error=None, finished_at=self.now())
            return True
        if status == GONE:
            with self.db.write() as session:
                webhooks.change(session, held.webhook_id, enabled=False)
        self._settle(held, status, error, last=status == GONE or held.attempts >= self.settings.attempts)
        return True

    def deliver_all(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Send messages until none is due; gives the number of attempts."""
        count = 0
        while not stopping() and self.deliver_one():
            count += 1
        return count

    @property
    def _lease_s(self) -> float:
        return 2 * self.settings.timeout_s + 10.0

    async def _sent(self, held: LeasedDelivery) -> tuple[int | None, str | None]:
        """Status of the reply, and the reason of a failure."""
        body = held.payload.encode()
        headers = signed_headers(held.secret, held.message_id, int(self.now().timestamp()), body)
        allowed = (lambda _: True) if self.settings.allow_private else None
        try:
            client = public_client(
                timeout_s=self.settings.timeout_s, resolve=self.resolve, is_allowed=allowed
            )
            async with asyncio.timeout(self.settings.timeout_s), client:
                request = client.build_request("POST", held.url, content=body, headers={**_SENT, **headers})
                response = await client.send(request, stream=True, follow_redirects=False)
                with contextlib.suppress(*FAILURES):
                    await _read(response)
                await response.aclose()
        except TIMEOUTS:
            return None, f"no reply within {self.settings.timeout_s:g} s"
        except FAILURES as error:
            return None, f"not reached: {type(error).__name__}"
        except FathomError as error:
            return None, error.message[:255]
        status = response.status_code
        return status, None if 200 <= status < 300 else f"the receiver answered {status}"

    def _settle(self, held: LeasedDelivery, status: int | None, error: str | None, *, last: bool) -> None:
        if last:
            self._write(held, state="failed", status_code=status, error=error, finished_at=self.now())
            logger.warning(
                "a webhook message failed", extra={"webhook": held.webhook_id, "delivery": held.id}
            )
            return
        wait = BACK_OFF_S[min(held.attempts, len(BACK_OFF_S)) - 1]
        after = self.now() + timedelta(seconds=wait)
        self._write(held, run_after=after, status_code=status, error=error)

    def _write(self, held: LeasedDelivery, **values: Any) -> None:
        with self.db.write() as session:
            webhooks.settle(session, held, **values)


async def _read(response: httpx.Response) -> None:
    """Read the body of a reply, up to a bound, so that the receiver is not cut off."""
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > MOST_READ:
            return


class Postman:
    """The threads of the server that deliver; `start` them once, `stop` them before the database is closed."""

    def __init__(self, delivery: Delivery, poll_s: float = POLL_S) -> None:
        """Prepare the threads."""
        self._delivery, self._poll_s = delivery, poll_s
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"webhooks-{number}", daemon=True)
            for number in range(AT_ONCE)
        ]

    def start(self) -> None:
        """Begin; a slow receiver holds one thread, and its own messages alone."""
        for thread in self._threads:
            thread.start()

    def stop(self, patience_s: float = 15.0) -> None:
        """End after the messages in work; a message that lasts longer is sent again by the next start."""
        self._stopping.set()
        deadline = time.monotonic() + patience_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while not self._stopping.wait(self._poll_s):
            try:
                self._delivery.deliver_all(self._stopping.is_set)
            except (FathomError, SQLAlchemyError, OSError):
                logger.warning("webhooks are not delivered; it is tried again", exc_info=True)
