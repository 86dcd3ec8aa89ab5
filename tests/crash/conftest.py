"""What crash tests do in their own process is not what they kill."""

import pytest


@pytest.fixture(autouse=True)
def _parsers(warm_parsers: None) -> None:
    """The child that reads files is started once, not for every test."""
