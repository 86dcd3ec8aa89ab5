"""How the benchmarks measure: sides take turns in one process, after a warm-up, and medians are compared.

Times by the clock are what a user waits for; times of the processor tell what other work on the machine hides.
"""

import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Run = Callable[[], object]


@dataclass(slots=True)
class Spent:
    """Seconds of each round, by the clock and of all threads of this process."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def wall_s(self) -> float:
        """Median by the clock."""
        return statistics.median(self.wall)

    @property
    def cpu_s(self) -> float:
        """Median of the processor time."""
        return statistics.median(self.cpu)

    def rates(self, unit: str, count: int) -> dict[str, float]:
        """Units per second of wall time and per second of processor time."""
        return {
            f"{unit}_per_s": round(count / max(self.wall_s, 1e-9), 3),
            f"{unit}_per_cpu_s": round(count / max(self.cpu_s, 1e-9), 3),
        }

    def against(self, ours: "Spent", unit: str, count: int) -> dict[str, float]:
        """Rates of a peer, and the peer's time divided by ours (wall time and processor time)."""
        return {
            **self.rates(unit, count),
            "ratio": ratio(self.wall_s, ours.wall_s),
            "cpu_ratio": ratio(self.cpu_s, ours.cpu_s),
        }


def interleaved(sides: Mapping[str, Run], rounds: int, warm_up: int = 1) -> dict[str, Spent]:
    """Run all sides in turn, forwards and backwards by round, so that none always follows the same one.

    Args:
        sides: What to run, by name.
        rounds: At least 1.
        warm_up: Rounds before those that count.
    """
    spent = {name: Spent() for name in sides}
    names = list(sides)
    for number in range(-warm_up, rounds):
        for name in names if number % 2 == 0 else reversed(names):
            wall, cpu = time.perf_counter(), time.process_time()
            sides[name]()
            if number >= 0:
                spent[name].wall.append(time.perf_counter() - wall)
                spent[name].cpu.append(time.process_time() - cpu)
    return spent


def percentiles_ms(seconds: ArrayLike) -> dict[str, float]:
    """Median and 99th percentile in milliseconds."""
    values = 1000 * np.asarray(seconds, dtype=np.float64)
    return {
        "p50_ms": round(float(np.percentile(values, 50)), 4),
        "p99_ms": round(float(np.percentile(values, 99)), 4),
    }


def ratio(peer: float, ours: float) -> float:
    """Time of the peer divided by our time; above 1 we are faster."""
    return round(peer / max(ours, 1e-12), 3)


def machine() -> dict[str, Any]:
    """Cores, threads, load and library versions of the machine that a figure was measured on."""
    import torch

    return {
        "cores": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "load_1min": round(os.getloadavg()[0], 2),
        "fathom": metadata.version("fathom"),
        "torch": metadata.version("torch"),
        "numpy": metadata.version("numpy"),
    }
