"""Slow checks in a thread of their own, whose last result is given at once.

A watch looks when somebody asks, not by itself. Whoever asks waits for a new look for a moment only, and is told the
last one where that takes longer, whatever the database or the disk does.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")

FRESH_S: Final = 0.5
"""Age up to which nobody looks again."""
USABLE_S: Final = 10.0
"""Maximum age of a result that is reported while a new check takes long."""
MOMENT_S: Final = 0.02
"""Longest wait for a new look, where there is a usable one."""
PATIENCE_S: Final = 0.5
"""Longest wait for a result, if there is no earlier one to report."""


class NoLookError(Exception):
    """No result yet: the check has been running for `seconds`, or it failed."""

    def __init__(self, seconds: float) -> None:
        """Say for how long."""
        super().__init__(f"no result for {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class _Seen(Generic[T]):
    at: float
    found: T


class Watch(Generic[T]):
    """Keeps the last result of a function that may take long."""

    def __init__(self, look: Callable[[], T], name: str) -> None:
        """Nothing is looked at yet.

        Args:
            look: Called in a thread of the watch, one call at a time.
            name: Of the thread.
        """
        self._look = look
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._seen: _Seen[T] | None = None
        self._looking: Future[T] | None = None
        self._since = 0.0

    async def latest(self) -> T:
        """The last result.

        Raises:
            NoLookError: Nothing was seen lately, and looking takes too long.
            Exception: What the look itself raises.
        """
        looking, seen = self._begin()
        usable = seen is not None and time.monotonic() - seen.at < USABLE_S
        try:
            patience_s = MOMENT_S if usable else PATIENCE_S
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(looking)), patience_s)
        except TimeoutError as error:
            if usable and seen is not None:
                return seen.found
            raise NoLookError(time.monotonic() - self._since) from error

    def close(self) -> None:
        """Look no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> tuple["Future[T]", _Seen[T] | None]:
        """The check to wait for, which may be over, and the last successful result."""
        with self._lock:
            fresh = self._seen is not None and time.monotonic() - self._seen.at < FRESH_S
            if self._looking is None or (self._looking.done() and not fresh):
                self._since = time.monotonic()
                self._looking = self._thread.submit(self._keep)
            return self._looking, self._seen

    def _keep(self) -> T:
        found = self._look()
        self._seen = _Seen(time.monotonic(), found)
        return found
