"""Decision 0064: a layer with a window of 256 and 8 global tokens against a full one: KV bytes and times.

    python -m benchmarks.attention_window [--lengths 1024,2048,4096,8192] [--width 512]

The layer is attention (8 heads of 64) and a SwiGLU part of 8/3 the width. Attention time is the softmax part alone,
without projections. One thread, medians of interleaved rounds of CPU time.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from generator.blocks.attention import GroupedQueryAttention, attend
from generator.blocks.layers import SwiGLU
from generator.blocks.sliding_window import attend_in_window

HEADS, HEAD_WIDTH, WINDOW, GLOBAL_TOKENS = 8, 64, 256, 8


def layer(width: int, window: int | None) -> GroupedQueryAttention:
    """Attention with as many key heads as query heads."""
    return GroupedQueryAttention(
        GroupedQueryAttention.Config(
            width=width,
            heads=HEADS,
            kv_heads=HEADS,
            head_width=HEAD_WIDTH,
            window=window,
            global_tokens=GLOBAL_TOKENS if window else 0,
        )
    )


def medians(runs: dict[str, Callable[[], Tensor]], rounds: int) -> dict[str, float]:
    """Median milliseconds of CPU time of each."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.thread_time()
            run()
            times[name].append(1e3 * (time.thread_time() - started))
    return {name: statistics.median(values) for name, values in times.items()}


@torch.no_grad()
def measure(width: int, length: int, rounds: int) -> str:
    """One line for one length."""
    torch.manual_seed(0)
    q, k, v = (torch.randn(1, HEADS, length, HEAD_WIDTH) for _ in range(3))
    x, positions = torch.randn(1, length, width), torch.arange(length)[None]
    full, window = layer(width, None), layer(width, WINDOW)
    window.load_state_dict(full.state_dict())
    feed = SwiGLU(width, 8 * width // 3)
    scale = HEAD_WIDTH**-0.5
    time_of = medians(
        {
            "full attention": lambda: attend(q, k, v, None, scale),
            "window attention": lambda: attend_in_window(q, k, v, WINDOW, GLOBAL_TOKENS, scale),
            "full layer": lambda: feed(full(x, positions)),
            "window layer": lambda: feed(window(x, positions)),
        },
        rounds,
    )
    caches = full.new_cache(), window.new_cache()
    for part, cache in zip((full, window), caches, strict=True):
        part(x, positions, cache=cache)
    return (
        f"S={length:6d}  KV bytes {caches[0].nbytes / caches[1].nbytes:5.1f}x  "
        f"attention {time_of['full attention']:7.1f} -> {time_of['window attention']:7.1f} ms "
        f"({time_of['full attention'] / time_of['window attention']:.2f}x)  "
        f"layer {time_of['full layer']:7.1f} -> {time_of['window layer']:7.1f} ms "
        f"({time_of['full layer'] / time_of['window layer']:.2f}x)"
    )


def main() -> None:
    """Measure all lengths."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--lengths", default="1024,2048,4096,8192")
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for length in options.lengths.split(","):
        print(measure(options.width, int(length), options.rounds), flush=True)


if __name__ == "__main__":
    main()
