"""Read the encoder that ships in `models/encoder/`: 4-bit safetensors shards and a Unigram tokenizer.

A matrix `W` is stored as two tensors, `W.q4` (uint8 [R, C/32, 16]) and `W.scale` (float16 [R, C/32]): each group of
32 weights of a row is one scale and 16 bytes whose low nibbles are weights 0-15 and whose high nibbles are weights
16-31; a weight is `(nibble - 8) * scale` (the Q4_0 layout of GGML). Everything else is stored as it is. The 4-bit
blocks are those of the original file, so unpacking is exact.
"""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from retrieval.errors import EncoderError

if TYPE_CHECKING:
    from transformers import BertModel

GROUP = 32


def unpack_q4(blocks: Tensor, scale: Tensor) -> Tensor:
    """Turn 4-bit groups into weights.

    Args:
        blocks: uint8 [R, C/32, 16].
        scale: float16 [R, C/32].

    Returns:
        float32 [R, C].

    Reference: GGML's block_q4_0.
    """
    nibbles = torch.cat([blocks & 15, blocks >> 4], dim=-1).to(torch.float32) - 8
    return (nibbles * scale.to(torch.float32).unsqueeze(-1)).flatten(1)


def encoder_state(path: Path) -> dict[str, Tensor]:
    """Read all shards of an encoder folder.

    Returns:
        State dict of `transformers.BertModel` without pooling layer, float32.

    Raises:
        EncoderError: A file is missing or its SHA-256 differs from the manifest's.
    """
    manifest = _manifest(path)
    stored: dict[str, Tensor] = {}
    for name, digest in manifest["shards"].items():
        shard = path / name
        if not shard.is_file() or hashlib.sha256(shard.read_bytes()).hexdigest() != digest:
            raise EncoderError(_damaged(shard))
        stored.update(load_file(shard))
    state: dict[str, Tensor] = {}
    for name, tensor in stored.items():
        if name.endswith(".q4"):
            weight = name.removesuffix(".q4")
            state[weight] = unpack_q4(tensor, stored[f"{weight}.scale"])
        elif not name.endswith(".scale"):
            state[name] = tensor
    return state


def _manifest(path: Path) -> dict[str, Any]:
    """Read the manifest of an encoder folder, and check the small files that it names against it.

    Raises:
        EncoderError: It is missing or damaged, or one of those files is.
    """
    file = path / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        shards, others = dict(manifest["shards"]), dict(manifest.get("files", {}))
    except FileNotFoundError as error:
        raise EncoderError(
            f"no encoder in {path}: manifest.json is missing; point `models_dir` at the shipped models"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(_damaged(file)) from error
    for name, digest in others.items():
        if not (path / name).is_file() or hashlib.sha256((path / name).read_bytes()).hexdigest() != digest:
            raise EncoderError(_damaged(path / name))
    return manifest | {"shards": shards}


def _damaged(file: Path) -> str:
    return f"encoder file {file} is missing or damaged; restore it from the distribution"


def load_config(path: Path) -> dict[str, Any]:
    """Sizes of the encoder, as in `config.json` of its folder.

    Raises:
        EncoderError: The file is missing or damaged.
    """
    try:
        config: dict[str, Any] = dict(json.loads((path / "config.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise EncoderError(_damaged(path / "config.json")) from error
    return config


def load_tokenizer(path: Path) -> Tokenizer:
    """The encoder's tokenizer; adds `<s>` and `</s>`.

    Raises:
        EncoderError: The file is missing or damaged.
    """
    try:
        return Tokenizer.from_file(str(path / "tokenizer.json"))
    except Exception as error:  # it raises nothing more special
        raise EncoderError(_damaged(path / "tokenizer.json")) from error


def load_encoder(path: Path) -> tuple["BertModel", Tokenizer]:
    """Build the encoder as a model of `transformers`, in evaluation mode, float32, with its tokenizer.

    Raises:
        EncoderError: See `encoder_state`.
    """
    # Imported late: the library takes seconds, and embedding does not need it.
    from transformers import BertConfig, BertModel

    state = encoder_state(path)
    model = BertModel(BertConfig.from_json_file(path / "config.json"), add_pooling_layer=False)
    model.load_state_dict(state)
    return model.train(mode=False), load_tokenizer(path)
