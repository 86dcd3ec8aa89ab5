"""Signing in with Chromium: the pages show what its user may see, and nothing once the session is over."""

import time
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

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
        load_settings(home=tmp_path_factory.mktemp("users") / "home", mode="users"), small_parts()
    )


@pytest.fixture(scope="module")
def pages_url(app: FastAPI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(app) as api, run_ui(api, tmp_path_factory.mktemp("ui") / "ui.log") as url:
        db = app.state.runtime.db
        for name in ("ann", "bob"):
            people.add_user(db, name, password=WORDS)
            seen = app.state.runtime.seen_by(_reader(app, name))
            collections.create(seen.db, name=f"notes of {name}")
        yield url


def _reader(app: FastAPI, name: str):
    from app.db.access import Reader

    return Reader(user_id=people.get_user(app.state.runtime.db, name).id)


def test_who_signs_in_sees_their_own_and_nothing_once_the_key_is_revoked(
    app: FastAPI, pages_url: str, browser: Chromium
) -> None:
    browser.driver.get(f"{pages_url}/collections")
    browser.until(lambda: browser.driver.current_url.endswith("/sign-in"), "the page of signing in")
    browser.write("#name", "ann")
    browser.write("#password", WORDS)
    browser.click("button", "Sign in")
    browser.until(lambda: browser.all("[data-testid=stMainBlockContainer]"), "the pages")
    browser.open(f"{pages_url}/collections")
    browser.until(lambda: "notes of ann" in browser.page_text(), "a collection")
    assert "notes of bob" not in browser.page_text()
    assert browser.find("[data-testid=stSidebar] a", "Sign out")
    assert browser.driver.execute_script("return document.cookie").find("fathom_key") == -1
    people.change_user(app.state.runtime.db, "ann", disabled=True)
    browser.driver.get(f"{pages_url}/collections")
    browser.until(lambda: browser.driver.current_url.endswith("/sign-in"), "the page of signing in")
    people.change_user(app.state.runtime.db, "ann", disabled=False)
    time.sleep(1.0)  # a second after which every process knows it
    browser.open(f"{pages_url}/collections")
    browser.click("[data-testid=stSidebar] a", "Sign out")
    browser.until(lambda: browser.driver.current_url.endswith("/sign-in"), "the page of signing in")
    assert browser.outgoing(pages_url) == []
