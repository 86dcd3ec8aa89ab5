"""The page of documents while work goes on: what is clicked happens, and no chosen file is lost without a word."""

import time
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains

from tests.browser.chromium import Chromium
from tests.browser.test_pages import new_collection, upload
from tests.ui.fake_api import FakeStore

IN_PROGRESS = 30
POLLS_S = 4.0


def names(store: FakeStore) -> set[str]:
    return {row["name"] for row in store.documents.values()}


@pytest.fixture
def busy(browser: Chromium, ui_url: str, store: FakeStore, tmp_path: Path) -> None:
    """A collection of documents that stay in progress, on a machine that is slow to answer."""
    new_collection(browser, ui_url, f"Busy {len(store.collections)}")
    store.documents.clear()
    store.hold = True
    upload(browser, tmp_path / "in", {f"slow-{n:02}.txt": f"SLOW {n}" for n in range(IN_PROGRESS)})
    browser.until(lambda: len(browser.all(".card.busy")) == IN_PROGRESS, "all in progress")
    store.delay_s = 0.1


@pytest.fixture(autouse=True)
def _let_go(store: FakeStore):
    yield
    store.hold, store.delay_s, store.upload_s = False, 0.0, 0.0


def delete_button(name: str) -> str:
    return f".card [aria-label='Delete: {name}']"


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("delay_s", [0.1, 1.5], ids=["busy", "slower than the polls"])
def test_a_document_is_deleted_while_many_are_in_progress(
    browser: Chromium, store: FakeStore, delay_s: float
) -> None:
    store.delay_s = delay_s
    for what in ("Cancel", "Delete"):
        browser.click(delete_button("slow-07.txt"))
        browser.find("[role=dialog]", "slow-07.txt", seconds=30)
        time.sleep(POLLS_S)  # somebody reads what it says, and the list follows its progress meanwhile
        browser.click("[role=dialog] button", what, seconds=10)
        browser.until(lambda: not browser.all("[role=dialog]"), "the dialog's end", seconds=30)
        if what == "Cancel":
            assert "slow-07.txt" in names(store)
    browser.until(lambda: "slow-07.txt" not in names(store), "the deletion", seconds=30)
    browser.until(
        lambda: len(browser.all(".card.busy")) == IN_PROGRESS - 1, "the list without it", seconds=60
    )


@pytest.mark.usefixtures("busy")
def test_a_slow_press_of_a_button_counts_while_the_list_moves(browser: Chromium, store: FakeStore) -> None:
    button = browser.find(delete_button("slow-03.txt"))
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    ActionChains(browser.driver).click_and_hold(button).pause(POLLS_S).release().perform()
    browser.find("[role=dialog]", "slow-03.txt", seconds=30)
    browser.click("[role=dialog] button", "Cancel")
    browser.until(lambda: not browser.all("[role=dialog]"), "the dialog's end", seconds=30)


@pytest.mark.usefixtures("busy")
def test_a_dialog_that_was_closed_stays_closed(browser: Chromium) -> None:
    browser.click(delete_button("slow-05.txt"))
    browser.find("[role=dialog]", "slow-05.txt", seconds=30)
    browser.click("[role=dialog] button[aria-label=Close]")
    browser.until(lambda: not browser.all("[role=dialog]"), "the dialog's end", seconds=30)
    time.sleep(POLLS_S)
    assert not browser.all("[role=dialog]")


# What happens to the n-th upload from here: n in `lost` loses the question where it may go, n in `failed` the bytes.
_DAMAGE = """
window.fathomLeft ??= {lost: 0, failed: 0};
Object.assign(window.fathomLeft, arguments[0]);
if (!window.fathomDamaged) {
  window.fathomDamaged = true;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    const text = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
    const asks = text.length < 300 && text.includes('.txt') && text.includes('-');
    if (asks && window.fathomLeft.lost-- > 0) return;
    return send.call(this, data);
  };
  const open = XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.open = function (method, url, ...more) {
    const fails = method === 'PUT' && window.fathomLeft.failed-- > 0;
    return open.call(this, method, fails ? '/nowhere' : url, ...more);
  };
  const old = window.fetch;
  window.fetch = (what, how) =>
    how?.method === 'PUT' && window.fathomLeft.failed-- > 0 ? Promise.reject(new TypeError('gone')) : old(what, how);
}
"""


@pytest.fixture
def damage(browser: Chromium, ui_url: str, store: FakeStore):
    new_collection(browser, ui_url, f"Uploads {len(store.collections)}")
    store.documents.clear()
    browser.until(lambda: browser.driver.execute_script("return window.fathomChosen"), "the watch")
    return lambda **how: browser.driver.execute_script(_DAMAGE, {"lost": 0, "failed": 0} | how)


@pytest.mark.parametrize("how", ["lost", "failed"])
def test_a_chosen_file_that_is_lost_on_the_way_is_sent_again(
    browser: Chromium, store: FakeStore, tmp_path: Path, damage, how: str
) -> None:
    damage(**{how: 1})
    upload(browser, tmp_path / "in", {"one.txt": "One.", "two.txt": "Two."})
    browser.until(lambda: names(store) == {"one.txt", "two.txt"}, "both files", seconds=40)
    browser.until(lambda: len(browser.all(".card.ok")) == 2, "both cards", seconds=40)
    assert not browser.all(".fx-bad")


@pytest.mark.parametrize("how", ["lost", "failed"])
def test_a_chosen_file_that_can_not_be_sent_is_told(
    browser: Chromium, store: FakeStore, tmp_path: Path, damage, how: str
) -> None:
    damage(**{how: 99})
    upload(browser, tmp_path / "in", {"never.txt": "Never."})
    told = browser.text(browser.find(".fx-bad", "never.txt", seconds=40))
    assert "did not reach Fathom" in told
    damage()
    upload(browser, tmp_path / "in", {"never.txt": "Never."})
    browser.until(lambda: names(store) == {"never.txt"}, "the file", seconds=40)
    browser.until(lambda: not browser.all(".fx-bad"), "the end of the message", seconds=40)


def test_what_is_chosen_while_files_are_sent_is_not_lost(
    browser: Chromium, store: FakeStore, tmp_path: Path, damage
) -> None:
    store.upload_s = 3.0
    upload(browser, tmp_path / "in", {"first.txt": "First."})
    browser.find("[data-testid=stSpinner]", seconds=20)
    upload(browser, tmp_path / "in", {"second.txt": "Second."})
    browser.until(lambda: names(store) == {"first.txt", "second.txt"}, "both files", seconds=60)
    assert not browser.all(".fx-bad")


def test_a_small_file_beside_one_that_is_too_large(
    browser: Chromium, store: FakeStore, tmp_path: Path, damage
) -> None:
    large, small = tmp_path / "large.txt", tmp_path / "small.txt"
    with large.open("wb") as file:
        file.truncate(300 * 1024 * 1024)  # takes no room on the disk
    small.write_text("Small.")
    damage(lost=1)
    browser.find("input[type=file]").send_keys(f"{large}\n{small}")
    told = browser.text(browser.find(".fx-bad", "large.txt", seconds=40))
    assert "300 MB" in told
    browser.until(lambda: names(store) == {"small.txt"}, "the file beside it", seconds=40)
