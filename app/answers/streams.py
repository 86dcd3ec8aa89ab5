"""Streams of answers in memory: numbered events, replay, grace for clients that left, stop, waiting in a queue.

Answers are generated in threads, so that the event loop that serves them never waits for a model. A stream knows
nothing of HTTP, of SQL or of the meaning of its events: they are names with JSON data.

Life of a stream: queued -> running -> finished. `stop` ends it at the next step of its work; one that is queued
leaves the queue at once. A stream that nobody follows is stopped after the grace, and stays readable for a while.
While it waits it publishes its place in the queue, in events named `queue`.
"""

import asyncio
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from app.admission import Turn, WorkQueue

logger = logging.getLogger(__name__)

StopReason = Literal["stopped", "client_gone", "shutdown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """One event; ids count from 1 in each stream."""

    id: int
    event: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamConfig:
    """Bounds of the hub.

    Attributes:
        grace_s: Seconds that a stream without followers goes on.
        retain_s: Seconds that a finished stream can still be replayed from memory.
        max_retained: Most finished streams held in memory.
    """

    grace_s: float = 10.0
    retain_s: float = 300.0
    max_retained: int = 256

    def __post_init__(self) -> None:
        if self.grace_s < 0:
            raise ValueError("grace_s must be at least 0")


class AnswerStream:
    """Events of one answer: written by one thread, followed by any number of coroutines."""

    def __init__(self, stream_id: str, grace_s: float) -> None:
        self.id = stream_id
        self.finished_at: float | None = None
        self._grace_s = grace_s
        self._events: list[StreamEvent] = []
        self._lock = threading.Lock()
        self._wakers: dict[object, Callable[[], object]] = {}
        self._stop_reason: StopReason | None = None
        self._on_stop: Callable[[], object] | None = None
        self._timer: threading.Timer | None = None
        self._start_grace()  # a client that vanished before it began to read counts as gone too

    @property
    def stop_reason(self) -> StopReason | None:
        """Reason to end the work, or None while it may continue; the worker asks between steps."""
        return self._stop_reason

    @property
    def finished(self) -> bool:
        """Whether no further event will come."""
        return self.finished_at is not None

    @property
    def events(self) -> list[StreamEvent]:
        """All events so far."""
        with self._lock:
            return list(self._events)

    def publish(self, event: str, data: dict[str, Any]) -> None:
        """Append an event and wake the followers; called from the worker thread."""
        with self._lock:
            self._events.append(StreamEvent(id=len(self._events) + 1, event=event, data=data))
        self._wake()

    def stop(self, reason: StopReason) -> None:
        """Ask the work to end at its next step; the first reason stays."""
        with self._lock:
            if self._stop_reason is not None or self.finished:
                return
            self._stop_reason = reason
            on_stop = self._on_stop
        if on_stop is not None:
            on_stop()

    def when_stopped(self, callback: Callable[[], object]) -> None:
        """Have `callback` called once when the stream is stopped, at once where it is already."""
        with self._lock:
            self._on_stop = callback
            late = self._stop_reason is not None
        if late:
            callback()

    def finish(self) -> None:
        """Declare that no further event will come."""
        with self._lock:
            self.finished_at = time.monotonic()
            self._cancel_grace()
        self._wake()

    async def follow(self, after: int = 0, ping_s: float = 10.0) -> AsyncIterator[StreamEvent | None]:
        """Yield the events with an id above `after`, past and future ones, until the end.

        Args:
            after: Id of the last event that the client has seen; 0 for none.
            ping_s: Seconds of silence after which None is yielded.
        """
        loop, news, token = asyncio.get_running_loop(), asyncio.Event(), object()
        self._join(token, lambda: loop.call_soon_threadsafe(news.set))
        try:
            while True:
                news.clear()
                with self._lock:
                    fresh, ended = self._events[after:], self.finished
                for item in fresh:
                    after = item.id
                    yield item
                if ended and not fresh:
                    return
                if not fresh:
                    try:
                        await asyncio.wait_for(news.wait(), ping_s)
                    except TimeoutError:
                        yield None
        finally:
            self._leave(token)

    def _join(self, token: object, wake: Callable[[], object]) -> None:
        with self._lock:
            self._wakers[token] = wake
            self._cancel_grace()

    def _leave(self, token: object) -> None:
        with self._lock:
            self._wakers.pop(token, None)
            if not self._wakers and not self.finished:
                self._start_grace()

    def _start_grace(self) -> None:
        self._timer = threading.Timer(self._grace_s, self.stop, args=("client_gone",))
        self._timer.daemon = True
        self._timer.start()

    def _cancel_grace(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        with self._lock:
            wakers = list(self._wakers.values())
        for wake in wakers:
            try:
                wake()
            except RuntimeError:  # the follower's event loop has closed: nobody reads there any more
                logger.debug("a follower's event loop is closed", extra={"stream": self.id})


class StreamHub:
    """Starts streams when their turn comes and finds them again by id."""

    def __init__(self, queue: WorkQueue, config: StreamConfig) -> None:
        """Generate answers in the threads of `queue`."""
        self._queue = queue
        self._config = config
        # those that were stopped before their turn have their end written without one
        self._endings = ThreadPoolExecutor(1, thread_name_prefix="answer-end")
        self._streams: OrderedDict[str, AnswerStream] = OrderedDict()
        self._waiting: dict[AnswerStream, tuple[Turn, int | None]] = {}
        self._unfinished: set[str] = set()
        self._lock = threading.Lock()

    @property
    def unfinished(self) -> int:
        """Streams that run or wait."""
        return len(self._unfinished)

    def start(
        self, stream_id: str, work: Callable[[AnswerStream], None], turn: Turn | None = None
    ) -> AnswerStream:
        """Queue `work`, which writes the stream's events and looks at `stop_reason` between steps.

        Args:
            stream_id: For `get`.
            work: Called in a thread when its turn comes, or without one where the stream is stopped before.
            turn: Taken from the hub's queue; None takes one now.

        Raises:
            QueueFullError: There is no place.
        """
        place = turn or self._queue.enter()
        stream = AnswerStream(stream_id, self._config.grace_s)
        with self._lock:
            self._evict_finished()
            self._streams[stream_id] = stream
            self._unfinished.add(stream_id)
            self._waiting[stream] = (place, None)
        done = self._queue.submit(place, lambda: self._run(stream, work))
        done.add_done_callback(lambda ended: self._end(stream, work) if ended.cancelled() else None)
        stream.when_stopped(done.cancel)
        self._publish_places()
        return stream

    def get(self, stream_id: str) -> AnswerStream | None:
        """The stream, while it is in memory."""
        return self._streams.get(stream_id)

    def stop(self, stream_id: str) -> bool:
        """Stop a stream at once; False where there is none to stop."""
        stream = self._streams.get(stream_id)
        if stream is None or stream.finished:
            return False
        stream.stop("stopped")
        return True

    def close(self) -> None:
        """Stop everything and wait until the threads are free."""
        for stream in list(self._streams.values()):
            stream.stop("shutdown")
        self._queue.close()
        self._endings.shutdown(wait=True)

    def _run(self, stream: AnswerStream, work: Callable[[AnswerStream], None]) -> None:
        with self._lock:
            self._waiting.pop(stream, None)
        self._publish_places()
        try:
            work(stream)
        except Exception:
            logger.exception("work of an answer stream failed", extra={"stream": stream.id})
            raise
        finally:
            stream.finish()
            self._unfinished.discard(stream.id)

    def _end(self, stream: AnswerStream, work: Callable[[AnswerStream], None]) -> None:
        """Write the end of a stream that never had its turn."""
        stream.stop("shutdown")  # a reason that was given before stays
        try:
            self._endings.submit(self._run, stream, work)
        except RuntimeError:  # closed meanwhile
            stream.finish()

    def _publish_places(self) -> None:
        """Publish the place of each stream in the queue that has moved."""
        with self._lock:  # held while publishing, so that no place follows the first event of the work
            order = self._queue.order()
            for stream, (turn, published) in self._waiting.items():
                ahead = order.get(turn)
                if ahead is None or ahead == published or stream.stop_reason is not None:
                    continue
                self._waiting[stream] = (turn, ahead)
                wait_s = round(self._queue.wait_s(ahead), 1)
                stream.publish("queue", {"id": stream.id, "ahead": ahead, "wait_s": wait_s})

    def _evict_finished(self) -> None:
        ended = [key for key, stream in self._streams.items() if stream.finished]
        limit = time.monotonic() - self._config.retain_s
        for position, key in enumerate(ended):
            too_many = len(ended) - position > self._config.max_retained
            if too_many or (self._streams[key].finished_at or limit) < limit:
                del self._streams[key]
