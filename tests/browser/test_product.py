"""The pages on the real product: `serve` and `worker` as processes, their own models, a fresh home."""

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import Chromium
from tests.browser.real_product import get_json
from tests.browser.test_pages import ask, new_collection, open_source, upload

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(1200)]

WHALES = """# Blue whales

The blue whale is the largest animal known to have ever existed. The longest one measured was 29.9 metres long.

## Food

Blue whales feed almost exclusively on krill. An adult eats up to 4 tonnes of krill on a summer day.

## Voice

Their calls reach 188 decibels and are heard over hundreds of kilometres.
"""
SCRIPT = "<script>window.ran=1</script>"


def content_of(api: str, document_id: str) -> str:
    return str(get_json(f"{api}/v1/documents/{document_id}/content")["text"])


def answer_of(api: str, browser: Chromium) -> dict[str, object]:
    answer_id = browser.driver.current_url.split("answer=")[1].split("&")[0]
    return get_json(f"{api}/v1/answers/{answer_id}")


def test_upload_progress_and_search(browser: Chromium, product: tuple[str, str], tmp_path: Path) -> None:
    ui_url, _ = product
    new_collection(browser, ui_url, "whales")
    files = {"whales.md": WHALES, "script.md": f"# {SCRIPT}\n\nA page about {SCRIPT}.\n", "empty.txt": ""}
    upload(browser, tmp_path / "in", files)
    browser.until(
        lambda: len(browser.all(".card.ok")) == 2 and len(browser.all(".card.bad")) == 1,
        "the outcome",
        seconds=480,
    )
    assert browser.text(browser.all(".card .name")[0]) == "empty.txt"
    assert "holds no text" in browser.text(browser.all(".card.bad")[0])

    browser.click("[data-testid=stPageLink] a", "Search")
    browser.write("[data-testid=stTextInput] input", "How much krill does a whale eat?" + Keys.ENTER)
    first = browser.find(".card", seconds=120)
    assert "4 tonnes of krill" in browser.text(first)
    assert browser.driver.execute_script("return window.ran ?? null") is None
    assert browser.outgoing(ui_url) == []


def test_an_answer_opens_its_source(browser: Chromium, product: tuple[str, str]) -> None:
    ui_url, api = product
    browser.open(f"{ui_url}/")
    ask(browser, "What do blue whales eat?")
    open_source(browser, 240)
    answer = answer_of(api, browser)
    citation = answer["citations"][0]  # type: ignore[index]
    marked = "".join(browser.text(m) for m in browser.all("mark"))
    assert marked == citation["quote"]
    assert marked == content_of(api, citation["document"]["id"])[citation["start"] : citation["end"]]
    assert "krill" in str(answer["text"])
    assert browser.outgoing(ui_url) == []


def test_an_empty_collection_is_said_to_be_empty(browser: Chromium, product: tuple[str, str]) -> None:
    ui_url, api = product
    new_collection(browser, ui_url, "empty")
    browser.click("[data-testid=stPageLink] a", "Ask")
    ask(browser, "What do blue whales eat?")
    browser.until(lambda: "There is nothing to search yet" in browser.page_text(), "the reply", seconds=240)
    assert answer_of(api, browser)["reason"] == "empty_collection"
