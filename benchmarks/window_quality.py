"""Decision 0064: cost of a window in quality: perplexity of text, and retrieval of key-value pairs by depth.

    python -m benchmarks.window_quality TEXT [TEXT ...] [--steps 1500] [--length 512] [--window 64]

Trains one small decoder a pattern of layers from nothing, all on the same batches in the same order: half of the rows
are bytes of the text files, half are lists in which a place holds a pair of a key and its value, or asks for the value
of a key that came before. A pair is one token, the sum of two embeddings: with key and value as tokens of their own, a
model of this size did not learn in 800 steps to join them, and nothing was said about attention's reach. Patterns: full
attention in every layer; a window with 8 global tokens in every layer; full layers between windowed ones. The window is
an eighth of the length, as 256 is of 2,048. Held-out text and lists judge. Depth is how far the pair lies behind the
question: within the window, within what stacked windows reach, or beyond; pairs in the global tokens are counted apart.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from generator.blocks.attention import GroupedQueryAttention
from generator.blocks.layers import RMSNorm, SwiGLU

WIDTH, HEADS, LAYERS, GLOBAL_TOKENS = 128, 4, 4, 8
BYTES, KEYS, VALUES = 256, 512, 64
NO_VALUE = VALUES
IGNORED = -100
PATTERNS: Mapping[str, Sequence[bool]] = {
    "full": (False,) * 4,
    "window": (True,) * 4,
    "window, every 2nd full": (True, False, True, False),
    "window, last full": (True, True, True, False),
}
"""Whether a layer has a window, by pattern."""


class Block(nn.Module):
    """Attention and feed-forward part, each behind a norm."""

    def __init__(self, window: int | None) -> None:
        super().__init__()
        self.before, self.between = RMSNorm(WIDTH), RMSNorm(WIDTH)
        self.attention = GroupedQueryAttention(
            GroupedQueryAttention.Config(
                width=WIDTH,
                heads=HEADS,
                kv_heads=HEADS,
                head_width=WIDTH // HEADS,
                window=window,
                global_tokens=GLOBAL_TOKENS if window else 0,
            )
        )
        self.feed = SwiGLU(WIDTH, 8 * WIDTH // 3)

    def forward(self, x_BTD: Tensor, positions_BT: Tensor) -> Tensor:
        """Transform states."""
        x_BTD = x_BTD + self.attention(self.before(x_BTD), positions_BT)
        out_BTD: Tensor = x_BTD + self.feed(self.between(x_BTD))
        return out_BTD


class Decoder(nn.Module):
    """A causal language model over bytes, keys and values."""

    def __init__(self, windowed: Sequence[bool], window: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(BYTES + KEYS + VALUES, WIDTH)
        self.embed_value = nn.Embedding(VALUES + 1, WIDTH, padding_idx=NO_VALUE)
        self.blocks = nn.ModuleList(Block(window if narrow else None) for narrow in windowed)
        self.norm = RMSNorm(WIDTH)
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.embed_value.weight[:VALUES], std=0.02)

    def forward(self, tokens_BT: Tensor, values_BT: Tensor) -> Tensor:
        """Logits of what comes next, or of the value that is asked for, [B, T, V]."""
        x_BTD = self.embed(tokens_BT) + self.embed_value(values_BT)
        positions_BT = torch.arange(tokens_BT.shape[1]).expand_as(tokens_BT)
        for block in self.blocks:
            x_BTD = block(x_BTD, positions_BT)
        logits_BTV: Tensor = self.norm(x_BTD) @ self.embed.weight.T
        return logits_BTV


Row = tuple[list[int], list[int], list[int]]
"""Tokens, the value that each holds, and what each is to say."""


def text_rows(data: bytes, length: int, rng: random.Random) -> Iterator[Row]:
    """Stretches of text, and what comes after each byte."""
    while True:
        at = rng.randrange(len(data) - length - 1)
        stretch = list(data[at : at + length + 1])
        yield stretch[:-1], [NO_VALUE] * length, stretch[1:]


def pair_rows(length: int, rng: random.Random) -> Iterator[Row]:
    """Lists of which about half the places hold a new pair, and half ask for one that came before; only those count."""
    while True:
        keys = rng.sample(range(KEYS), length)
        held: list[tuple[int, int]] = []
        tokens, values, targets = [], [], []
        for place in range(length):
            if held and rng.random() < 0.5:
                key, value = rng.choice(held)
                values.append(NO_VALUE)
                targets.append(BYTES + KEYS + value)
            else:
                key, value = keys[place], rng.randrange(VALUES)
                held.append((key, value))
                values.append(value)
                targets.append(IGNORED)
            tokens.append(BYTES + key)
        yield tokens, values, targets


def batches(data: bytes, length: int, rows: int, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Endless batches, half text, half pairs; the same for the same seed."""
    rng = random.Random(seed)
    text, pairs = text_rows(data, length, rng), pair_rows(length, rng)
    while True:
        chosen = [next(text) for _ in range(rows // 2)] + [next(pairs) for _ in range(rows // 2)]
        tokens_BT, values_BT, targets_BT = (torch.tensor(part) for part in zip(*chosen, strict=True))
        yield tokens_BT, values_BT, targets_BT


def length_at(share: float, length: int) -> int:
    """Length of the rows after a share of the steps: short lists first, or none of the patterns learns to look up."""
    for until, part in ((0.25, 8), (0.35, 4), (0.45, 2)):
        if share < until:
            return max(32, length // part)
    return length


def train(model: Decoder, data: bytes, options: argparse.Namespace) -> float:
    """Train on equally many tokens in every step; gives seconds a step of the full length."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=0.01)
    lengths = [length_at(step / options.steps, options.length) for step in range(options.steps)]
    sources = {
        length: batches(data, length, options.rows * options.length // length, options.seed)
        for length in set(lengths)
    }
    seconds: list[float] = []
    for step, length in enumerate(lengths):
        began = time.perf_counter()
        warm, left = min(1.0, (step + 1) / 100), 1 - step / options.steps
        for group in optimizer.param_groups:
            group["lr"] = options.rate * warm * min(1.0, 3 * left)
        tokens_BT, values_BT, targets_BT = next(sources[length])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bf16):
            logits_BTV = model(tokens_BT, values_BT)
        half = len(tokens_BT) // 2
        losses = [
            nn.functional.cross_entropy(
                logits_BTV[part].float().flatten(0, 1), targets_BT[part].flatten(), ignore_index=IGNORED
            )
            for part in (slice(0, half), slice(half, None))
        ]
        (losses[0] + losses[1]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if length == options.length:
            seconds.append(time.perf_counter() - began)
        if step % 100 == 99:
            print(
                f"  step {step + 1}: text {float(losses[0].detach()):.3f}, pairs {float(losses[1].detach()):.3f}",
                flush=True,
            )
    return sum(seconds) / len(seconds)


@torch.no_grad()
def judge(model: Decoder, data: bytes, options: argparse.Namespace) -> dict[str, float]:
    """Perplexity a byte on held-out text, and the share of values that are right, by depth."""
    model.eval()
    source = batches(data, options.length, options.rows, options.seed + 1)
    half, losses = options.rows // 2, []
    right: dict[str, list[float]] = {}
    for _ in range(options.judged):
        tokens_BT, values_BT, targets_BT = next(source)
        logits_BTV = model(tokens_BT, values_BT)
        losses.append(
            float(nn.functional.cross_entropy(logits_BTV[:half].flatten(0, 1), targets_BT[:half].flatten()))
        )
        said_BT = logits_BTV[half:].argmax(-1)
        for row in range(half):
            tokens, targets = tokens_BT[half + row].tolist(), targets_BT[half + row].tolist()
            for place, target in enumerate(targets):
                if target != IGNORED:
                    pair_at = tokens.index(tokens[place])
                    name = depth_name(pair_at, place - pair_at, options.window)
                    right.setdefault(name, []).append(float(said_BT[row, place] == target))
    shares = {name: sum(values) / len(values) for name, values in sorted(right.items())}
    return {"perplexity": math.exp(sum(losses) / len(losses)), **shares}


def depth_name(pair_at: int, depth: int, window: int) -> str:
    """Where a pair stands: among the global tokens, or how far behind the question that asks for it."""
    if pair_at < GLOBAL_TOKENS:
        return "pairs in the global tokens"
    if depth < window:
        return "pairs in the window"
    return "pairs in reach of stacked windows" if depth < LAYERS * (window - 1) else "pairs beyond"


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("texts", nargs="+", type=Path, help="text files; the last tenth of each is held out")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--rows", type=int, default=16, help="rows a batch, half of each kind")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--judged", type=int, default=30, help="batches that judge")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--patterns", nargs="*", default=list(PATTERNS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.length > KEYS:
        parser.error(f"--length is at most {KEYS}, the number of keys")
    files = [path.read_bytes() for path in options.texts]
    trained_on = b"\n".join(data[: len(data) * 9 // 10] for data in files)
    held_out = b"\n".join(data[len(data) * 9 // 10 :] for data in files)
    report: dict[str, Any] = {"length": options.length, "window": options.window, "steps": options.steps}
    for name in options.patterns:
        print(name, flush=True)
        torch.manual_seed(options.seed)
        model = Decoder(PATTERNS[name], options.window)
        seconds = train(model, trained_on, options)
        report[name] = {"seconds_per_step": seconds, **judge(model, held_out, options)}
        print("  " + "  ".join(f"{key} {value:.3f}" for key, value in report[name].items()), flush=True)
    if options.json:
        print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
