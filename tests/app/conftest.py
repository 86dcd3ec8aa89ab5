"""A runtime and an API on a fresh home, with a small embedder instead of the encoder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.config import Settings, load_settings
from app.main import create_app
from app.runtime import Parts, Runtime, build_runtime
from app.worker import Worker
from tests.app.doubles import small_parts


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        home=tmp_path / "home",
        worker={"lease_s": 2.0, "heartbeat_s": 0.5, "poll_s": 0.05},
        allowed_hosts=("localhost", "127.0.0.1", "testserver"),
    )


@pytest.fixture
def parts() -> Parts:
    return small_parts()


@pytest.fixture
def runtime(settings: Settings, parts: Parts) -> Iterator[Runtime]:
    opened = build_runtime(settings, parts)
    yield opened
    opened.close()


@pytest.fixture
def api(settings: Settings, parts: Parts) -> Iterator[TestClient]:
    with TestClient(create_app(settings, parts)) as client:
        yield client


@pytest.fixture
def work(runtime: Runtime) -> Callable[[], int]:
    """Runs all jobs that wait, as a worker process would."""
    return Worker(runtime).run_pending
