"""Where to cut a sequence of pieces: costs of each place and of each size, and the cheapest cut as a whole.

Dynamic programming over all cuts (the form of Fragkou, Petridis & Kehagias 2004, "A Dynamic Programming Algorithm for
Linear Text Segmentation": a prior on length plus similarity), with similarity between windows of sentences beside a
place as in TextTiling (Hearst 1997), and document structure added as costs. Costs are relative to that of an empty
chunk, 1. This module knows no text, only numbers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.config import ChunkingConfig
from ingestion.types import SentenceStates

_MIN_PIECES_FOR_STATISTICS = 6
_CLEAREST = -2.0  # lower than the other end: a change of topic stands out, sameness doesn't
_LARGE_SIZE_COST = 0.3
_ROWS_AT_ONCE = 4096


def similarity_costs(states: SentenceStates, sentences: int) -> NDArray[np.float32]:
    """How alike the sentences before and after each place are, within one document.

    States have seen what was read with them, so that those of one encoder window are alike whatever they say, and a
    document would be cut where windows meet. What a window's sentences have in common is therefore taken out first.

    Args:
        states: Of all sentences of the document.
        sentences: How many on each side.

    Returns:
        float32 [N], from -2 (the clearest change of topic) to 1; entry i is the place before sentence i, entry 0 is 0.
        All 0 in documents too short for statistics.
    """
    sums = _without_company(states)
    count = len(sums)
    costs = np.zeros(count, dtype=np.float32)
    if count < _MIN_PIECES_FOR_STATISTICS:
        return costs
    similarity = np.empty(count - 1, dtype=np.float32)
    for first in range(1, count, _ROWS_AT_ONCE):
        places = np.arange(first, min(first + _ROWS_AT_ONCE, count))
        before = np.zeros((len(places), sums.shape[1]), dtype=np.float32)
        after = np.zeros_like(before)
        for step in range(sentences):
            left, right = places - 1 - step, places + step
            before[left >= 0] += sums[left[left >= 0]]
            after[right < count] += sums[right[right < count]]
        norms = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
        similarity[first - 1 : first - 1 + len(places)] = (before * after).sum(axis=1) / np.maximum(
            norms, 1e-9
        )
    spread = float(similarity.std())
    if spread > 1e-6:
        costs[1:] = np.clip((similarity - similarity.mean()) / (2 * spread), _CLEAREST, 1)
    return costs


def _without_company(states: SentenceStates) -> NDArray[np.float32]:
    """Sums less the mean of their window, in proportion to their lengths; float32 [N, D]."""
    lengths = np.linalg.norm(states.sums, axis=1)
    numbers, window_of = np.unique(states.windows, return_inverse=True)
    means = np.zeros((len(numbers), states.sums.shape[1]), dtype=np.float32)
    np.add.at(means, window_of, states.sums)
    means /= np.maximum(np.bincount(window_of, lengths), 1e-9).astype(np.float32)[:, None]
    alone: NDArray[np.float32] = states.sums - lengths[:, None] * means[window_of]
    return alone


def size_costs(tokens: NDArray[np.int64], config: ChunkingConfig) -> NDArray[np.float64]:
    """Cost of chunks by their tokens: 1 for an empty one, 0 at the target, a little towards the maximum."""
    short = np.maximum(0.0, (config.target_tokens - tokens) / config.target_tokens)
    room = max(1, config.max_tokens - config.target_tokens)
    large = np.maximum(0.0, (tokens - config.target_tokens) / room)
    result: NDArray[np.float64] = short**2 + _LARGE_SIZE_COST * large**2
    return result


def cheapest_cuts(
    tokens: Sequence[int],
    cut_costs: NDArray[np.float64],
    span_costs: NDArray[np.float64],
    config: ChunkingConfig,
) -> list[int]:
    """Choose cuts so that no chunk has more than `max_tokens` and the sum of all costs is least.

    Args:
        tokens: Tokens of each piece; a piece over the maximum stands alone.
        cut_costs: float64 [N]; cost of a cut before piece i (entry 0 is not used).
        span_costs: float64 [N]; cost of piece i when it is not the first of its chunk (headings inside a chunk).
        config: The maximum and the target.

    Returns:
        Indices of the first piece of each chunk, ascending, beginning with 0.
    """
    count = len(tokens)
    filled = np.concatenate(([0], np.cumsum(np.asarray(tokens, dtype=np.int64))))
    crossed = np.concatenate(([0.0], np.cumsum(span_costs)))
    best = np.zeros(count + 1)
    came_from = np.zeros(count + 1, dtype=np.int64)
    earliest = 0
    for end in range(1, count + 1):
        while filled[end] - filled[earliest] > config.max_tokens and earliest < end - 1:
            earliest += 1
        starts = slice(earliest, end)
        costs = best[starts] + size_costs(filled[end] - filled[starts], config)
        costs += crossed[end] - crossed[earliest + 1 : end + 1]
        chosen = int(np.argmin(costs))
        came_from[end] = earliest + chosen
        best[end] = costs[chosen] + (cut_costs[end] if end < count else 0.0)
    cuts: list[int] = []
    end = count
    while end > 0:
        end = int(came_from[end])
        cuts.append(end)
    return cuts[::-1]
