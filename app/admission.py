"""Bounded queues of work, one for each kind: who works, who waits, who is sent away, and when to come again.

A queue knows nothing of HTTP, of SQL or of what is done in a turn.

Life of a turn: entered -> in line -> running -> ended. Whoever enters holds a place at once, without waiting for
anything; lines up when ready; and may end the turn at any time, which gives the place back. Turns are given to
callers in rotation, so that one who asks for much is not served more often than one who asks for little.
"""

import math
import os
import sys
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar

from app.settings.schema import Settings

T = TypeVar("T")

KEPT_SHARE: Final = 4
"""Divisor of the waiting places: one of four is reserved for callers other than the one with all the rest."""
NICENESS: Final = 5
"""Niceness of working threads above the event loop's, so that the loop answers at once; see nice(1)."""
REMEMBERED: Final = 16
"""Turns whose times make the pace."""


class QueueFullError(Exception):
    """All places are taken, or all that one caller may take; `retry_after_s` says when one will be free."""

    def __init__(self, name: str, waiting: int, retry_after_s: int) -> None:
        """Name the queue, and say how many wait."""
        super().__init__(f"{waiting} {name} wait already; come again in {retry_after_s} s")
        self.name = name
        self.waiting = waiting
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """Bounds of one queue.

    Attributes:
        name: What is queued, in the plural.
        max_running: Turns at the same time.
        max_waiting: Places for those who wait; a quarter of them is never given to one caller alone.
        first_guess_s: Seconds of a turn, until some were measured.
    """

    name: str
    max_running: int = 1
    max_waiting: int = 16
    first_guess_s: float = 1.0

    def __post_init__(self) -> None:
        if self.max_running < 1 or self.max_waiting < 0:
            raise ValueError("max_running must be at least 1 and max_waiting at least 0")

    @property
    def places(self) -> int:
        """Places for those who work and those who wait."""
        return self.max_running + self.max_waiting

    @property
    def own_places(self) -> int:
        """Places that one caller alone may hold."""
        return self.places - self.max_waiting // KEPT_SHARE


class Turn:
    """A place in a queue."""

    def __init__(self, queue: "WorkQueue", caller: str) -> None:
        """Made by `WorkQueue.enter`."""
        self.queue = queue
        self.caller = caller
        self.started: Future[None] = Future()
        self.began: float | None = None

    def line_up(self) -> Future[None]:
        """Be ready to run. The future ends when the turn comes, and is cancelled where it ends before."""
        self.queue.line_up(self)
        return self.started

    def end(self) -> bool:
        """Give the place back; True where the turn had not come yet. Ending twice changes nothing."""
        return self.queue.end(self)

    @property
    def ahead(self) -> int | None:
        """Number of turns before this one; None if it is not (or no longer) in line."""
        return self.queue.order().get(self)


class WorkQueue:
    """Gives turns to waiting callers; safe to use from many threads, and never waits itself."""

    def __init__(self, config: QueueConfig, now: Callable[[], float] = time.monotonic) -> None:
        """Start empty.

        Args:
            config: The bounds.
            now: Seconds that only grow.
        """
        self.config = config
        self._now = now
        self._lock = threading.Lock()
        self._inside: Counter[str] = Counter()
        self._lines: OrderedDict[str, deque[Turn]] = OrderedDict()
        self._open: set[Turn] = set()
        self._running: set[Turn] = set()
        self._times: deque[float] = deque([config.first_guess_s], REMEMBERED)
        self._promised = 0.0
        self._pool = ThreadPoolExecutor(
            config.max_running, thread_name_prefix=config.name, initializer=_give_way
        )

    @property
    def running(self) -> int:
        """Turns in work."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Places held by those whose turn has not come."""
        return len(self._open) - len(self._running)

    @property
    def pace_s(self) -> float:
        """Seconds from one turn to the next while all places are in use, as measured lately."""
        # without the longest: the first turns load models, which says nothing of those to come
        times = sorted(self._times)[:-1] or list(self._times)
        return sum(times) / len(times) / self.config.max_running

    def enter(self, caller: str = "") -> Turn:
        """Take a place.

        Args:
            caller: Whose turns are given in one line.

        Raises:
            QueueFullError: There is none for this caller.
        """
        config = self.config
        with self._lock:
            if len(self._open) >= config.places or self._inside[caller] >= config.own_places:
                raise QueueFullError(config.name, self.waiting, self._retry_after_s())
            turn = Turn(self, caller)
            self._inside[caller] += 1
            self._open.add(turn)
            return turn

    def line_up(self, turn: Turn) -> None:
        """See `Turn.line_up`."""
        with self._lock:
            if turn in self._open:
                self._lines.setdefault(turn.caller, deque()).append(turn)
        self._start_next()

    def end(self, turn: Turn) -> bool:
        """See `Turn.end`."""
        with self._lock:
            if turn not in self._open:
                return False
            self._open.discard(turn)
            self._inside[turn.caller] -= 1
            if not self._inside[turn.caller]:
                del self._inside[turn.caller]
            early = turn not in self._running
            if early:
                self._leave_line(turn)
            else:
                self._running.discard(turn)
                self._times.append(self._now() - (turn.began or 0.0))
        if early:
            turn.started.cancel()
        self._start_next()
        return early

    def order(self) -> dict[Turn, int]:
        """Waiting callers, in the order in which their turns will come, each with the number of turns before."""
        with self._lock:
            return {turn: ahead for ahead, turn in enumerate(self._in_order())}

    def wait_s(self, ahead: int) -> float:
        """Seconds until a turn with this many turns before it begins, at the present pace."""
        return (ahead + 1) * self.pace_s

    def submit(self, turn: Turn, work: Callable[[], T]) -> Future[T]:
        """Line up, and run `work` in a thread of this queue when the turn comes; the turn ends with it.

        Cancelling the future before that gives the place back.
        """
        done: Future[T] = Future()

        def run() -> None:
            if not done.set_running_or_notify_cancel():
                turn.end()
                return
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - it is the future's to tell
                turn.end()
                done.set_exception(error)
            else:
                turn.end()
                done.set_result(result)

        def begin(started: Future[None]) -> None:
            try:
                if not started.cancelled():
                    self._pool.submit(run)
                    return
            except RuntimeError:  # closed meanwhile
                turn.end()
            done.cancel()

        done.add_done_callback(lambda _: turn.end())
        turn.line_up().add_done_callback(begin)
        return done

    def close(self) -> None:
        """Give no further turns to threads, and wait until the running ones have ended."""
        self._pool.shutdown(wait=True)

    def _start_next(self) -> None:
        started = []
        with self._lock:
            while self._lines and len(self._running) < self.config.max_running:
                turn = next(self._in_order())
                line = self._lines.pop(turn.caller)
                line.popleft()
                if line:
                    self._lines[turn.caller] = line  # behind the others
                turn.began = self._now()
                self._running.add(turn)
                started.append(turn)
        for turn in started:  # without the lock: callbacks may come back here
            if turn.started.set_running_or_notify_cancel():
                turn.started.set_result(None)

    def _in_order(self) -> Iterator[Turn]:
        longest = max(map(len, self._lines.values()), default=0)
        return (line[place] for place in range(longest) for line in self._lines.values() if place < len(line))

    def _leave_line(self, turn: Turn) -> None:
        line = self._lines.get(turn.caller)
        if line is None or turn not in line:
            return
        line.remove(turn)
        if not line:
            del self._lines[turn.caller]

    def _retry_after_s(self) -> int:
        """Another time for each who is sent away, a turn apart, but none behind the end of all that is here."""
        now = self._now()
        emptied = now + len(self._open) * self.pace_s
        self._promised = min(max(self._promised, now) + self.pace_s, emptied)
        return max(1, math.ceil(self._promised - now))


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of a process, one for each kind of work."""

    answers: WorkQueue
    searches: WorkQueue
    fetches: WorkQueue
    uploads: WorkQueue
    exports: WorkQueue

    def by_name(self) -> dict[str, WorkQueue]:
        """Each of them."""
        every = (self.answers, self.searches, self.fetches, self.uploads, self.exports)
        return {queue.config.name: queue for queue in every}

    def close(self) -> None:
        """Close them all."""
        for queue in self.by_name().values():
            queue.close()


def make_queues(settings: Settings) -> Queues:
    """The queues as configured."""
    bounds, answers = settings.queues, settings.answers

    def queue(name: str, max_running: int, max_waiting: int, first_guess_s: float) -> WorkQueue:
        config = QueueConfig(
            name=name, max_running=max_running, max_waiting=max_waiting, first_guess_s=first_guess_s
        )
        return WorkQueue(config)

    return Queues(
        answers=queue("answers", answers.max_concurrent, answers.max_waiting, 2.0),
        searches=queue("searches", bounds.searches, bounds.searches_waiting, 0.3),
        fetches=queue("fetches", bounds.fetches, bounds.fetches_waiting, 2.0),
        uploads=queue("uploads", bounds.uploads, bounds.uploads_waiting, 1.0),
        exports=queue("exports", bounds.exports, bounds.exports_waiting, 0.5),
    )


def _give_way() -> None:
    """Lower the priority of the calling thread, and of threads that it starts, below the event loop's.

    Who is refused, or asks whether the service is ready, is answered by the event loop while all cores are at work.
    """
    if (
        sys.platform == "linux"
    ):  # where a priority is a thread's own: setpriority(2), "C library/kernel differences"
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
