"""Fixtures of the generator's tests."""

from pathlib import Path

import pytest

from tests.generator.small_model import SmallModel


@pytest.fixture
def small(tmp_path: Path) -> SmallModel:
    """A tiny random model."""
    return SmallModel(tmp_path)
