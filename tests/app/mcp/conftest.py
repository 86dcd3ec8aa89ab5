"""The server of the protocol over a home with two collections, and the official client for it."""

import sys
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from app.composition.runtime import build_runtime
from app.intake.record import Upload, record_uploads
from app.library import collections
from app.main import create_app
from app.settings.reading import load_settings
from app.worker import Worker
from generator.types import Generator
from tests.app.copying_generator import CopyingGenerator
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS
from tests.ui.servers import serve

ERAS = ["2026-07-28", "legacy"]


@pytest.fixture(scope="module")
def generator() -> Generator:
    return CopyingGenerator()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, generator: Generator) -> Iterator[str]:
    """Of a running server."""
    home: Path = tmp_path_factory.mktemp("mcp") / "home"
    runtime = build_runtime(load_settings(home=home), small_parts())
    birds = collections.create(runtime.db, name="birds", description="What swims and flies").row.id
    collections.create(runtime.db, name="empty")
    record_uploads(runtime, birds, [Upload(name="ducks.md", blob=runtime.blobs.put(DUCKS))])
    Worker(runtime).run_pending()
    runtime.close()
    parts = replace(small_parts(), generator=lambda _: generator)
    with serve(create_app(load_settings(home=home), parts)) as url:
        yield url


@pytest.fixture(params=["http", "stdio"])
def transport(request: pytest.FixtureRequest, address: str) -> str | StdioServerParameters:
    if request.param == "http":
        return f"{address}/mcp"
    return StdioServerParameters(
        command=sys.executable, args=["-m", "app", "mcp", "--url", address], cwd=Path.cwd()
    )


@pytest.fixture(params=ERAS)
def client(
    request: pytest.FixtureRequest, transport: str | StdioServerParameters
) -> AbstractAsyncContextManager[Client]:
    """The official client, in the stateless revision and in the one that shakes hands; to be entered."""
    return Client(transport, mode=request.param)
