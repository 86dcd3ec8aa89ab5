"""How an answer is drawn: by its parts, with what else may answer, and a refusal with whole passages."""

from collections.abc import Callable
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.chromium import Chromium
from tests.browser.contrast import FAINTEST, faint_texts
from tests.browser.test_pages import ask
from tests.ui.fake_api import FakeStore
from ui.client import FathomClient, Upload

GUIDE = """# Install the server

Install it with the package manager:

    apt-get install fathom \\
      --no-install-recommends   # a long line that a narrow screen has no room for
    systemctl enable fathom

Then set what it may use:

1. memory, of which it needs 2 GB, more for many documents, and more again for their vectors
2. the port, 8000 unless you say otherwise
  - only on this machine, or
  - on the whole network
3. the folder

port | 8000 | where it listens
home | ~/.fathom | where it keeps data

That was the installation.
"""
OTHER = "Ships are another matter. They sail."
LONG = "".join(f"Filler {i} of the sea, which goes on and on.\n\n" for i in range(80))
LONG = f"{LONG}The anchor holds by its flukes. So it is.\n\n{LONG}"

Ask = Callable[..., Chromium]


@pytest.fixture(scope="module")
def collection_id(api_url: str) -> str:
    with FathomClient(api_url) as client:
        found = client.create_collection("Manuals")["id"]
        for name, text in {"guide.md": GUIDE, "ships.md": OTHER, "long.md": LONG}.items():
            client.upload(found, [Upload(name=name, content=text.encode())])
    return str(found)


@pytest.fixture
def asked(browser: Chromium, ui_url: str, collection_id: str, store: FakeStore) -> Ask:
    def ask_it(question: str, by: Chromium = browser) -> Chromium:
        by.open(f"{ui_url}/?collection={collection_id}")
        ask(by, question)
        by.until(
            lambda: by.all("[data-testid=stFeedback]") and not by.all("button", "Stop"), "the whole answer"
        )
        by.until(lambda: not by.running(), "rest")
        return by

    return ask_it


def style(browser: Chromium, element: WebElement, name: str) -> str:
    return str(
        browser.driver.execute_script("return getComputedStyle(arguments[0])[arguments[1]]", element, name)
    )


def top(browser: Chromium, element: WebElement) -> float:
    return float(browser.driver.execute_script("return arguments[0].getBoundingClientRect().top", element))


def test_an_answer_is_drawn_by_its_parts(asked: Ask) -> None:
    browser = asked("Tell the whole installation")
    code = browser.find(".text code")
    assert browser.text(code) == GUIDE[GUIDE.index("    apt") : GUIDE.index("\n\nThen")]
    assert "mono" in style(browser, browser.find(".text code span"), "fontFamily").lower()
    assert style(browser, code, "whiteSpace").startswith("pre")
    items = browser.all(".text ul .item")
    assert [browser.text(item)[:8] for item in items] == [
        "1. memor",
        "2. the p",
        "  - only",
        "  - on t",
        "3. the f",
    ]
    tops = [top(browser, item) for item in items]
    assert tops == sorted(set(tops))
    assert len(browser.all(".text .row")) == 2
    assert int(style(browser, browser.find(".text .heading span"), "fontWeight")) == 600
    strong = browser.find(".text strong")
    assert browser.text(strong) == "installation"
    assert int(style(browser, strong, "fontWeight")) == 700
    assert browser.all(".text .chip[data-n='1']")


def test_more_opens_the_document_at_the_last_item(asked: Ask) -> None:
    browser = asked("Tell the whole and more of the installation")
    browser.click("button", "There is more in the document")
    browser.until(
        lambda: [browser.text(m) for m in browser.all(".box mark")] == ["That was the installation."],
        "the place",
    )
    asked("Tell the whole installation")
    assert not browser.all("button", "There is more in the document")


def test_what_else_may_answer_waits_and_opens_its_source(asked: Ask) -> None:
    browser = asked("What sail?")
    assert not [card for card in browser.all(".card .name", "guide.md") if card.is_displayed()]
    browser.click("[data-testid=stExpander] summary", "Also possible")
    browser.click(".card .name", "guide.md")
    browser.until(
        lambda: [browser.text(m) for m in browser.all(".box mark")] == ["# Install the server"], "the source"
    )
    # What was opened stays in sight, as the one that is open.
    browser.until(lambda: browser.all(".card.on .name", "guide.md")[0].is_displayed(), "the open card")


def test_a_refusal_shows_passages_whole_with_their_key_sentence(asked: Ask, store: FakeStore) -> None:
    browser = asked("Say nothing of another")
    assert "No direct answer was found. The passages below come closest." in browser.page_text()
    passages = browser.all(".card .line")
    assert [browser.text(p) for p in passages] == [GUIDE, OTHER]
    assert [browser.text(m) for m in browser.all(".card mark")][1] == "Ships are another matter."
    assert style(browser, browser.all(".card mark")[1], "backgroundColor") != "rgba(0, 0, 0, 0)"
    browser.click(".card .name", "ships.md")
    browser.until(lambda: [browser.text(m) for m in browser.all(".box mark")] == [OTHER], "the source")


def test_a_long_passage_is_folded_around_its_key_sentence(
    asked: Ask, api_url: str, collection_id: str, store: FakeStore
) -> None:
    for row in store.documents.values():
        row["enabled"] = row["name"] == "long.md"
    try:
        browser = asked("Say nothing of the anchor")
        line = browser.find(".card .line.folded")
        seen = """
          const box = arguments[0].getBoundingClientRect();
          const mark = arguments[0].querySelector('mark').getBoundingClientRect();
          return [box.height, mark.top >= box.top && mark.bottom <= box.bottom];
        """
        height, in_view = browser.driver.execute_script(seen, line)
        assert (height < 300, in_view) == (True, True)
        browser.click(".card button.unfold", "Show all")
        browser.until(
            lambda: browser.driver.execute_script(seen, browser.find(".card .line"))[0] > 2000, "all of it"
        )
        browser.click(".card button.unfold", "Show less")
        browser.find(".card .line.folded")
    finally:
        for row in store.documents.values():
            row["enabled"] = True


@pytest.mark.parametrize(
    "question", ["Tell the whole and more of the installation", "What sail?", "Say nothing of another"]
)
def test_an_answer_fits_a_phone(phone: Chromium, asked: Ask, question: str) -> None:
    asked(question, phone)
    width = phone.driver.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width == [390, 390]
    assert phone.outgoing(phone.driver.current_url) == []


@pytest.mark.parametrize(
    "question", ["Tell the whole and more of the installation", "perhaps sail", "nothing sail"]
)
def test_all_that_an_answer_says_is_readable(asked: Ask, question: str) -> None:
    browser = asked(question)
    if browser.all("[data-testid=stExpander] summary", "Also possible"):
        browser.click("[data-testid=stExpander] summary", "Also possible")
    assert faint_texts(browser) == []


def test_what_a_search_leaves_out_is_readable(browser: Chromium, ui_url: str, collection_id: str) -> None:
    browser.open(f"{ui_url}/search?collection={collection_id}")
    browser.write("[data-testid=stTextInput] input", "another" + Keys.ENTER)
    browser.find(".card .cut")
    assert browser.all(".fx-cut")
    assert faint_texts(browser) == []


def test_faint_text_is_found(browser: Chromium, ui_url: str) -> None:
    browser.open(f"{ui_url}/search")
    fade: Any = "document.querySelector('.fx-lead').style.opacity = '.6'"
    browser.find(".fx-lead")
    browser.driver.execute_script(fade)
    assert [ratio < FAINTEST for _, ratio in faint_texts(browser)] == [True]


def test_documents_in_work_and_switched_off_are_readable(
    browser: Chromium, ui_url: str, api_url: str, store: FakeStore
) -> None:
    with FathomClient(api_url) as client:
        found = client.create_collection("States")["id"]
        for name in ("off.txt", "busy.txt"):
            client.upload(found, [Upload(name=name, content=f"SLOW {name}".encode())])
    rows = {row["name"]: row for row in store.documents.values() if row["collection_id"] == found}
    rows["off.txt"] |= {"enabled": False, "_text": "off"}
    store.hold = True
    try:
        browser.open(f"{ui_url}/documents?collection={found}")
        browser.find(".card.busy .state")
        browser.find(".card.off .meta")
        assert faint_texts(browser) == []
    finally:
        store.hold = False
