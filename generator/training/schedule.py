"""Learning-rate schedule: warm-up, stable, linear decay (WSD, arXiv 2404.06395), over steps or over minutes."""

from dataclasses import dataclass

from generator.errors import TrainingDataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How far a run has come, and the factor on the learning rate there.

    Attributes:
        steps: Optimizer steps in all; 0 for no limit.
        minutes: Time trained in all; 0 for no limit. Of two limits the one that comes first ends the run.
        warmup_steps: Steps of linear growth from 0.
        warmup_share: Of a budget of minutes, at most: where steps are slow, `warmup_steps` would be all there is.
        decay_share: Share of the run, at its end, of linear decay.
    """

    steps: int = 0
    minutes: float = 0.0
    warmup_steps: int = 200
    warmup_share: float = 0.05
    decay_share: float = 0.3

    def __post_init__(self) -> None:
        if self.steps <= 0 and self.minutes <= 0:
            raise TrainingDataError("a run needs an end: give it steps, minutes or both")

    def progress(self, step: int, seconds: float) -> float:
        """Progress of a run after `step` steps and `seconds` seconds; 1 or more is its end."""
        by_steps = step / self.steps if self.steps > 0 else 0.0
        by_time = seconds / (60 * self.minutes) if self.minutes > 0 else 0.0
        return max(by_steps, by_time)

    def factor(self, step: int, progress: float) -> float:
        """Factor in [0, 1] for a 0-based step that begins at a progress."""
        warm = (step + 1) / max(1, self.warmup_steps)
        if self.minutes > 0:
            warm = max(warm, progress / self.warmup_share)
        left = (1 - progress) / max(1e-9, self.decay_share)
        return min(1.0, warm) * min(1.0, max(0.0, left))
