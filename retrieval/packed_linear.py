"""A linear layer whose weight lies in memory as oneDNN reads it.

`torch.nn.functional.linear` on a CPU puts the weight into that order at every call. In bfloat16 this is a fifth of the
time for a full batch, and half of it for one question.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

# The order is chosen for about so many rows; any number can be multiplied.
_ROWS = 2_048


class PackedLinear:
    """Weight [O, I] and bias [O] of one format and device; gives the same numbers as `F.linear`.

    Packed in bfloat16 on a CPU, where torch is built with oneDNN; float32 gains nothing, and is left as it is.
    """

    def __init__(self, weight_OI: Tensor, bias_O: Tensor) -> None:
        self._weight, self._bias = weight_OI, bias_O
        self._is_packed = False
        if weight_OI.dtype == torch.bfloat16 and weight_OI.device.type == "cpu":
            self._pack()

    def to(self, dtype: torch.dtype) -> "PackedLinear":
        """The same layer in another format.

        Raises:
            ValueError: Its weight is packed already.
        """
        if self._is_packed:
            raise ValueError("convert the weight before it is packed")
        return PackedLinear(self._weight.to(dtype), self._bias.to(dtype))

    def __call__(self, x: Tensor) -> Tensor:
        """Multiply the rows of `x` [..., I]; gives [..., O]."""
        if self._is_packed:
            return _multiply(x, self._weight, self._bias)
        return F.linear(x, self._weight, self._bias)

    def _pack(self) -> None:
        # torch's own compiler calls these two; they are no public names, so another torch may lack or change them.
        try:
            packed = torch.ops.mkldnn._reorder_linear_weight(self._weight, _ROWS)
            row = self._weight[:1]
            same = torch.equal(_multiply(row, packed, self._bias), F.linear(row, self._weight, self._bias))
        except (AttributeError, RuntimeError, NotImplementedError):
            return
        if same:
            self._weight, self._is_packed = packed, True


def _multiply(x: Tensor, weight: Tensor, bias_O: Tensor) -> Tensor:
    product: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias_O, "none", [], "")
    return product
