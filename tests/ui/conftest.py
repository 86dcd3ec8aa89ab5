"""The fake interface on a real port, and a client of it."""

from collections.abc import Iterator

import pytest

from tests.ui.fake_api import FakeStore, create_fake_api
from tests.ui.servers import serve
from ui.client import FathomClient


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def api_url(store: FakeStore) -> Iterator[str]:
    with serve(create_fake_api(store)) as url:
        yield url


@pytest.fixture
def client(api_url: str) -> Iterator[FathomClient]:
    with FathomClient(api_url) as found:
        yield found
