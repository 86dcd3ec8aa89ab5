"""What holds for every test: a clean environment, no network beyond this machine, fixed seeds."""

import ipaddress
import os
import random
import socket
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from tests.postgres_server import PostgresMissingError, postgres_server

SEED = 20240607
pytest_plugins = ["tests.scheduling", "tests.warm_parsers"]

# How long an example takes says how busy the machine is.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Before any library reads them: nothing is ever fetched from a hub.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
if "PYTEST_XDIST_WORKER" in os.environ:  # other tests use the other cores
    os.environ["OMP_NUM_THREADS"] = "1"

_LEAKING = ("FATHOM_", "STREAMLIT_")
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


class NetworkBlockedError(RuntimeError):
    """A test tried to leave this machine."""


def pytest_configure(config: pytest.Config) -> None:
    """Leave seeds to `_seeds`: the one that pytest-randomly draws is for the order alone."""
    config.option.randomly_reset_seed = False


def pytest_addoption(parser: pytest.Parser) -> None:
    """Faults are injected at a few steps, or at all."""
    parser.addoption("--every-step", action="store_true", help="inject faults at every step (make faults)")


def _stays_here(address: Any) -> bool:
    if not isinstance(address, tuple):  # a unix socket's path
        return True
    host = address[0]
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(str(host).split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        original = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, original: Any = original) -> Any:
            if not _stays_here(address):
                raise NetworkBlockedError(f"tests may not connect to {address}: use a server on loopback")
            return original(self, address)

        patch.setattr(socket.socket, name, guarded)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in list(os.environ):
        if variable.upper().startswith(_LEAKING) or variable.lower() in _PROXIES:
            monkeypatch.delenv(variable)


@pytest.fixture(autouse=True)
def _seeds() -> None:
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - libraries that still draw from the global state
    torch = sys.modules.get("torch")
    if torch is not None:  # not imported for the sake of tests that need no torch
        torch.manual_seed(SEED)


@pytest.fixture
def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    """URL of a PostgreSQL server of this test run's own."""
    try:
        with postgres_server() as url:
            yield url
    except PostgresMissingError as error:
        if os.environ.get("CI"):  # there, a test that does not run is a test that fails
            raise
        pytest.skip(str(error))


@pytest.fixture
def postgres_url(postgres_server_url: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database, dropped afterwards."""
    from sqlalchemy import create_engine, make_url, text

    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(postgres_server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres_server_url).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()
