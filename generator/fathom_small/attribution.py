"""Where a step looked: the ranges of the passages that it attended to.

Dimensions in names: N rows of all passages together.
"""

from torch import Tensor

from generator.fathom_small.reading import Reading
from generator.types import Attended

ATTENDED_PIECES = 16
ATTENDED_RANGES = 5


def attended(weights_N: Tensor, reading: Reading) -> tuple[Attended, ...]:
    """The ranges that a step attended to most, strongest first.

    Of the `ATTENDED_PIECES` strongest pieces, neighbours in an unbroken stretch of text are one range; the
    `ATTENDED_RANGES` strongest of these are given. The rest is spread thinly and says nothing.

    Args:
        weights_N: Attention probabilities over the rows of the reading, on the CPU.
        reading: What was read.
    """
    S = reading.ids_PS.shape[1]
    segment_N = reading.segment_PS.flatten()
    weights_N = weights_N.masked_fill(segment_N < 0, 0.0)
    top = weights_N.topk(min(ATTENDED_PIECES, int((weights_N > 0).sum())))
    runs: list[list[int]] = []
    for row in sorted(top.indices.tolist()):
        if runs and row == runs[-1][-1] + 1 and segment_N[row] == segment_N[row - 1]:
            runs[-1].append(row)
        else:
            runs.append([row])
    ranges = [
        Attended(
            passage=reading.passages[run[0] // S].key,
            start=reading.ranges[run[0] // S][run[0] % S][0],
            end=reading.ranges[run[-1] // S][run[-1] % S][1],
            weight=float(weights_N[run].sum()),
        )
        for run in runs
    ]
    said = [range_ for range_ in ranges if range_.end > range_.start]
    return tuple(sorted(said, key=lambda range_: -range_.weight)[:ATTENDED_RANGES])
