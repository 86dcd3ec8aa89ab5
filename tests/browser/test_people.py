"""Users, keys and sharing with Chromium: an administrator's way, with the keyboard where it matters."""

from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from selenium.webdriver.common.keys import Keys

from app.db.access import Reader
from app.identity import people
from app.library import collections
from app.main import create_app
from app.settings.reading import load_settings
from tests.app.doubles import small_parts
from tests.browser.chromium import Chromium
from tests.ui.servers import run_ui, serve

WORDS = "four words of my own"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return create_app(
        load_settings(home=tmp_path_factory.mktemp("people") / "home", mode="users"), small_parts()
    )


@pytest.fixture(scope="module")
def addresses(app: FastAPI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    with serve(app) as api, run_ui(api, tmp_path_factory.mktemp("ui") / "ui.log") as url:
        db = app.state.runtime.db
        ada = people.add_user(db, "ada", "admin", WORDS)
        people.add_user(db, "bob", password=WORDS)
        collections.create(db.seen_by(Reader(user_id=ada.id)), name="handbook")
        yield url, api


def sign_in(browser: Chromium, pages: str, name: str) -> None:
    browser.driver.get(f"{pages}/sign-out")
    browser.write("#name", name)
    browser.write("#password", WORDS)
    browser.click("button", "Sign in")
    browser.until(lambda: browser.all("[data-testid=stMainBlockContainer]"), "the pages")


def test_an_administrator_makes_users_and_keys_and_shares(
    app: FastAPI, addresses: tuple[str, str], browser: Chromium
) -> None:
    pages, api = addresses
    sign_in(browser, pages, "ada")
    browser.open(f"{pages}/people")
    browser.click("[data-testid=stExpander] summary", "New user")
    browser.write("input[aria-label=Name]", "cleo" + Keys.ENTER)
    browser.find(".card .name", "cleo")

    browser.click(".card [aria-label='Keys: ada']")
    browser.write("input[aria-label='What it is for']", "help desk")
    browser.click("[data-testid=stFormSubmitButton] button", "Create key")
    secret = browser.text(browser.find("code.secret"))
    browser.click("button.copy", "Copy")
    browser.find(".said", "Copied")
    key = {"Authorization": f"Bearer {secret}"}
    assert httpx.get(f"{api}/v1/me", headers=key).json()["name"] == "ada"
    browser.driver.refresh()
    browser.find("[data-testid=stButtonGroup] button", "Keys")
    assert not browser.all("code.secret")
    browser.click("[data-testid=stButtonGroup] button", "Keys")
    browser.click(".card [data-what=revoke]")
    browser.click("[role=dialog] button", "Revoke")
    browser.find(".card.off .state", "Revoked")
    assert httpx.get(f"{api}/v1/me", headers=key).status_code == 401

    browser.open(f"{pages}/collections")
    browser.click(".card [data-what=share]")
    browser.write("input[aria-label=Name]", "bob" + Keys.ENTER)
    browser.find(".card .name", "bob")
    sign_in(browser, pages, "bob")
    browser.open(f"{pages}/collections")
    browser.until(lambda: "handbook" in browser.page_text(), "the shared collection")
    assert not browser.all("[data-testid=stSidebar] a", "People and keys")
    assert browser.all("[data-testid=stSidebar] a", "My keys")
