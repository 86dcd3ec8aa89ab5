"""Schedule: growth, plateau and decay over steps, over minutes, or over whichever ends first."""

import pytest

from generator.errors import TrainingDataError
from generator.training.schedule import Schedule


def test_over_steps() -> None:
    schedule = Schedule(steps=100, warmup_steps=10, decay_share=0.5)
    factors = [schedule.factor(step, schedule.progress(step, 1e9)) for step in (0, 9, 50, 75, 100)]
    assert factors == pytest.approx([0.1, 1.0, 1.0, 0.5, 0.0])


def test_over_minutes_whatever_the_steps() -> None:
    schedule = Schedule(minutes=10, warmup_steps=1000, decay_share=0.5)
    assert schedule.progress(7, 450) == 0.75
    assert schedule.factor(7, schedule.progress(7, 450)) == pytest.approx(0.5)
    assert schedule.factor(7, schedule.progress(7, 15)) == pytest.approx(0.5), "half of the warm-up's share"
    assert schedule.factor(0, 0.0) == pytest.approx(0.001)


def test_the_first_of_two_limits_ends_the_run() -> None:
    schedule = Schedule(steps=100, minutes=10)
    assert schedule.progress(50, 60) == 0.5
    assert schedule.progress(1, 600) == 1.0
    with pytest.raises(TrainingDataError, match="needs an end"):
        Schedule()
