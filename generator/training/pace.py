"""Choose number format and threads for training by timing the main work of a training step."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from generator.device import autocast

ROUNDS = 3
PIECES, WIDTH, HIDDEN = 3456, 384, 1536
"""A batch of the reader through the larger half of one layer."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A way to train on this machine.

    Attributes:
        bf16: Autocast to bfloat16; else float32 throughout.
        threads: Of torch.
    """

    bf16: bool
    threads: int


def fastest(threads: Sequence[int], seconds: Callable[[Pace], float] | None = None) -> Pace:
    """Time both number formats with each number of threads; some seconds.

    Leaves torch with the threads it had before.

    Args:
        threads: Numbers to try.
        seconds: Times one way; None runs feed-forward parts, forward and backward, and takes the best of some rounds.
    """
    before = torch.get_num_threads()
    try:
        return min(
            (Pace(bf16, count) for count in threads for bf16 in (False, True)), key=seconds or _feed_forward
        )
    finally:
        torch.set_num_threads(before)


def thread_counts() -> list[int]:
    """Candidate thread counts: all cores this process may use, and half of them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return sorted({cores, max(1, cores // 2)}, reverse=True)


def _feed_forward(pace: Pace) -> float:
    torch.set_num_threads(pace.threads)
    x_TD = torch.randn(PIECES, WIDTH)
    up_FD = torch.randn(HIDDEN, WIDTH, requires_grad=True)
    down_DF = torch.randn(WIDTH, HIDDEN, requires_grad=True)
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        with autocast("cpu", enabled=pace.bf16):
            y_TD = F.linear(F.gelu(F.linear(x_TD, up_FD)), down_DF)
        y_TD.float().sum().backward()  # type: ignore[no-untyped-call]
        best = min(best, time.perf_counter() - begun)
    return best
