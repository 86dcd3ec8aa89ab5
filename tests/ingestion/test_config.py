"""Limits that nothing could meet are refused."""

import pytest

from ingestion.config import ParsingLimits


@pytest.mark.parametrize("wrong", [{"max_bytes": 0}, {"wall_s": -1.0}, {"memory_bytes": 1 << 20}])
def test_impossible_limits_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"positive|memory_bytes"):
        ParsingLimits(**wrong)


def test_hidden_text_is_left_out_unless_it_is_wanted() -> None:
    assert not ParsingLimits().keep_hidden
    assert ParsingLimits(keep_hidden=True).keep_hidden
