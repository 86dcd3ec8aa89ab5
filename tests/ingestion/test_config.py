"""Limits that nothing could meet are refused."""

import pytest

from ingestion.config import ParsingLimits


@pytest.mark.parametrize("wrong", [{"max_bytes": 0}, {"wall_s": -1.0}, {"memory_bytes": 1 << 20}])
def test_impossible_limits_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"positive|memory_bytes"):
        ParsingLimits(**wrong)
