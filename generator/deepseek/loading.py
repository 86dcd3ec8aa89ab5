"""From a folder to a decoder with its tokenizer."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch

from generator.checkpoint.published import published_id
from generator.deepseek.adapters import has_adapters, load_with_adapters
from generator.deepseek.chat_tokenizer import ChatTokenizer
from generator.deepseek.model import Deepseek
from generator.deepseek.published import load_deepseek
from generator.device import fast_dtype, is_missing
from generator.errors import CheckpointError


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A checkpoint that is ready.

    Attributes:
        decoder: In evaluation mode; with cross-attention where the folder has adapters.
        tokenizer: Of the checkpoint.
        window: Longest text, in tokens, prompt and answer together.
        model_id: Name of the folder and hash of its content.
    """

    decoder: Deepseek
    tokenizer: ChatTokenizer
    window: int
    model_id: str

    @property
    def is_fused(self) -> bool:
        """Whether the decoder reads passages by cross-attention."""
        return self.decoder.config.cross_every is not None


def load_local_model(folder: Path, device: str = "cpu", dtype: torch.dtype | None = None) -> LocalModel:
    """Load a published checkpoint, with its fusion adapters where there are any.

    Args:
        folder: `config.json`, safetensors, `tokenizer.json`, and what else is published with them.
        device: A torch device.
        dtype: Of the weights; None takes bfloat16 where the device computes with it, else float32.

    Raises:
        CheckpointError: A file is missing or damaged, files do not belong together, or there is no room for them.
    """
    if is_missing(device):
        raise CheckpointError(f"{folder} is to run on a GPU, and there is none that torch can use")
    tokenizer = ChatTokenizer(folder)  # first: it is small, and where it is wrong the rest is of no use
    load = load_with_adapters if has_adapters(folder) else load_deepseek
    try:
        decoder = load(folder, dtype=dtype or fast_dtype(device)).to(device)
    except (RuntimeError, MemoryError) as error:
        raise CheckpointError(f"there is no room for {folder}: {error}") from error
    if tokenizer.size > decoder.config.vocab_size:
        raise CheckpointError(
            f"tokenizer.json of {folder} is of another model: it has {tokenizer.size} tokens, the weights "
            f"{decoder.config.vocab_size}"
        )
    return LocalModel(decoder, tokenizer, _window(folder), published_id(folder))


def _window(folder: Path) -> int:
    """Longest text by `config.json`.

    Raises:
        CheckpointError: It does not say.
    """
    window = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("max_position_embeddings")
    if not isinstance(window, int) or window < 1:
        raise CheckpointError(f"config.json of {folder} lacks max_position_embeddings")
    return window
