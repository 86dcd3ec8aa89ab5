"""The queue of one kind of work, with a clock that the test moves."""

import os
import sys
import threading

import pytest

from app.admission import NICENESS, QueueConfig, QueueFullError, WorkQueue


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(clock):
    queues = []

    def make(**config):
        queues.append(WorkQueue(QueueConfig(name="things", **config), clock))
        return queues[-1]

    yield make
    for queue in queues:
        queue.close()


def ready(queue, caller=""):
    turn = queue.enter(caller)
    turn.line_up()
    return turn


def has_come(turn):
    return turn.started.done() and not turn.started.cancelled()


def refusal(queue, caller=""):
    with pytest.raises(QueueFullError) as refused:
        queue.enter(caller)
    return refused.value


def test_no_more_run_and_wait_than_the_bounds_allow(make):
    queue = make(max_running=2, max_waiting=3)
    turns = [ready(queue) for _ in range(5)]
    assert [has_come(turn) for turn in turns] == [True, True, False, False, False]
    assert (queue.running, queue.waiting) == (2, 3)
    assert refusal(queue).waiting == 3
    turns[0].end()
    assert has_come(turns[2])
    assert ready(queue)


def test_whoever_holds_a_place_without_being_ready_keeps_nobody_from_working(make):
    queue = make(max_running=1, max_waiting=1)
    slow = queue.enter()
    quick = ready(queue)
    assert has_come(quick)
    refusal(queue)
    quick.end()
    slow.line_up()
    assert has_come(slow)


def test_who_leaves_the_line_never_has_a_turn_and_gives_the_place_back(make):
    queue = make(max_running=1, max_waiting=2)
    running, left, next_one = (ready(queue) for _ in range(3))
    assert left.end()
    assert left.started.cancelled()
    assert next_one.ahead == 0
    assert queue.waiting == 1
    assert not running.end()
    assert has_come(next_one)
    assert not left.end()
    next_one.end()
    assert (queue.running, queue.waiting) == (0, 0)


def test_turns_go_round_the_callers_and_places_ahead_are_told_truly(make):
    queue = make(max_running=1, max_waiting=12)
    running = ready(queue, "much")
    waiting = [ready(queue, "much") for _ in range(3)] + [ready(queue, "little"), ready(queue, "other")]
    told = sorted(waiting, key=lambda turn: turn.ahead)
    assert [turn.ahead for turn in told] == list(range(5))
    came = []
    while len(came) < 5:
        running.end()
        running = next(turn for turn in waiting if has_come(turn) and turn not in came)
        came.append(running)
    assert came == told
    assert [turn.caller for turn in came] == ["much", "little", "other", "much", "much"]


def test_one_caller_can_not_take_all_places(make):
    queue = make(max_running=1, max_waiting=8)
    taken = 0
    with pytest.raises(QueueFullError):
        while True:
            ready(queue, "much")
            taken += 1
    assert taken == 7
    other = [ready(queue, "other") for _ in range(2)]
    assert other[0].ahead == 1  # behind one of the many, not behind all
    refusal(queue, "other")
    refusal(queue, "third")


def test_who_is_sent_away_and_comes_again_when_told_finds_a_place(make, clock):
    queue = make(max_running=2, max_waiting=4, first_guess_s=9.0)
    seconds = 3.0
    inside = [ready(queue) for _ in range(2)]
    clock.now += seconds
    for turn in inside:
        turn.end()
    inside = [ready(queue, str(number)) for number in range(6)]
    told = sorted(clock.now + refusal(queue, "late").retry_after_s for _ in range(5))
    served = 0
    while served < len(told):
        clock.now += seconds
        for turn in [turn for turn in inside if has_come(turn)]:
            turn.end()
            inside.remove(turn)
        while served < len(told) and told[served] <= clock.now:
            inside.append(ready(queue, f"again {served}"))  # raises where there is no place
            served += 1
    assert (
        told[-1] <= 1000.0 + seconds + 6 * queue.pace_s
    )  # nobody is sent further away than all that was there takes


def test_the_time_told_follows_the_pace_that_was_measured(make, clock):
    queue = make(max_running=1, max_waiting=0, first_guess_s=100.0)
    assert queue.pace_s == 100.0
    for _ in range(3):
        turn = ready(queue)
        clock.now += 2.0
        turn.end()
    assert queue.pace_s == pytest.approx(2.0)
    ready(queue)
    assert refusal(queue).retry_after_s <= 2


def test_many_refusals_do_not_push_the_time_told_ever_further(make):
    queue = make(max_running=1, max_waiting=3, first_guess_s=5.0)
    for caller in "abcd":
        ready(queue, caller)
    assert max(refusal(queue, "late").retry_after_s for _ in range(200)) <= 4 * 5


def test_work_runs_in_threads_of_its_own_and_gives_its_place_back_even_when_it_breaks(make):
    queue = make(max_running=1, max_waiting=4)
    named = queue.submit(queue.enter(), lambda: threading.current_thread().name)
    assert named.result(10).startswith("things")

    def broken():
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        queue.submit(queue.enter(), broken).result(10)
    assert (queue.running, queue.waiting) == (0, 0)


def test_cancelled_work_never_runs(make):
    queue, gate, ran = make(max_running=1, max_waiting=4), threading.Event(), []
    first = queue.submit(queue.enter(), lambda: gate.wait(10))
    second = queue.submit(queue.enter(), lambda: ran.append("second"))
    third = queue.submit(queue.enter(), lambda: ran.append("third"))
    assert second.cancel()
    gate.set()
    assert first.result(10)
    third.result(10)
    assert ran == ["third"]


def test_many_threads_at_once_never_exceed_the_bound(make):
    queue, lock = make(max_running=3, max_waiting=200), threading.Lock()
    now, most, done = 0, 0, []

    def work():
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        with lock:
            now -= 1
        return True

    def enter(number):
        done.extend(queue.submit(queue.enter(str(number)), work) for _ in range(10))

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(item.result(10) for item in done)
    assert len(done) == 100
    assert most <= 3
    assert (queue.running, queue.waiting) == (0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of single threads are Linux's own")
def test_work_stands_back_behind_the_event_loop(make):
    queue = make()
    turn = queue.enter()

    def niceness():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert queue.submit(turn, niceness).result(10) == niceness() + NICENESS
