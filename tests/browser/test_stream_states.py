"""Nothing runs and nothing is fetched, at no state of a stream: every payload after each of its characters."""

from collections.abc import Iterator

import pytest

from tests.browser.chromium import Chromium
from tests.browser.payloads import payloads
from tests.browser.rendering import Drawing, drawn, page, trap
from tests.browser.test_pages import ask, new_collection
from tests.ui.fake_api import FakeStore
from ui.client import FathomClient, Upload


@pytest.fixture
def drawing(browser: Chromium) -> Iterator[Drawing]:
    with trap() as caught, page() as url:
        yield Drawing(browser, url, caught)


def test_payloads_stay_text_after_each_of_their_characters(drawing: Drawing) -> None:
    found = drawn(drawing, payloads(drawing.trap.url))
    assert found["states"] > 5_000
    assert (found["wrong"], found["scripts"], found["requests"], found["moved"]) == ([], 0, [], False)


def test_the_recorder_sees_what_payloads_do_where_they_become_markup(drawing: Drawing) -> None:
    for payload in payloads(drawing.trap.url):
        if "refresh" not in payload:
            drawing.as_markup(payload)
    found = drawing.done()
    assert found["scripts"]
    assert len(set(found["requests"])) > 10


def test_an_answer_of_payloads_streams_into_the_page_as_text(
    browser: Chromium, ui_url: str, api_url: str, store: FakeStore
) -> None:
    with trap() as caught:
        lines = [" ".join(text.replace("\x00", "").split()) for text in payloads(caught.url)[::3]]
        marks = ("", "# ", "- ", "    ", "| ")
        text = "\n".join(marks[number % len(marks)] + line for number, line in enumerate(lines))
        new_collection(browser, ui_url, "Streamed")
        collection = list(store.collections.values())[-1]
        with FathomClient(api_url) as client:
            client.upload(collection["id"], [Upload(name="evil.md", content=f"{text}\nzebra".encode())])
        before = len(browser.outgoing(ui_url))  # of the tests above
        browser.open(f"{ui_url}/?collection={collection['id']}")
        ask(browser, "whole zebra")
        browser.until(
            lambda: "zebra" in browser.page_text().rsplit("whole zebra", 1)[-1], "the end of the answer"
        )
        assert browser.driver.execute_script("return window.ran ?? null") is None
        assert caught.caught == []
        assert browser.outgoing(ui_url)[before:] == []
