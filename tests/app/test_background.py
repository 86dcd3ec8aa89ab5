"""Threads beside the requests: they look again after a failure, and end when they are stopped."""

import threading

from app.background import BackgroundThread, background_threads

PATIENCE_S = 30.0


def test_work_that_fails_is_tried_again(caplog):
    seen, again = [], threading.Event()

    def run_due(_):
        seen.append("look")
        if len(seen) == 1:
            raise OSError("The disk is away.")
        again.set()

    thread = BackgroundThread("looking", 0.01, run_due, at_once=True)
    thread.start()
    assert again.wait(PATIENCE_S)
    thread.stop()
    assert "looking failed; it is tried again" in caplog.text


def test_a_stop_ends_the_work_and_the_wait_for_the_next_look():
    begun = threading.Event()

    def run_due(stopping):
        begun.set()
        assert stopping.wait(PATIENCE_S)

    thread = BackgroundThread("waiting", 3600.0, run_due, at_once=True)
    thread.start()
    assert begun.wait(PATIENCE_S)
    thread.stop()
    assert not [one for one in threading.enumerate() if one.name == "waiting"]


def test_a_thread_that_never_began_can_be_stopped_and_one_that_waits_ends_at_once():
    BackgroundThread("idle", 3600.0, lambda _: None).stop()
    waiting = BackgroundThread("later", 3600.0, lambda _: None)
    waiting.start()
    waiting.stop()
    assert not [one for one in threading.enumerate() if one.name == "later"]


def test_the_settings_say_which_threads_there_are(api):
    state = api.app.state
    settings = state.runtime.settings
    count = len(background_threads(state.runtime, state.queues))
    assert count == 2 + settings.golden.watch + settings.answers.suggest
