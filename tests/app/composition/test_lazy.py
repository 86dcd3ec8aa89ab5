"""Parts that are made on first use: once, by one thread, and again after a failure."""

from threading import RLock, Thread

import pytest

from app.composition.lazy import Lazy


def test_nothing_is_made_until_it_is_asked_for():
    made = []
    part = Lazy(lambda: made.append(1) or "value", RLock())
    assert (part.made, part.is_made, part.state, made) == (None, False, "loading", [])
    assert part.get() == part.get() == part.made == "value"
    assert (part.is_made, part.state, made) == (True, "loaded", [1])


def test_a_part_that_is_none_is_made_too():
    part = Lazy(lambda: None, RLock())
    assert part.get() is None
    assert part.is_made


def test_a_failure_is_raised_and_told_and_the_next_call_tries_again():
    outcomes = [ValueError("no such file"), "value"]

    def make():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    part = Lazy(make, RLock())
    with pytest.raises(ValueError, match="no such file"):
        part.get()
    assert (part.is_made, part.state) == (False, "no such file")
    assert (part.get(), part.state) == ("value", "loaded")


def test_threads_that_ask_at_once_get_the_same_value():
    part, got = Lazy(object, RLock()), []
    threads = [Thread(target=lambda: got.append(part.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(map(id, got))) == 1


def test_parts_may_need_each_other_under_one_lock():
    lock = RLock()
    encoder = Lazy(lambda: 3, lock)
    assert Lazy(lambda: encoder.get() + 1, lock).get() == 4
