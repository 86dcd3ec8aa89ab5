"""Chromium, the pages as a process, and an interface behind them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import BROWSER, DRIVER, Chromium, chromium
from tests.browser.real_product import run_product
from tests.ui.fake_api import FakeStore, create_fake_api
from tests.ui.servers import run_ui, serve


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = not (BROWSER.exists() and DRIVER.exists())
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"no {BROWSER} with {DRIVER}"))


@pytest.fixture(scope="module")
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture(scope="module")
def api_url(store: FakeStore) -> Iterator[str]:
    with serve(create_fake_api(store)) as url:
        yield url


@pytest.fixture(scope="module")
def ui_url(api_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_ui(api_url, tmp_path_factory.mktemp("ui") / "ui.log") as url:
        yield url


# One browser for a module: each page load is a session of its own, and a start costs seconds.
@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("browser") / "profile") as found:
        yield found


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("phone") / "profile", width=390, height=844) as found:
        yield found


# One product for the whole session: its start costs more than most tests.
@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Addresses of the pages and of the interface of a real product on a fresh home."""
    with run_product(tmp_path_factory.mktemp("product")) as addresses:
        yield addresses
