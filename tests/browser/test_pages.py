"""The pages in real Chromium, against the fake interface: what people see and do."""

import json
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import PATIENCE_S, Chromium
from tests.ui.fake_api import FakeStore

WHALE = (
    "# Blue whale\n\nThe blue whale is the largest animal known.\n\n"
    + "".join(f"Filler {i} about the sea.\n\n" for i in range(400))
    + "Its diet is almost only krill 🦐 and 磷虾. It eats 4 tonnes a day.\n\n"
    + "".join(f"More {i} about the sea.\n\n" for i in range(400))
)


def new_collection(browser: Chromium, ui_url: str, name: str) -> None:
    browser.open(f"{ui_url}/collections")
    browser.find("[data-testid=stExpander] details")
    if not browser.all("[data-testid=stExpander] details[open]"):
        browser.click("[data-testid=stExpander] summary")
    browser.write("[data-testid=stTextInput] input[aria-label=Name]", name + Keys.ENTER)
    browser.find("input[type=file]")


def upload(browser: Chromium, folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    paths = "\n".join(str(folder / name) for name in files)
    browser.find("input[type=file]").send_keys(paths)


def ask(browser: Chromium, question: str) -> None:
    browser.write("[data-testid=stChatInputTextArea]", question + Keys.ENTER)


def open_source(browser: Chromium, seconds: float = PATIENCE_S) -> None:
    """Wait for the finished answer and click its first number."""
    browser.until(
        lambda: browser.all(".chip[data-n='1']") and not browser.all("button", "Stop"), "the answer", seconds
    )
    browser.click(".chip[data-n='1']")
    browser.find("mark")


def test_from_upload_to_the_highlighted_source(
    browser: Chromium, ui_url: str, tmp_path: Path, store: FakeStore
) -> None:
    new_collection(browser, ui_url, "Whales")
    store.hold = True
    upload(
        browser, tmp_path / "in", {"whale.md": WHALE, "slow.txt": "SLOW one", "locked.txt": "FAIL encrypted"}
    )

    bar = ".card.busy [role=progressbar]"
    browser.until(lambda: browser.all(bar)[0].get_attribute("aria-label"), "a named progress bar")
    first = browser.find(".card.bad")
    assert "Remove the password" in browser.text(first)
    store.hold = False
    browser.until(
        lambda: not browser.all(".card.busy") and len(browser.all(".card")) == 3, "end of the progress"
    )
    names = [browser.text(n) for n in browser.all(".card .name")]
    assert names == ["locked.txt", "whale.md", "slow.txt"]  # the failed one first

    browser.click("[data-what=retry]")
    browser.until(lambda: not browser.all(".card.bad, .card.busy"), "success of the retry")

    browser.click("[data-testid=stPageLink] a", "Ask")
    ask(browser, "What does it eat, krill?")
    open_source(browser)
    quote = next(iter(store.answers.values()))["citations"][0]["quote"]
    assert "".join(browser.text(m) for m in browser.all("mark")) == quote
    assert "🦐" in quote
    box = browser.find(".box")
    in_view = """
      const box = arguments[0].getBoundingClientRect();
      const mark = arguments[0].querySelector('mark').getBoundingClientRect();
      return mark.top >= box.top && mark.bottom <= box.bottom && arguments[0].scrollTop > 0;
    """
    browser.until(lambda: browser.driver.execute_script(in_view, box), "highlight in view")
    assert browser.all(".page")

    # Two inks, told apart by more than colour, and named.
    style = "const s = getComputedStyle(arguments[0]); return [s.borderBottomStyle, s.backgroundColor]"
    copied = browser.driver.execute_script(style, browser.all(".text .copied")[0])
    written = browser.driver.execute_script(style, browser.all(".text .written")[0])
    assert (copied[0], written[0]) == ("solid", "dotted")
    assert copied[1] != written[1]
    assert "copied word for word" in browser.text(browser.find(".legend"))

    # What was written says what it looked at; the list says it to those who can't hover.
    assert quote in (browser.all(".text .written")[0].get_attribute("title") or "")
    browser.click("[data-testid=stExpander] summary", "Where each part comes from")
    browser.find(".card .line .written")
    assert browser.text(browser.find(".card .line .copied")) == quote
    assert browser.outgoing(ui_url) == []


def test_a_refresh_keeps_answer_and_progress(
    browser: Chromium, ui_url: str, tmp_path: Path, store: FakeStore
) -> None:
    new_collection(browser, ui_url, "Refreshed")
    store.hold = True
    upload(browser, tmp_path / "in", {"a.txt": "SLOW. The whale eats krill.", "b.txt": "FAIL corrupt_file"})
    browser.find(".card.busy")
    browser.driver.refresh()
    browser.find(".card.busy")
    store.hold = False
    browser.until(
        lambda: browser.all(".card.ok") and browser.all(".card.bad"), "both documents after the refresh"
    )

    browser.click("[data-testid=stPageLink] a", "Ask")
    ask(browser, "Tell a long story of krill")
    browser.until(lambda: "answer=ans_" in browser.driver.current_url, "the answer's id in the address")
    browser.find(".text .copied")
    answers = len(store.answers)
    browser.driver.refresh()
    browser.find(".text .copied")
    assert browser.all("button", "Stop")
    browser.click("button", "Stop")
    browser.until(lambda: "Stopped." in browser.page_text(), "the stop")
    assert len(store.answers) == answers
    assert list(store.answers.values())[-1]["status"] == "cancelled"


def test_a_stop_is_immediate_and_keeps_the_text(browser: Chromium, ui_url: str, store: FakeStore) -> None:
    browser.open(f"{ui_url}/?collection={next(iter(store.collections))}")
    ask(browser, "Another long story of krill")
    browser.until(lambda: "Hold on." in browser.page_text(), "some text")
    browser.click("button", "Stop")
    browser.until(lambda: "Stopped." in browser.page_text(), "the stop", seconds=15)
    browser.until(lambda: "It is written" in browser.page_text(), "what was written before it")


def test_deleting_asks_first(browser: Chromium, ui_url: str, tmp_path: Path, store: FakeStore) -> None:
    new_collection(browser, ui_url, "Deleting")
    upload(browser, tmp_path / "in", {"gone.txt": "to be gone"})
    browser.click(".card.ok [data-what=delete]")
    browser.find("[role=dialog]", "gone.txt")
    browser.click("[role=dialog] button", "Cancel")
    browser.until(lambda: not browser.all("[role=dialog]"), "the dialog's end")
    assert "gone.txt" in {d["name"] for d in store.documents.values()}
    browser.click(".card.ok [data-what=delete]")
    browser.click("[role=dialog] button", "Delete")
    browser.until(lambda: "gone.txt" not in {d["name"] for d in store.documents.values()}, "the deletion")
    browser.until(lambda: "No documents yet" in browser.page_text(), "the empty list")


def test_a_document_is_shown_beside_its_passages(browser: Chromium, ui_url: str, tmp_path: Path) -> None:
    new_collection(browser, ui_url, "Viewing")
    upload(browser, tmp_path / "in", {"two.txt": "First passage.\n\nSecond passage."})
    browser.click(".card.ok [data-what=view]")
    browser.click(".card .name", "#2")
    browser.until(
        lambda: [browser.text(m) for m in browser.all("mark")] == ["Second passage."], "the passage"
    )
    browser.click("button", "All documents")
    browser.find(".card.ok [data-what=view]")


@pytest.mark.parametrize("page", ["", "documents", "collections", "search", "status"])
def test_every_page_fits_a_phone(phone: Chromium, ui_url: str, page: str) -> None:
    phone.open(f"{ui_url}/{page}")
    width = phone.driver.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width == [390, 390]
    assert phone.outgoing(ui_url) == []


def test_the_keyboard_reaches_a_citation(browser: Chromium, ui_url: str, store: FakeStore) -> None:
    browser.open(f"{ui_url}/?collection={next(iter(store.collections))}")
    ask(browser, "What about krill?")
    chip = browser.find(".chip[data-n='1']")
    browser.until(lambda: not browser.all("button", "Stop"), "the end of the answer")
    focused = (
        "let a = document.activeElement; while (a?.shadowRoot) a = a.shadowRoot.activeElement;"
        "return a?.dataset?.n ?? null"
    )
    chip = browser.find(".chip[data-n='1']")
    body = browser.driver.switch_to.active_element
    for _ in range(12):
        body.send_keys(Keys.TAB)
        body = browser.driver.switch_to.active_element
        if browser.driver.execute_script(focused) == "1":
            break
    assert browser.driver.execute_script(focused) == "1", browser.text(chip)
    browser.driver.execute_cdp_cmd(
        "Input.dispatchKeyEvent",
        {"type": "keyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"},
    )
    browser.find("mark")


def test_a_chinese_browser_gets_chinese(tmp_path: Path, ui_url: str) -> None:
    from tests.browser.chromium import chromium

    with chromium(tmp_path / "zh", language="zh-CN") as browser:
        browser.open(f"{ui_url}/status")
        browser.until(lambda: "可以使用" in browser.page_text(), "Chinese")
        browser.click("[data-testid=stRadio] label", "English")
        browser.until(lambda: "Ready for work" in browser.page_text(), "English")
        browser.click("[data-testid=stPageLink] a", "Documents")
        browser.until(lambda: "Add documents" in browser.page_text(), "English on another page")


def test_asking_logs_no_error(browser: Chromium, ui_url: str, store: FakeStore) -> None:
    # Forget what was logged before: opened by its address, a page first looks for its server under that address.
    browser.driver.get_log("browser")
    browser.open(f"{ui_url}/?collection={next(iter(store.collections))}")
    ask(browser, "What about krill?")
    open_source(browser)
    severe = [e["message"] for e in browser.driver.get_log("browser") if e["level"] == "SEVERE"]
    assert severe == [], json.dumps(severe, indent=1)


def test_a_conversation_goes_on_and_begins_anew(
    browser: Chromium, ui_url: str, tmp_path: Path, store: FakeStore
) -> None:
    new_collection(browser, ui_url, "Talk")
    upload(browser, tmp_path / "in", {"whale.md": "A whale eats krill. It sleeps."})
    browser.until(lambda: browser.all(".card.ok"), "the document")
    browser.click("[data-testid=stPageLink] a", "Ask")
    ask(browser, "What about krill?")
    open_source(browser)
    ask(browser, "And when it sleeps?")
    browser.until(
        lambda: "understood as: What about krill? And when it sleeps?" in browser.page_text(), "the reading"
    )
    assert [turn["question"] for turn in store.histories[-1]] == ["What about krill?"]
    browser.until(
        lambda: not browser.all("button", "Stop") and browser.all(".card .name", "What about krill?"),
        "the earlier turn",
    )
    browser.click("button", "New conversation")
    browser.until(lambda: "understood as" not in browser.page_text(), "an empty page")
    assert "answer=" not in browser.driver.current_url
    ask(browser, "And krill?")
    open_source(browser)
    assert store.histories[-1] == []
