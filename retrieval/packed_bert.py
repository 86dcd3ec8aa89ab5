"""The encoder's forward pass over windows of any lengths, packed.

What a token needs alone runs over all tokens of a batch at once, attention over groups of windows of about equal
length.

Dimensions in names: T tokens of a batch, B windows of a group, L tokens of a window, D width, H heads, K head width,
F feed-forward width.

`transformers` pads a batch to its longest text, and under autocast casts every weight again in every call. Here there
is next to no padding, weights are held in the format they are used in, and the three projections before attention are
one. Prefixes, windows and pooling are not known here.

Reference: BERT, arXiv 1810.04805; packing, arXiv 2107.02027.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from retrieval.encoder_weights import encoder_state, load_config
from retrieval.packed_linear import PackedLinear

# A window joins a group while it is at most this share shorter than the longest: a small loss for fewer calls.
_SLACK = 1 / 8


@dataclass(frozen=True, slots=True)
class _Group:
    """Windows of about equal length, padded to the longest.

    Attributes:
        first: Place of its first token in the batch.
        count: Windows.
        length: Tokens of each, padding included.
        mask_B11L: Added to attention scores, 0 or -inf; None without padding.
    """

    first: int
    count: int
    length: int
    mask_B11L: Tensor | None


@dataclass(frozen=True, slots=True)
class _Layer:
    """Weights of one layer."""

    qkv: PackedLinear
    out: PackedLinear
    attention_norm: tuple[Tensor, Tensor]
    up: PackedLinear
    down: PackedLinear
    output_norm: tuple[Tensor, Tensor]

    def to(self, dtype: torch.dtype) -> "_Layer":
        return _Layer(
            qkv=self.qkv.to(dtype),
            out=self.out.to(dtype),
            attention_norm=_cast(self.attention_norm, dtype),
            up=self.up.to(dtype),
            down=self.down.to(dtype),
            output_norm=_cast(self.output_norm, dtype),
        )


class PackedBert:
    """`transformers.BertModel` without pooling layer, for inference; safe to use from many threads.

    Args:
        state: State dict of that model, float32; embeddings are used as they are, layers copied.
        heads: Attention heads.
        norm_eps: Of the layer norms.
        pad: Piece that fills up a window.
    """

    def __init__(self, state: Mapping[str, Tensor], *, heads: int, norm_eps: float, pad: int) -> None:
        self.dtype = torch.float32
        self._heads, self._eps, self._pad = heads, norm_eps, pad
        self._pieces_VD = state["embeddings.word_embeddings.weight"]
        types_2D = state["embeddings.token_type_embeddings.weight"]
        self._positions_LD = state["embeddings.position_embeddings.weight"] + types_2D[0]
        self._norm = state["embeddings.LayerNorm.weight"], state["embeddings.LayerNorm.bias"]
        self._layers = list(_layers(state))
        self._device = self._pieces_VD.device

    def to(self, dtype: torch.dtype) -> "PackedBert":
        """The same model with weights and states of its layers in another format; embeddings are shared."""
        other = copy(self)
        other.dtype = dtype
        other._layers = [layer.to(dtype) for layer in self._layers]
        return other

    @property
    def max_positions(self) -> int:
        """Longest window it can read."""
        return self._positions_LD.shape[0]

    @property
    def dim(self) -> int:
        """Width D."""
        return self._pieces_VD.shape[1]

    @torch.inference_mode()
    def states(self, windows: Sequence[Sequence[int]]) -> tuple[Tensor, list[int]]:
        """Token states of windows.

        Args:
            windows: Piece ids, the longest first: those of like length must stand together.

        Returns:
            float32 [T, D] on the model's device, and the place of each window's first token in it; what lies between
            the windows is padding and means nothing.
        """
        groups, places = self._groups([len(window) for window in windows])
        ids_T = torch.as_tensor(list(chain.from_iterable(self._filled(windows, groups))), device=self._device)
        positions_T = torch.cat([torch.arange(group.length).repeat(group.count) for group in groups])
        x_TD = self._pieces_VD[ids_T] + self._positions_LD[positions_T.to(self._device)]
        x_TD = self._normed(x_TD, self._norm).to(self.dtype)
        for layer in self._layers:
            x_TD = self._layer(layer, x_TD, groups)
        return x_TD.float(), places

    def _layer(self, layer: _Layer, x_TD: Tensor, groups: Sequence[_Group]) -> Tensor:
        qkv_TD = layer.qkv(x_TD)
        mixed_TD = torch.empty_like(x_TD)
        for group in groups:
            rows = slice(group.first, group.first + group.count * group.length)
            qkv_3BHLK = (
                qkv_TD[rows].view(group.count, group.length, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            )
            q_BHLK, k_BHLK, v_BHLK = qkv_3BHLK.unbind(0)
            mixed_BHLK = F.scaled_dot_product_attention(q_BHLK, k_BHLK, v_BHLK, attn_mask=group.mask_B11L)
            mixed_TD[rows] = mixed_BHLK.transpose(1, 2).reshape(-1, x_TD.shape[1])
        x_TD = self._normed(x_TD + layer.out(mixed_TD), layer.attention_norm)
        return self._normed(x_TD + layer.down(F.gelu(layer.up(x_TD))), layer.output_norm)

    def _normed(self, x_TD: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
        return F.layer_norm(x_TD, (self.dim,), *norm, eps=self._eps)

    def _groups(self, lengths: Sequence[int]) -> tuple[list[_Group], list[int]]:
        """Neighbours of about equal length, and the place of each window's first token."""
        groups: list[_Group] = []
        places: list[int] = []
        first = start = 0
        while start < len(lengths):
            longest = lengths[start]
            end = start + 1
            while end < len(lengths) and longest >= lengths[end] >= longest * (1 - _SLACK):
                end += 1
            own = lengths[start:end]
            groups.append(_Group(first, len(own), longest, self._mask(own)))
            places.extend(range(first, first + len(own) * longest, longest))
            first, start = first + len(own) * longest, end
        return groups, places

    def _mask(self, lengths: Sequence[int]) -> Tensor | None:
        if min(lengths) == lengths[0]:
            return None  # attention without a mask is faster
        past_BL = torch.arange(lengths[0]) >= torch.as_tensor(lengths)[:, None]
        mask_BL = torch.zeros(past_BL.shape, dtype=self.dtype).masked_fill_(past_BL, -math.inf)
        return mask_BL[:, None, None].to(self._device)

    def _filled(self, windows: Sequence[Sequence[int]], groups: Sequence[_Group]) -> Iterator[Sequence[int]]:
        """Windows, each with padding after it."""
        remaining = iter(windows)
        for group in groups:
            for _ in range(group.count):
                window = next(remaining)
                yield window
                yield [self._pad] * (group.length - len(window))


def load_packed_bert(path: Path, device: torch.device | str = "cpu") -> PackedBert:
    """Load the encoder folder, float32.

    Raises:
        EncoderError: See `retrieval.encoder_weights.encoder_state`.
    """
    state = {name: tensor.to(device) for name, tensor in encoder_state(path).items()}
    config = load_config(path)
    return PackedBert(
        state,
        heads=config["num_attention_heads"],
        norm_eps=config["layer_norm_eps"],
        pad=config["pad_token_id"],
    )


def _cast(norm: tuple[Tensor, Tensor], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    weight, bias = norm
    return weight.to(dtype), bias.to(dtype)


def _layers(state: Mapping[str, Tensor]) -> Iterator[_Layer]:
    def read(*names: str) -> tuple[Tensor, Tensor]:
        weight, bias = (torch.cat([state[f"{name}.{kind}"] for name in names]) for kind in ("weight", "bias"))
        return weight, bias

    for number in range(sum(name.endswith(".intermediate.dense.weight") for name in state)):
        layer = f"encoder.layer.{number}"
        yield _Layer(
            qkv=PackedLinear(
                *read(*(f"{layer}.attention.self.{name}" for name in ("query", "key", "value")))
            ),
            out=PackedLinear(*read(f"{layer}.attention.output.dense")),
            attention_norm=read(f"{layer}.attention.output.LayerNorm"),
            up=PackedLinear(*read(f"{layer}.intermediate.dense")),
            down=PackedLinear(*read(f"{layer}.output.dense")),
            output_norm=read(f"{layer}.output.LayerNorm"),
        )
