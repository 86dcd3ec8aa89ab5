"""Identify the encoder in a folder without loading it; torch is not needed."""

import hashlib
import json
from pathlib import Path

from retrieval.errors import EncoderError


def encoder_id(path: Path) -> str:
    """Name and content hash of the weights and tokenizer, as stored beside every vector.

    Raises:
        EncoderError: The folder has no readable manifest or no tokenizer.
    """
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        tokenizer = hashlib.sha256((path / "tokenizer.json").read_bytes()).hexdigest()
        joined = "".join([*sorted(manifest["shards"].values()), tokenizer])
        return f"{manifest['name']}@{hashlib.sha256(joined.encode()).hexdigest()[:12]}"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncoderError(
            f"no encoder in {path}: {error}; point `models_dir` at the shipped models"
        ) from error
