"""An answer read in the background: broken connections, stops, takebacks."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.ui.fake_api import FakeStore
from tests.ui.test_client import filled
from ui.client import FathomClient
from ui.errors import ApiError, ApiUnreachableError
from ui.live import Events, LiveAnswer, LiveText
from ui.sse import ServerEvent


def asked(client: FathomClient, question: str) -> LiveAnswer:
    collection_id = filled(client, "A whale eats krill. It sleeps.")
    return LiveAnswer(question, lambda: client.ask([collection_id], question), client.resume)


def test_the_finished_text_equals_the_stored_answer(client: FathomClient) -> None:
    live = asked(client, "What about krill?")
    assert live.finished.wait(10)
    assert live.error is None
    assert live.live.final is not None
    assert live.live.text == live.live.final["text"]
    assert live.live.spans[1]["kind"] == "copied"


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_broken_connection_is_taken_up_again(client: FathomClient, store: FakeStore, number: int) -> None:
    store.drop_stream_after = number
    live = asked(client, "What about krill?")
    assert live.finished.wait(15)
    if number == 1:  # it broke before the answer had a name: there is nothing to take up
        assert isinstance(live.error, ApiUnreachableError)
        return
    assert live.error is None
    assert live.live.final is not None
    assert live.live.text == live.live.final["text"]
    resumed = [headers for _, path, headers in store.calls if path.endswith("/events")]
    assert [headers.get("last-event-id") for headers in resumed] == [str(number - 1)]


def test_a_stop_ends_the_stream_early(client: FathomClient) -> None:
    live = asked(client, "Tell a long story of krill")
    deadline = time.monotonic() + 20
    while not live.look().text:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    client.stop_answer(str(live.live.answer_id))
    assert live.finished.wait(20)  # unstopped it takes a hundred seconds
    assert live.live.final is not None
    assert live.live.final["status"] == "cancelled"


def test_a_refused_question_is_an_error_not_a_crash(client: FathomClient) -> None:
    live = LiveAnswer("q", lambda: client.ask(["col_none"], "krill"), client.resume)
    # The fake looks collections up while it answers, so this is an error inside the reader.
    assert live.finished.wait(10)
    assert isinstance(live.error, ApiError)
    assert live.error.status == 404


def scripted(events: list[ServerEvent | None], *, pause_s: float = 0) -> Callable[[], Events]:
    def produce() -> Iterator[ServerEvent | None]:
        for event in events:
            time.sleep(pause_s)
            yield event

    @contextmanager
    def opened() -> Iterator[Iterator[ServerEvent | None]]:
        yield produce()

    return opened


def test_nonsense_in_a_stream_is_an_error_that_is_shown() -> None:
    live = LiveAnswer("q", scripted([ServerEvent("token", "{not json", "1")]), lambda a, b: scripted([])())
    assert live.finished.wait(5)
    assert "JSONDecodeError" in str(live.error)


def test_nobody_looking_hangs_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.live.ABANDONED_S", 0.2)
    pings: list[ServerEvent | None] = [ServerEvent("meta", '{"id": "ans_1"}', "1"), *[None] * 200]
    live = LiveAnswer("q", scripted(pings, pause_s=0.05), lambda a, b: scripted([])())
    assert live.finished.wait(5)
    assert live.live.final is None


def test_a_replacement_takes_the_place_of_all_text() -> None:
    live = LiveText()
    live.apply("token", {"text": "secret", "kind": "copied"})
    live.apply("citation", {"n": 1, "answer_start": 0, "answer_end": 6})
    live.apply("replace", {"text": "Not here.", "spans": []})
    assert live.text == "Not here."
    assert live.citations == []
    assert [s["kind"] for s in live.spans] == ["written"]


def test_an_error_event_carries_the_problem() -> None:
    with pytest.raises(ApiError, match="Out of memory"):
        LiveText().apply(
            "error", json.loads('{"problem": {"status": 507, "code": "x", "title": "Out of memory"}}')
        )


def test_a_place_in_the_queue_is_shown_until_the_answer_begins() -> None:
    live = LiveText()
    live.apply("queue", {"id": "ans_1", "ahead": 3, "wait_s": 4.2})
    assert (live.answer_id, live.ahead, live.wait_s) == ("ans_1", 3, 4.2)
    live.apply("queue", {"id": "ans_1", "ahead": 0, "wait_s": 1.0})
    assert live.ahead == 0
    live.apply("meta", {"id": "ans_1"})
    assert (live.answer_id, live.ahead) == ("ans_1", None)
