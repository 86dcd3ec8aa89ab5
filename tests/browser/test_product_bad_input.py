"""Bad input on the pages of the real product: what people read, in both languages, and that the next file is taken."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from selenium.webdriver.common.keys import Keys

from tests.app.texts import DUCKS
from tests.bad_input import BAD_FILES, LONG_QUESTION
from tests.browser.chromium import Chromium
from tests.browser.real_product import get_json
from tests.browser.test_pages import new_collection
from ui.strings import STRINGS

pytestmark = [pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(1200)]

LANGUAGES = ("English", "中文")
OUTCOME_S = 600.0


def documents_of(api: str, collection: str) -> dict[str, dict[str, Any]]:
    found = get_json(f"{api}/v1/collections/{collection}/documents?limit=200")
    return {item["name"]: item for item in found["items"]}


def choose(browser: Chromium, *paths: Path) -> None:
    browser.find("input[type=file]").send_keys("\n".join(map(str, paths)))


def said(key: str, language: str) -> str:
    return STRINGS[key][LANGUAGES.index(language)]


def address(ui_url: str, page: str, collection: str, language: str) -> str:
    return f"{ui_url}/{page}?{urlencode({'collection': collection, 'lang': language})}"


def paste(browser: Chromium, selector: str, text: str) -> None:
    """Put text in as a paste does: typed key by key, 100,000 characters take minutes."""
    script = "arguments[0].focus(); document.execCommand('insertText', false, arguments[1])"
    browser.driver.execute_script(script, browser.find(selector), text)


@pytest.fixture(scope="module")
def filled(browser: Chromium, product: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Id of a collection into which every bad file was uploaded, with a good one behind each."""
    ui_url, _ = product
    folder = tmp_path_factory.mktemp("bad")
    paths = []
    for number, file in enumerate(BAD_FILES.values()):
        good = folder / f"good-{number}.md"
        good.write_bytes(DUCKS + f"Duck number {number}.\n".encode())
        (folder / file.name).write_bytes(file.data)
        paths += [folder / file.name, good]
    new_collection(browser, ui_url, "bad files")
    choose(browser, *paths)
    browser.until(
        lambda: len(browser.all(".card.ok")) == len(browser.all(".card.bad")) == len(BAD_FILES),
        "the outcome",
        OUTCOME_S,
    )
    return browser.driver.current_url.split("collection=")[1].split("&")[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_bad_file_says_what_to_do(
    browser: Chromium, product: tuple[str, str], filled: str, language: str
) -> None:
    ui_url, api = product
    browser.open(address(ui_url, "documents", filled, language))
    browser.until(lambda: len(browser.all(".card.bad")) == len(BAD_FILES), "the failed documents")
    cards = [browser.text(card) for card in browser.all(".card.bad")]
    errors = {name: item["error"] for name, item in documents_of(api, filled).items() if item["error"]}
    for file in BAD_FILES.values():
        code = errors[file.name]["code"]
        assert code in file.codes
        card = next(text for text in cards if text.startswith(file.name))
        assert said(f"code.{code}", language) in card
        assert said(f"hint.{code}", language) in card
        assert said("common.retry", language) in card
    ready = [item for item in documents_of(api, filled).values() if item["status"] == "ready"]
    assert len(ready) == len(BAD_FILES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_of_300_mb_is_refused_in_the_browser_and_the_one_beside_it_is_taken(
    browser: Chromium, product: tuple[str, str], filled: str, language: str, tmp_path: Path
) -> None:
    ui_url, api = product
    large, good = tmp_path / f"large {language}.txt", tmp_path / f"beside {language}.md"
    with large.open("wb") as file:
        file.truncate(300 * 1024 * 1024)  # takes no room on the disk
    good.write_bytes(DUCKS + f"Beside the large one, {language}.\n".encode())
    browser.open(address(ui_url, "documents", filled, language))
    choose(browser, large, good)
    browser.find(".fx-bad", large.name)
    browser.until(
        lambda: documents_of(api, filled).get(good.name, {}).get("status") == "ready",
        "the file beside it",
        OUTCOME_S,
    )
    told = browser.text(browser.find(".fx-bad", large.name))
    assert said("code.file_too_large", language) in told
    assert said("documents.too_large", language).format(size="300", limit="100") in told
    assert said("hint.file_too_large", language) in told
    assert large.name not in documents_of(api, filled)
    browser.click("button", said("documents.dismiss", language))
    browser.until(lambda: not browser.all(".fx-bad"), "the end of the message")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_of_a_hundred_thousand_characters_is_refused(
    browser: Chromium, product: tuple[str, str], filled: str, language: str
) -> None:
    ui_url, _ = product
    browser.open(address(ui_url, "", filled, language))
    paste(browser, "[data-testid=stChatInputTextArea]", LONG_QUESTION)
    browser.write("[data-testid=stChatInputTextArea]", Keys.ENTER)
    browser.until(lambda: said("code.question_too_long", language) in browser.page_text(), "the refusal")
    assert said("hint.question_too_long", language) in browser.page_text()


def test_an_empty_question_is_not_sent(browser: Chromium, product: tuple[str, str], filled: str) -> None:
    ui_url, _ = product
    browser.open(address(ui_url, "", filled, "English"))
    browser.write("[data-testid=stChatInputTextArea]", "   " + Keys.ENTER)
    browser.write("[data-testid=stChatInputTextArea]", "?!" + Keys.ENTER)
    browser.until(lambda: said("hint.empty_question", "English") in browser.page_text(), "the refusal")
    assert "answer=" not in browser.driver.current_url


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", ["", "documents", "search"])
def test_an_address_that_names_no_collection_is_said_so(
    browser: Chromium, product: tuple[str, str], filled: str, page: str, language: str
) -> None:
    ui_url, _ = product
    browser.open(address(ui_url, page, "col_nowhere", language))
    browser.find(".fx-bad", said("code.collection_not_found", language))
    assert said("hint.collection_not_found", language) in browser.page_text()
