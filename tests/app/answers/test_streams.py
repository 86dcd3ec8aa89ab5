import asyncio
import threading
import time
from typing import ClassVar

import pytest

from app.admission import QueueConfig, QueueFullError, WorkQueue
from app.answers.streams import StreamConfig, StreamHub

WAIT_S = 20.0


@pytest.fixture
def make_hub():
    hubs = []

    def make(max_running=1, max_waiting=16, **config):
        queue = WorkQueue(QueueConfig(name="answers", max_running=max_running, max_waiting=max_waiting))
        hubs.append(StreamHub(queue, StreamConfig(**config)))
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.close()


def until(condition):
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.005)


def count_to(n, gate=None):
    def work(stream):
        for number in range(1, n + 1):
            if gate is not None:
                gate.acquire()
            if stream.stop_reason:
                stream.publish("done", {"reason": stream.stop_reason})
                return
            stream.publish("token", {"n": number})
        stream.publish("done", {})

    return work


async def read(stream, after=0, ping_s=10.0, until_id=None):
    seen = []
    async for event in stream.follow(after, ping_s):
        seen.append(event)
        if event is not None and event.id == until_id:
            break
    return seen


def test_events_are_numbered_and_arrive_in_order(make_hub):
    stream = make_hub().start("a", count_to(3))
    events = asyncio.run(read(stream))
    assert [(e.id, e.event) for e in events] == [(1, "token"), (2, "token"), (3, "token"), (4, "done")]


def test_a_client_resumes_behind_the_event_it_saw_last(make_hub):
    gate = threading.Semaphore(2)
    stream = make_hub().start("a", count_to(4, gate))
    first = asyncio.run(read(stream, until_id=2))
    gate.release(9)
    rest = asyncio.run(read(stream, after=first[-1].id))
    assert [e.id for e in first + rest] == [1, 2, 3, 4, 5]


def test_two_followers_see_the_same(make_hub):
    gate = threading.Semaphore(0)
    stream = make_hub().start("a", count_to(3, gate))

    async def both():
        tasks = [asyncio.create_task(read(stream)) for _ in range(2)]
        await asyncio.sleep(0.02)
        gate.release(9)
        return await asyncio.gather(*tasks)

    one, two = asyncio.run(both())
    assert one == two
    assert len(one) == 4


def test_silence_gives_pings(make_hub):
    gate = threading.Semaphore(0)
    stream = make_hub().start("a", count_to(1, gate))

    async def wait_for_pings():
        pings = 0
        async for event in stream.follow(0, 0.02):
            pings += event is None
            if pings == 2:
                gate.release(9)
        return pings

    assert asyncio.run(wait_for_pings()) >= 2


def test_stop_ends_the_work_at_its_next_step_and_frees_the_thread(make_hub):
    hub, gate = make_hub(max_running=1), threading.Semaphore(1)
    stream = hub.start("a", count_to(99, gate))
    until(lambda: len(stream.events) == 1)
    assert hub.stop("a")
    gate.release()
    until(lambda: hub.unfinished == 0)
    assert stream.events[-1].data == {"reason": "stopped"}
    assert not hub.stop("a")
    assert not hub.stop("unknown")
    assert [e.event for e in asyncio.run(read(hub.start("b", count_to(1))))] == ["token", "done"]


def test_a_queued_answer_that_is_stopped_never_works(make_hub):
    hub, gate = make_hub(max_running=1), threading.Semaphore(0)
    hub.start("a", count_to(1, gate))
    queued = hub.start("b", count_to(5))
    hub.stop("b")
    gate.release(9)
    until(lambda: queued.finished)
    assert [e.data for e in queued.events if e.event != "queue"] == [{"reason": "stopped"}]


def test_work_stops_when_its_client_stays_away_longer_than_the_grace(make_hub):
    hub, gate = make_hub(grace_s=0.05), threading.Semaphore(1)
    stream = hub.start("a", count_to(9, gate))
    asyncio.run(read(stream, until_id=1))
    until(lambda: stream.stop_reason == "client_gone")
    gate.release()
    until(lambda: stream.finished)


class HeldTimer:
    """A timer whose time is over when the test says so."""

    made: ClassVar[list["HeldTimer"]] = []

    def __init__(self, seconds, function, args=()):
        self.alive, self.function, self.args = False, function, args
        self.made.append(self)

    def start(self):
        self.alive = True

    def cancel(self):
        self.alive = False

    def end(self):
        if self.alive:
            self.function(*self.args)


def test_a_client_back_within_the_grace_keeps_it_going(make_hub, monkeypatch):
    monkeypatch.setattr(HeldTimer, "made", [])
    monkeypatch.setattr("app.answers.streams.threading.Timer", HeldTimer)
    hub, gate = make_hub(), threading.Semaphore(1)
    stream = hub.start("a", count_to(2, gate))

    async def leave_and_return():
        await read(stream, until_id=1)
        while stream._wakers:  # it is gone
            await asyncio.sleep(0)
        assert any(timer.alive for timer in HeldTimer.made)
        task = asyncio.create_task(read(stream, after=1))
        while not stream._wakers:
            await asyncio.sleep(0)
        for timer in HeldTimer.made:  # the grace is over, but somebody reads
            timer.end()
        gate.release(9)
        return await task

    assert [e.event for e in asyncio.run(leave_and_return())] == ["token", "done"]
    assert stream.stop_reason is None
    assert len(HeldTimer.made) >= 2  # from the start, and from the time when nobody read


def test_a_full_queue_refuses_and_says_when_to_come_again(make_hub):
    hub, gate = make_hub(max_running=1, max_waiting=1), threading.Semaphore(0)
    hub.start("a", count_to(1, gate))
    hub.start("b", count_to(1, gate))
    with pytest.raises(QueueFullError) as refused:
        hub.start("c", count_to(1))
    assert refused.value.retry_after_s >= 1
    gate.release(9)
    until(lambda: hub.unfinished == 0)
    assert [e.event for e in asyncio.run(read(hub.start("c", count_to(1))))] == ["token", "done"]


def test_work_that_breaks_still_ends_its_stream(make_hub, caplog):
    def broken(stream):
        stream.publish("token", {})
        raise RuntimeError("broken on purpose")

    events = asyncio.run(read(make_hub().start("a", broken)))
    assert [e.event for e in events] == ["token"]
    assert "work of an answer stream failed" in caplog.text


def test_finished_streams_are_forgotten_beyond_their_number(make_hub):
    hub = make_hub(max_retained=2)
    for name in "abcd":
        stream = hub.start(name, count_to(1))
        until(lambda stream=stream: stream.finished)
    hub.start("e", count_to(1))
    assert [hub.get(name) is not None for name in "abcd"] == [False, False, True, True]


def test_closing_leaves_no_threads(make_hub):
    before = threading.active_count()
    hub, gate = make_hub(max_running=2), threading.Semaphore(0)
    hub.start("a", count_to(9, gate))
    asyncio.run(asyncio.sleep(0.01))
    gate.release(9)
    hub.close()
    until(lambda: threading.active_count() <= before)
