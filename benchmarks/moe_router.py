"""Decision 0061: how well the experts of a real training run share the work, by rules of balance at equal steps.

A small byte-level language model (two blocks, 16 experts, 2 active, 1 shared) is trained on a text with each rule:

    python -m benchmarks.moe_router --text FOLDER_OR_FILE --steps 600 --rules none,aux,sign:0.001,bias:0.03

`none`: nothing balances. `aux`: the auxiliary loss of Switch (arXiv 2101.03961), weight 0.01. `sign:STEP`: the bias
moves by STEP against the sign of the last batch's error (arXiv 2408.15664). `bias:STEP[:INIT[:MEMORY]]`: our rule,
see `MoE.update_bias`, with the router's initial scale and the memory of the load history.

Printed per rule: MaxVio of loads summed over windows of 100 steps (worst layer), the lowest and highest share of an
expert in the last window relative to the mean, mean MaxVio of a single batch, share of busy experts, the gate's
entropy relative to ln E, held-out loss in nats a byte (mean and standard error over held-out batches), and the share
of experts that a small batch of neighbouring tokens keeps busy.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from generator.blocks.attention import GroupedQueryAttention
from generator.blocks.layers import RMSNorm
from generator.blocks.moe import MoE, RouterStats

BYTES = 256
CONTEXT = 64
BATCH = 8
WIDTH = 64
BLOCKS = 2
WINDOW = 100
HELD_OUT_BATCHES = 40
SMALL_BATCHES = (4, 8, 10, 12, 16, 32)
MOE = MoE.Config(width=WIDTH, experts=16, active=2, shared=1, hidden=48)


@dataclass(frozen=True)
class Rule:
    """A way to balance: its kind, and the numbers it takes."""

    name: str
    kind: str
    moe: MoE.Config
    entropy_weight: float


def parse_rule(text: str, entropy_weight: float) -> Rule:
    """Read `kind[:step[:init[:memory]]]`."""
    kind, *numbers = text.split(":")
    moe = MOE
    for field, number in zip(("bias_step", "init_scale", "load_memory"), numbers, strict=False):
        moe = replace(moe, **{field: float(number)})
    return Rule(text, kind, moe, entropy_weight)


class ByteModel(nn.Module):
    """Bytes to next-byte logits: attention and experts, twice."""

    def __init__(self, moe: MoE.Config) -> None:
        super().__init__()
        self.embed = nn.Embedding(BYTES, WIDTH)
        attention = GroupedQueryAttention.Config(width=WIDTH, heads=4, kv_heads=2, head_width=16)
        self.attention = nn.ModuleList(GroupedQueryAttention(attention) for _ in range(BLOCKS))
        self.experts = nn.ModuleList(MoE(moe) for _ in range(BLOCKS))
        self.norms = nn.ModuleList(RMSNorm(WIDTH) for _ in range(2 * BLOCKS + 1))
        self.head = nn.Linear(WIDTH, BYTES, bias=False)

    def forward(self, bytes_BT: Tensor) -> tuple[Tensor, list[RouterStats], list[Tensor]]:
        """Logits [B, T, 256], routing of each block, and what each router saw [B * T, D]."""
        x_BTD = self.embed(bytes_BT)
        positions_BT = torch.arange(bytes_BT.shape[1]).expand_as(bytes_BT)
        stats, seen = [], []
        for i in range(BLOCKS):
            x_BTD = x_BTD + self.attention[i](self.norms[2 * i](x_BTD), positions_BT)
            seen.append(self.norms[2 * i + 1](x_BTD).flatten(0, 1))
            out_ND, routing = self.experts[i](seen[-1])
            x_BTD = x_BTD + out_ND.view_as(x_BTD)
            stats.append(routing)
        return self.head(self.norms[-1](x_BTD)), stats, seen


def read_bytes(path: Path) -> tuple[Tensor, Tensor]:
    """Training and held-out bytes (the last tenth) of a file, or of a folder's Markdown and text files in order."""
    files = sorted(p for p in path.rglob("*") if p.suffix in {".md", ".txt"}) if path.is_dir() else [path]
    data = torch.frombuffer(bytearray(b"\n".join(p.read_bytes() for p in files)), dtype=torch.uint8)
    cut = len(data) * 9 // 10
    return data[:cut], data[cut:]


def draw(data: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A random batch of inputs and next bytes, int64 [B, T] each."""
    starts = torch.randint(len(data) - CONTEXT - 1, (BATCH, 1), generator=generator)
    window = data[starts + torch.arange(CONTEXT + 1)].long()
    return window[:, :-1], window[:, 1:]


def auxiliary_loss(moe: MoE, seen_TD: Tensor, load_E: Tensor) -> Tensor:
    """E * sum of (share of tokens) * (mean score share): least when both are even."""
    scores_TE = moe.scores(seen_TD)
    mean_E = (scores_TE / scores_TE.sum(-1, keepdim=True)).mean(0)
    return len(load_E) * (load_E / load_E.sum() * mean_E).sum()


def balance(model: ByteModel, stats: list[RouterStats], rule: Rule) -> None:
    """Move the bias of each block after a step."""
    for moe, routing in zip(model.experts, stats, strict=True):
        if rule.kind == "bias":
            moe.update_bias(routing.load_E)
        elif rule.kind == "sign":
            moe.bias_E += rule.moe.bias_step * (routing.load_E.mean() - routing.load_E).sign()


def train(rule: Rule, data: Tensor, steps: int, seed: int) -> tuple[ByteModel, Tensor, float]:
    """Train; returns the model, loads [steps, blocks, E] and the mean entropy of the last 100 steps over ln E."""
    torch.manual_seed(seed)
    model = ByteModel(rule.moe)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95), weight_decay=0.01)
    generator = torch.Generator().manual_seed(seed)
    loads, entropies = [], []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1.0, (step + 1) / 50) * (1 - 0.9 * step / steps)
        inputs, targets = draw(data, generator)
        logits, stats, seen = model(inputs)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss = loss - rule.entropy_weight * torch.stack([s.entropy for s in stats]).sum()
        if rule.kind == "aux":
            for moe, x, routing in zip(model.experts, seen, stats, strict=True):
                loss = loss + 0.01 * auxiliary_loss(moe, x, routing.load_E)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        balance(model, stats, rule)
        loads.append(torch.stack([s.load_E for s in stats]))
        entropies.append(torch.stack([s.entropy.detach() for s in stats]).mean())
    relative = torch.stack(entropies[-WINDOW:]).mean() / torch.tensor(MOE.experts).log()
    return model, torch.stack(loads), float(relative)


@torch.no_grad()
def held_out(model: ByteModel, data: Tensor) -> tuple[float, float]:
    """Mean loss over held-out batches, the same for all rules, and its standard error."""
    generator = torch.Generator().manual_seed(123)
    losses = []
    for _ in range(HELD_OUT_BATCHES):
        inputs, targets = draw(data, generator)
        losses.append(nn.functional.cross_entropy(model(inputs)[0].flatten(0, 1), targets.flatten()))
    values = torch.stack(losses)
    return float(values.mean()), float(values.std() / len(values) ** 0.5)


@torch.no_grad()
def busy_at(model: ByteModel, data: Tensor, tokens: int) -> float:
    """Share of experts that get a token when a batch is `tokens` neighbouring tokens."""
    generator = torch.Generator().manual_seed(5)
    shares = []
    for _ in range(2):
        inputs, _ = draw(data, generator)
        _, _, seen = model(inputs)
        for moe, x_TD in zip(model.experts, seen, strict=True):
            rows_BTD = x_TD.view(BATCH, CONTEXT, -1)
            few_BTD = rows_BTD[:, CONTEXT // 2 : CONTEXT // 2 + tokens]
            shares += [moe(row_TD)[1].busy_share() for row_TD in few_BTD]
    return float(torch.stack(shares).mean())


def report(rule: Rule, loads: Tensor, entropy: float) -> str:
    """One line about balance."""
    windows = [part.sum(0) for part in loads.split(WINDOW)]
    violations = [float((w.max(-1).values / w.mean(-1) - 1).max()) for w in windows]
    last = windows[-1] / windows[-1].mean(-1, keepdim=True)
    single = (loads.max(-1).values / loads.mean(-1) - 1)[-WINDOW:].mean()
    busy = (loads > 0).float().mean(dim=(1, 2))[-WINDOW:].mean()
    trace = " ".join(f"{v:.2f}" for v in violations)
    return (
        f"{rule.name:22s} MaxVio by window [{trace}]  share {last.min():.2f}-{last.max():.2f}  "
        f"one batch {single:.2f}  busy {busy:.1%}  entropy {entropy:.3f}"
    )


def main() -> None:
    """Train once per rule and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--text", type=Path, required=True, help="a file, or a folder of .md and .txt")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rules", default="none,aux,sign:0.001,bias:0.03")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--entropy-weight", type=float, default=0.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data, held = read_bytes(options.text)
    print(f"{len(data):,} bytes to train on, {BATCH * CONTEXT} a step, {options.steps} steps")
    for text in options.rules.split(","):
        rule = parse_rule(text, options.entropy_weight)
        for seed in range(options.seeds):
            started = time.process_time()
            model, loads, entropy = train(rule, data, options.steps, seed)
            spent = time.process_time() - started
            loss, error = held_out(model, held)
            print(report(rule, loads, entropy))
            small = "  ".join(f"{t}: {busy_at(model, held, t):.0%}" for t in SMALL_BATCHES)
            print(
                f"{'':22s} loss {loss:.4f} +- {error:.4f}  busy in a batch of {small}  ({spent:.0f} CPU s)",
                flush=True,
            )


if __name__ == "__main__":
    main()
