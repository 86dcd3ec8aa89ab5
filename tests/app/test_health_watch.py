"""Looks that take long are told from memory."""

import asyncio
import threading

import pytest

from app import health_watch
from app.health_watch import NoLookError, Watch


@pytest.fixture
def look():
    """A look that the test can hold up."""

    class Look:
        def __init__(self):
            self.count = 0
            self.free = threading.Event()
            self.free.set()

        def __call__(self):
            self.free.wait(30)
            self.count += 1
            return self.count

    made = Look()
    yield made
    made.free.set()


@pytest.fixture
def watch(look):
    watch = Watch(look, "test")
    yield watch
    watch.close()


def ask(watch):
    return asyncio.run(watch.latest())


def test_a_look_is_shared_while_it_is_fresh_and_made_anew_afterwards(watch, look, monkeypatch):
    assert (ask(watch), ask(watch)) == (1, 1)
    monkeypatch.setattr(health_watch, "FRESH_S", 0.0)
    monkeypatch.setattr(health_watch, "MOMENT_S", 30.0)
    assert ask(watch) == 2


def test_while_a_look_takes_long_the_one_before_is_told(watch, look, monkeypatch):
    assert ask(watch) == 1
    monkeypatch.setattr(health_watch, "FRESH_S", 0.0)
    look.free.clear()
    assert [ask(watch) for _ in range(5)] == [1] * 5


def test_nothing_usable_is_said_after_a_moment(watch, look, monkeypatch):
    look.free.clear()
    monkeypatch.setattr(health_watch, "PATIENCE_S", 0.05)
    with pytest.raises(NoLookError):
        ask(watch)
    look.free.set()
    monkeypatch.setattr(health_watch, "PATIENCE_S", 30.0)
    assert ask(watch) == 1
    monkeypatch.setattr(health_watch, "PATIENCE_S", 0.05)
    monkeypatch.setattr(health_watch, "USABLE_S", 0.0)
    monkeypatch.setattr(health_watch, "FRESH_S", 0.0)
    look.free.clear()
    with pytest.raises(NoLookError):
        ask(watch)


def test_what_the_look_raises_is_raised():
    def broken():
        raise ValueError("on purpose")

    watch = Watch(broken, "test")
    with pytest.raises(ValueError, match="on purpose"):
        ask(watch)
    watch.close()
