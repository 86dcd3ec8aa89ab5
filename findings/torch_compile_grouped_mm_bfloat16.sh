#!/usr/bin/env bash
# Guess: a function that runs also runs compiled; types that an operator takes are the same for its real and its traced form.
# Seen with torch 2.13.0 on a CPU: `torch.nn.functional.grouped_mm` multiplies float32, with gradients, but its form for tracing
# knows bfloat16 alone. So the same call on the "meta" device, under `torch.compile` and in `torch.export` ends with "Expected
# inputs of BF16 type". Experts in float32 need another way under a compiler, such as blocks of padded rows through `bmm`.
# Ends with 1 where that is no longer so. Needs pip, a package index; takes about a minute, most of it the download.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0
"$folder/venv/bin/python" -W ignore - 2>"$folder/log" <<'PY' || { cat "$folder/log" >&2; exit 1; }
import logging

import torch
from torch import nn
from torch.nn.functional import grouped_mm

logging.disable(logging.ERROR)


class Experts(nn.Module):
    def forward(self, tokens, weights, offsets):
        return grouped_mm(tokens, weights, offs=offsets)


def outcome(run):
    try:
        run()
    except Exception as error:
        return "refused: Expected inputs of BF16 type" if "Expected inputs of BF16 type" in str(error) else repr(error)
    return "runs"


experts, offsets = Experts(), torch.tensor([3, 10], dtype=torch.int32)
REFUSED = "refused: Expected inputs of BF16 type"
WANTED = {torch.bfloat16: {"runs"}, torch.float32: {REFUSED}}
for dtype, wanted in WANTED.items():
    given = (torch.randn(10, 16).to(dtype), torch.randn(2, 16, 8).to(dtype), offsets)
    plain = outcome(lambda: experts(*given))
    traced = {
        "meta device": outcome(lambda: experts(*(part.to("meta") for part in given))),
        "compiled": outcome(lambda: torch.compile(experts, backend="eager", fullgraph=True)(*given)),
        "exported": outcome(lambda: torch.export.export(experts, given)),
    }
    print(f"{dtype}: {plain}; " + "; ".join(f"{way}: {told}" for way, told in traced.items()))
    assert plain == "runs"
    assert set(traced.values()) == wanted
PY
