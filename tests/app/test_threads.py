"""Compute threads that wait for each other sleep; garbage collections don't stop all threads for what stays."""

import gc
import os
import subprocess
import sys
import time

import pytest
from fastapi.testclient import TestClient

from app.cli import main
from app.composition.runtime import Parts
from app.main import create_app
from app.settings.process import ALLOCATIONS_BETWEEN_COLLECTIONS, let_threads_sleep
from app.settings.schema import Settings


def test_a_value_of_the_users_own_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    let_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


def test_every_command_has_its_threads_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "")  # remembered, so that what the command sets is undone
    monkeypatch.delenv("OMP_WAIT_POLICY")
    with pytest.raises(SystemExit):
        main(["--help"])
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_every_command_looks_for_garbage_seldom() -> None:
    before = gc.get_threshold()
    try:
        with pytest.raises(SystemExit):
            main(["--help"])
        assert gc.get_threshold()[0] == ALLOCATIONS_BETWEEN_COLLECTIONS
    finally:
        gc.set_threshold(*before)


@pytest.mark.parametrize("module", ["app.main", "app.cli.ingest", "app.worker"])
def test_libraries_of_features_that_few_use_are_not_loaded_at_the_start(module: str) -> None:
    code = f"import sys, {module}; print(*{{'pypinyin', 'authlib', 'joserfc', 'mcp', 'torch'}} & sys.modules.keys())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_collections_of_garbage_pass_over_what_was_loaded(settings: Settings, parts: Parts) -> None:
    gc.unfreeze()
    with TestClient(create_app(settings, parts)):
        deadline = time.monotonic() + 20
        while gc.get_freeze_count() == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert gc.get_freeze_count() > 0


def test_help_needs_neither_settings_nor_the_database() -> None:
    code = "import sys, app.cli; print(*{'pydantic', 'sqlalchemy', 'fastapi', 'numpy', 'httpx'} & sys.modules.keys())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
