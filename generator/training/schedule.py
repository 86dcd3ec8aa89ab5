"""Learning-rate schedule: warm-up, stable, linear decay (WSD, arXiv 2404.06395)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Factor on the learning rate by step.

    Attributes:
        steps: Last step; the factor is 0 there.
        warmup_steps: Steps of linear growth from 0.
        decay_share: Share of `steps`, at the end, of linear decay.
    """

    steps: int
    warmup_steps: int = 200
    decay_share: float = 0.3

    def factor(self, step: int) -> float:
        """Factor in [0, 1] for a 0-based step."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        decay_steps = max(1.0, self.steps * self.decay_share)
        return warm * min(1.0, max(0.0, (self.steps - step) / decay_steps))
