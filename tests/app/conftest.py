"""A runtime and an API on a fresh home, with a small embedder instead of the encoder."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.cli import main
from app.composition.runtime import Parts, Runtime, build_runtime
from app.db import migrate
from app.db.engine import Database
from app.main import create_app
from app.settings.reading import load_settings
from app.settings.schema import Settings
from app.worker import Worker
from generator.types import Generator
from tests.app.doubles import SilentGenerator, small_parts


@pytest.fixture(autouse=True)
def _parsers(warm_parsers: None) -> None:
    """The child that reads files is started once, not for every test."""


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and no rows: to copy it takes a tenth of the time of the migrations."""
    file = tmp_path_factory.mktemp("database") / "fathom.db"
    database = Database(f"sqlite:///{file}")
    migrate.upgrade(database)
    database.close()
    return file


@pytest.fixture
def settings(tmp_path: Path, empty_database: Path) -> Settings:
    (tmp_path / "home").mkdir()
    shutil.copy(empty_database, tmp_path / "home")
    return load_settings(
        home=tmp_path / "home",
        worker={"lease_s": 2.0, "heartbeat_s": 0.5, "poll_s": 0.05},
        allowed_hosts=("localhost", "127.0.0.1", "testserver"),
    )


@pytest.fixture
def generator() -> Generator:
    return SilentGenerator()


@pytest.fixture
def parts(generator: Generator) -> Parts:
    return replace(small_parts(), generator=lambda _: generator)


@pytest.fixture
def fathom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], parts: Parts
) -> Callable[..., tuple[object, str, str]]:
    """Runs a command on a home of the test's own; gives exit code, standard output, standard error."""
    monkeypatch.setattr("app.composition.runtime.shipped_parts", lambda: parts)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["--home", str(tmp_path / "home"), *arguments])
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return run


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
