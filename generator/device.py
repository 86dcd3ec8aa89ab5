"""Where tensors are computed, and in which number format: the processor's and the accelerator's own abilities."""

from pathlib import Path

import torch

HOST = torch.device("cpu")
"""Where single numbers are read: from an accelerator each of them would wait for all that was asked of it before."""
HALF = torch.bfloat16
"""Format of autocast in training: the range of float32 in half its width, so that no loss needs scaling."""


def fast_dtype(device: torch.device | str = "cpu") -> torch.dtype:
    """The format in which a device multiplies fastest: bfloat16 where it has instructions for it, else float32.

    On a processor both oneDNN and the instructions must be there: oneDNN alone emulates them.
    """
    if torch.device(device).type == "cpu":
        supported: bool = torch.ops.mkldnn._is_mkldnn_bf16_supported()
        native = any(flag in _cpu_flags() for flag in ("avx512_bf16", "amx_bf16", "bf16"))
        return HALF if supported and native else torch.float32
    return HALF if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32


def is_missing(device: torch.device | str) -> bool:
    """Whether a device is a GPU and torch finds none that it can use."""
    return torch.device(device).type == "cuda" and not torch.cuda.is_available()


def autocast(device: torch.device | str, *, enabled: bool = True) -> torch.autocast:
    """A context in which matrix products on a device are computed in `HALF`."""
    return torch.autocast(torch.device(device).type, dtype=HALF, enabled=enabled)


def _cpu_flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    lines = [line for line in text.splitlines() if line.lower().startswith(("flags", "features"))]
    return set(lines[0].split(":", 1)[1].split()) if lines else set()
