"""Rates and quotas of keys, counted in this process; the database adds up the counts of all processes.

A rate lets `rate_per_minute` requests come at once, and then as many as that on average (the generic cell rate
algorithm, ITU-T I.371). A quota holds for a day of UTC. Both say truly when to come again.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from app.errors import TooManyRequestsError
from app.identity.principal import Principal

MINUTE_S: Final = 60.0
KEPT: Final = 10_000
"""Most keys whose rate is remembered; the key that has rested longest is forgotten first."""


class Rates:
    """Rates of events by name; safe to use from many threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Nothing came yet.

        Args:
            monotonic: Seconds that only grow.
        """
        self._monotonic = monotonic
        self._due: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, name: str, per_minute: int) -> float:
        """Seconds until one more may come; 0 where it may now, which counts it."""
        each_s = MINUTE_S / per_minute
        with self._lock:
            now = self._monotonic()
            due = max(self._due.pop(name, now), now)
            wait_s = due + each_s - now - MINUTE_S
            # A float of sixty sums may end a hair above the minute that it stands for.
            refused = wait_s > 1e-6
            self._due[name] = due if refused else due + each_s
            while len(self._due) > KEPT:
                del self._due[next(iter(self._due))]
        return wait_s if refused else 0.0


class Limits:
    """Counts the requests of keys; safe to use from many threads."""

    def __init__(
        self,
        used: Callable[[str, date], int],
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Start with the counts of before.

        Args:
            used: Requests of a key on a day that are in the database.
            monotonic: Seconds that only grow.
            now: The present moment, in UTC.
        """
        self._used = used
        self._rates = Rates(monotonic)
        self._now = now
        self._stored: dict[tuple[str, date], int] = {}
        self._fresh: Counter[tuple[str, date]] = Counter()
        self._lock = threading.Lock()

    def known(self, principal: Principal) -> bool:
        """Whether `count` needs no look at the database."""
        day = self._now().date()
        return principal.quota_per_day is None or (principal.key_id, day) in self._stored

    def count(self, principal: Principal) -> None:
        """Count a request.

        Raises:
            TooManyRequestsError: The key has made too many; this one is not counted.
        """
        moment = self._now()
        used, quota = (principal.key_id, moment.date()), principal.quota_per_day
        if quota is not None and used not in self._stored:
            stored = self._used(*used)
            with self._lock:
                self._stored.setdefault(used, stored)
        with self._lock:
            if quota is not None and self._stored.get(used, 0) + self._fresh[used] >= quota:
                midnight = datetime.combine(moment.date() + timedelta(days=1), datetime.min.time(), UTC)
                _refuse("quota_used_up", f"{quota:,} requests a day", (midnight - moment).total_seconds())
            if principal.rate_per_minute is not None:
                wait_s = self._rates.take(principal.key_id, principal.rate_per_minute)
                if wait_s:
                    _refuse("rate_exceeded", f"{principal.rate_per_minute:,} requests a minute", wait_s)
            self._fresh[used] += 1

    def flush(self, add: Callable[[Mapping[tuple[str, date], int]], Mapping[tuple[str, date], int]]) -> None:
        """Have the counts added that are not in the database yet.

        Args:
            add: Adds them, and gives the totals, with those of other processes.
        """
        with self._lock:
            counts = Counter({used: number for used, number in self._fresh.items() if number})
        if not counts:
            return
        totals = add(counts)
        today = self._now().date()
        with self._lock:
            self._fresh = Counter({used: n for used, n in (self._fresh - counts).items() if n})
            kept = {used: totals.get(used, stored) for used, stored in self._stored.items()}
            self._stored = {used: stored for used, stored in kept.items() if used[1] >= today}


def _refuse(code: str, allowed: str, wait_s: float) -> None:
    after = max(1, math.ceil(wait_s))
    raise TooManyRequestsError(
        code, f"This key may make {allowed}.", f"Come again in {after} s.", retry_after_s=after
    )
