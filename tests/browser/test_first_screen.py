"""The first screen with Chromium: the keyboard is in the box, and one click on a suggested question answers it."""

from tests.browser.chromium import Chromium
from tests.ui.fake_api import FakeStore
from tests.ui.test_client import filled
from ui.client import FathomClient


def test_one_click_from_the_first_screen_to_an_answer(
    browser: Chromium, phone: Chromium, ui_url: str, api_url: str, store: FakeStore
) -> None:
    with FathomClient(api_url) as client:
        filled(client, "A whale eats krill. It sleeps.")
    (collection,) = store.collections
    long = "What does a whale that swims in the sea for very many days and nights eat, if not krill"
    store.suggestions[collection] = [(long, "en")]
    browser.open(f"{ui_url}/")
    focused = "return document.activeElement.dataset.testid"
    browser.until(
        lambda: browser.driver.execute_script(focused) == "stChatInputTextArea", "keyboard in the box"
    )
    browser.click("button", long)
    browser.find(".chip[data-n='1']")
    assert next(iter(store.answers.values()))["question"] == long

    phone.open(f"{ui_url}/")
    button = phone.find("button", long)
    width = phone.driver.execute_script("return [arguments[0].scrollWidth, arguments[0].clientWidth]", button)
    assert width[0] <= width[1]  # wrapped, not cut off
    assert button.size["height"] > 45
