"""A real server on loopback over a home with one document, and the official client of OpenAI's protocol for it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openai
import pytest

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


@pytest.fixture(scope="module")
def generator() -> Generator:
    return CopyingGenerator()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("openai") / "home"
    runtime = build_runtime(load_settings(home=folder), small_parts())
    birds = collections.create(runtime.db, name="birds").row.id
    collections.create(runtime.db, name="empty")
    record_uploads(runtime, birds, [Upload(name="ducks.md", blob=runtime.blobs.put(DUCKS))])
    Worker(runtime).run_pending()
    runtime.close()
    return folder


@pytest.fixture(scope="module")
def base_url(home: Path, generator: Generator) -> Iterator[str]:
    """Address of the routes of OpenAI's protocol."""
    parts = replace(small_parts(), generator=lambda _: generator)
    with serve(create_app(load_settings(home=home), parts)) as address:
        yield f"{address}/openai/v1"


@pytest.fixture(scope="module")
def client(base_url: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=base_url, api_key="none needed", max_retries=0) as official:
        yield official
