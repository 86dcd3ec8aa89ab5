"""Decision 0060: experts in one sorted, grouped computation against a loop over experts and one dense part.

    python -m benchmarks.moe_experts [--device cuda --dtype bfloat16] [--train] [--tokens 1,8,64]

The dense part has the same FLOPs: each token goes through one feed-forward part as wide as its active experts
together. Rounds are interleaved; figures are medians, of CPU time for one thread on a CPU (other programs' load does
not count), of wall time otherwise. Ratios: loop / grouped (at least 2 asked for), dense / grouped
(1 means that routing is free).
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from generator.blocks.layers import SwiGLU
from generator.blocks.moe import MoE
from generator.blocks.moe_reference import moe_reference

SHAPES = {
    "small, 8 experts of 384": MoE.Config(width=384, experts=8, active=2, shared=0, hidden=384),
    "16 experts of 384": MoE.Config(width=384, experts=16, active=2, shared=0, hidden=384),
    "fine-grained, 64 experts of 192": MoE.Config(width=384, experts=64, active=6, shared=0, hidden=192),
}


def clock(run: Callable[[], Tensor], *, train: bool, now: Callable[[], float]) -> float:
    """Seconds of one call, with the backward pass if `train`."""
    started = now()
    out = run()
    if train:
        out.square().sum().backward()
    if out.is_cuda:
        torch.cuda.synchronize()
    return now() - started


def measure(config: MoE.Config, tokens: int, options: argparse.Namespace) -> str:
    """One line for one shape and number of tokens."""
    torch.manual_seed(0)
    place = {"device": options.device, "dtype": getattr(torch, options.dtype)}
    moe = MoE(config).to(**place)
    dense = SwiGLU(config.width, config.active * config.hidden).to(**place)
    x_TD = torch.randn(tokens, config.width, requires_grad=options.train, **place)
    runs: dict[str, Callable[[], Tensor]] = {
        "grouped": lambda: moe(x_TD)[0],
        "loop": lambda: moe_reference(moe, x_TD),
        "dense": lambda: dense(x_TD),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    now = time.thread_time if options.device == "cpu" and options.threads == 1 else time.perf_counter
    with torch.set_grad_enabled(options.train):
        for run in runs.values():
            clock(run, train=options.train, now=now)
        for _ in range(options.rounds):
            for name, run in runs.items():
                times[name].append(clock(run, train=options.train, now=now))
    median = {name: statistics.median(values) for name, values in times.items()}
    figures = "  ".join(f"{name} {value * 1e6:8.0f} us" for name, value in median.items())
    loop, dense_ratio = (median[name] / median["grouped"] for name in ("loop", "dense"))
    return f"T={tokens:5d}  {figures}  loop/grouped {loop:.2f}  dense/grouped {dense_ratio:.2f}"


def main() -> None:
    """Measure all shapes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--tokens", default="1,8,32,128,512")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--train", action="store_true", help="with the backward pass")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for name, config in SHAPES.items():
        print(f"{name}, {config.active} active, width {config.width}, {options.dtype} on {options.device}")
        for tokens in options.tokens.split(","):
            print("  " + measure(config, int(tokens), options), flush=True)


if __name__ == "__main__":
    main()
