#!/usr/bin/env bash
# Guess: `torch.nn.functional.grouped_mm` leaves rows behind the last offset out ("elements beyond offs[-1] are ignored"), so
# that their output is zero, and an output mask is enough to train through it.
# Seen with torch 2.13.0 on a CPU: these rows of the output are never written, and hold what the memory held before. The same is
# true of the *gradient* of the input: a mask behind the product (`torch.where`) gives finite weights' gradients, but the input's
# rows behind the last offset get whatever is in memory as their gradient, which flows on into all layers before. So the input
# has to be cut to `offs[-1]` rows, not the output. `fill_uninitialized_memory` makes it visible: unwritten values become NaN.
# Seen, too: `output.sum().backward()` is refused, since the gradient of a sum is one value expanded with strides of zero; an
# offset equal to the number of rows is fine, though the description wants it strictly less; and the weights are (groups, K, N),
# as for `bmm`, where the description says (groups, N, K), which is refused.
# Ends with 1 where that is no longer so. Needs pip and a package index; takes about a minute, most of it the download.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from torch.nn.functional import grouped_mm

torch.use_deterministic_algorithms(True)
torch.utils.deterministic.fill_uninitialized_memory = True
torch.manual_seed(0)
ROWS, USED = 10, 7
tokens = torch.randn(ROWS, 16, requires_grad=True)
weights = torch.randn(2, 16, 8, requires_grad=True)
offsets = torch.tensor([3, USED], dtype=torch.int32)

product = grouped_mm(tokens, weights, offs=offsets)
unwritten = product.isnan().any(dim=1)
print("rows of the output that are not written:", unwritten.nonzero().flatten().tolist())
assert unwritten.tolist() == [False] * USED + [True] * (ROWS - USED)

masked = torch.where((torch.arange(ROWS) < USED)[:, None], product, 0.0)
masked.sum().backward()
poisoned = tokens.grad.isnan().any(dim=1)
print("loss behind a mask:", "finite" if masked.sum().isfinite() else "not finite")
print("rows of the input's gradient that are not written:", poisoned.nonzero().flatten().tolist())
print("gradient of the weights:", "finite" if weights.grad.isfinite().all() else "not finite")
assert masked.sum().isfinite() and weights.grad.isfinite().all()
assert poisoned.tolist() == [False] * USED + [True] * (ROWS - USED)

cut = tokens.detach()[:USED].requires_grad_()
grouped_mm(cut, weights, offs=offsets).square().sum().backward()
print("gradient where the input is cut first:", "finite" if cut.grad.isfinite().all() else "not finite")
assert cut.grad.isfinite().all()

try:
    grouped_mm(cut, weights, offs=offsets).sum().backward()
except RuntimeError as error:
    print("gradient of the plain sum:", error)
else:
    raise AssertionError("the plain sum has a gradient")

try:
    grouped_mm(tokens, weights.transpose(1, 2).contiguous(), offs=offsets)
except RuntimeError as error:
    print("weights as (groups, N, K):", error)
else:
    raise AssertionError("(groups, N, K) is taken")
PY
