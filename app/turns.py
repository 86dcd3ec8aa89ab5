"""Turns: a limited number of threads work at once, in the order in which they asked."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_LOOK_S: Final = 0.5


class Turns:
    """Places for work; who has none waits.

    Args:
        places: How many work at the same time.
        is_over: Whether waiting has no sense any more.
    """

    def __init__(self, places: int, is_over: Callable[[], bool]) -> None:
        self._free = places
        self._is_over = is_over
        self._changed = threading.Condition()
        self._waiting: deque[object] = deque()

    def take(self) -> bool:
        """Wait for a place; False where it is over."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            while not (self._free and self._waiting[0] is ticket):
                if self._is_over():
                    self._waiting.remove(ticket)
                    self._changed.notify_all()
                    return False
                self._changed.wait(_LOOK_S)
            self._waiting.popleft()
            self._free -= 1
            self._changed.notify_all()
        return True

    def give(self) -> None:
        """Let somebody else have the place."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()

    def force(self) -> None:
        """Take a place that may not be there, for who has to give one back."""
        with self._changed:
            self._free -= 1

    @property
    def wanted(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiting)


class Turn:
    """The turn of one thread, which gives it away for a while after `turn_s` of work, where somebody waits."""

    def __init__(self, turns: Turns, turn_s: float) -> None:
        self._turns = turns
        self._turn_s = turn_s
        self._since = time.monotonic()

    def begin(self) -> bool:
        """Wait for it; False where it is over."""
        begun = self._turns.take()
        self._since = time.monotonic()
        return begun

    def end(self) -> None:
        """Give it back."""
        self._turns.give()

    def pause_if_long(self) -> None:
        """Let one who waits have a turn, where this one has lasted long enough."""
        if time.monotonic() - self._since >= self._turn_s and self._turns.wanted:
            self._turns.give()
            self._again()

    @contextmanager
    def away(self) -> Iterator[None]:
        """While another process does the work: keep the turn for so long as it may last, and give it up then."""
        lock, over, given = threading.Lock(), False, False

        def give() -> None:
            nonlocal given
            with lock:
                if not over:
                    given = True
                    self._turns.give()

        left_s = self._turn_s - (time.monotonic() - self._since)
        timer = threading.Timer(max(0.0, left_s), give)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with lock:
                over = True
            if given:
                self._again()

    def _again(self) -> None:
        if not self._turns.take():
            # It is over: what comes now ends the work, and `end` is still to be called.
            self._turns.force()
        self._since = time.monotonic()
