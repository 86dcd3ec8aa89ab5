"""Periodic work of the server: finish erasing, and delete expired answers, replies and deletions in the bin.

Done in a thread of its own (`app.background`), so that neither requests nor documents wait for it.
"""

import logging
import time
from datetime import timedelta

from app.answers import stored
from app.audit import trail
from app.audit.recording import LOCAL
from app.composition.runtime import Runtime
from app.db import idempotency, webhooks
from app.db.types import utc_now
from app.library import deletions, erasing, usage

logger = logging.getLogger(__name__)

EXPIRE_EVERY_S = 600.0


class Housekeeping:
    """The periodic work, and when each part of it was done last."""

    def __init__(self, runtime: Runtime) -> None:
        """Nothing was done yet."""
        self._runtime = runtime
        self._expired = float("-inf")

    def run_due(self) -> None:
        """Run the work that is due."""
        if time.monotonic() - self._expired > EXPIRE_EVERY_S:
            erasing.withdraw_missed(self._runtime.db)
            expire(self._runtime)
            self._expired = time.monotonic()
        erasing.try_to_finish(self._runtime, at_most=None)


def expire(runtime: Runtime) -> None:
    """Delete replies, answers and deletions in the bin that are older than the settings allow."""
    with runtime.db.write() as session:
        if idempotency.expire(session, utc_now()):
            erasing.schedule(session)
    if erased := deletions.expire(runtime):
        logger.info("the time of deletions in the bin is over", extra={"count": erased})
    days = runtime.settings.answers.keep_days
    if days is not None:
        deleted = stored.delete_some(runtime, before=utc_now() - timedelta(days=days))
        if deleted:
            logger.info("answers expired", extra={"count": deleted, "days": days})
    usage.expire(runtime.db, runtime.settings.usage.keep_days)
    with runtime.db.write() as session:
        webhooks.expire(session, utc_now() - timedelta(days=runtime.settings.webhooks.keep_days))
    _shorten_trail(runtime)


def _shorten_trail(runtime: Runtime) -> None:
    """Delete records of the audit trail, and texts in it, that are older than the settings allow."""
    kept, now = runtime.settings.audit, utc_now()
    gone = texts = 0
    if kept.keep_text_days is not None:
        texts = trail.erase_texts_before(runtime.db, now - timedelta(days=kept.keep_text_days))
    if kept.keep_days is not None:
        gone = trail.prune(runtime.db, now - timedelta(days=kept.keep_days), actor=LOCAL)
    if gone or texts:
        with runtime.db.write() as session:
            erasing.schedule(session)
        logger.info("the audit trail was shortened", extra={"records": gone, "texts": texts})
