"""Looks at the queue get rarer while work goes on."""

import pytest

from app.intake.drain import MOST_POLL_S, POLL_S, poll_s


@pytest.mark.parametrize(("elapsed_s", "wait_s"), [(0, POLL_S), (4, POLL_S), (10, 0.5), (3600, MOST_POLL_S)])
def test_looks_at_the_queue_get_rarer(elapsed_s: float, wait_s: float) -> None:
    assert poll_s(elapsed_s) == wait_s
