"""The shipped encoder as a sentence-transformers model: token states, mean pooling, unit length.

So it can be trained, evaluated and saved with that library's own tools; `embedder` runs its modules in
batches of its own. Prefixes and windows are not known here.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules.input_module import InputModule
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertModel

from retrieval.encoder_weights import load_encoder

Features = dict[str, Any]


class EncoderModule(InputModule):
    """First module of the model: texts to token states.

    Args:
        encoder: The transformer.
        tokenizer: Its tokenizer; adds the special pieces.
    """

    def __init__(self, encoder: BertModel, tokenizer: Tokenizer) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.encoder = encoder
        self.tokenizer = tokenizer
        self.max_seq_length = int(encoder.config.max_position_embeddings)

    @property
    def pad_id(self) -> int:
        """Piece that fills up shorter texts of a batch."""
        pad = self.tokenizer.token_to_id("<pad>")
        return 0 if pad is None else int(pad)

    def preprocess(  # type: ignore[override]  # texts only
        self, inputs: Sequence[str], prompt: str | None = None, **_: object
    ) -> Features:
        """Texts to padded pieces; longer texts are cut at the window, as the library's callers expect."""
        encoded = self.tokenizer.encode_batch([(prompt or "") + text for text in inputs])
        return self.padded([piece.ids[: self.max_seq_length] for piece in encoded])

    def padded(self, pieces: Sequence[Sequence[int]]) -> Features:
        """Piece ids of different lengths to `input_ids` and `attention_mask`, int64 [B, T]."""
        longest = max(len(ids) for ids in pieces)
        input_ids = torch.full((len(pieces), longest), self.pad_id, dtype=torch.long)
        mask = torch.zeros((len(pieces), longest), dtype=torch.long)
        for row, ids in enumerate(pieces):
            input_ids[row, : len(ids)] = torch.as_tensor(ids)
            mask[row, : len(ids)] = 1
        return {"input_ids": input_ids, "attention_mask": mask}

    def forward(self, features: Features, **_: object) -> Features:
        """Add `token_embeddings`, [B, T, D]."""
        mask: Tensor = features["attention_mask"]
        # Without padding there is nothing to mask, and attention without a mask is faster.
        needed = None if bool(mask.all()) else mask
        states = self.encoder(input_ids=features["input_ids"], attention_mask=needed).last_hidden_state
        return features | {"token_embeddings": states}

    def get_embedding_dimension(self) -> int:
        """Width D."""
        return int(self.encoder.config.hidden_size)

    def save(self, output_path: str, *_: object, **__: object) -> None:
        """Write weights and tokenizer in Hugging Face's format."""
        self.encoder.save_pretrained(output_path)
        self.tokenizer.save(str(Path(output_path) / "tokenizer.json"))


def load_sentence_model(path: Path, device: str = "cpu") -> SentenceTransformer:
    """Load the encoder folder as a sentence-transformers model, in evaluation mode.

    Raises:
        EncoderError: See `retrieval.encoder_weights.load_encoder`.
    """
    encoder, tokenizer = load_encoder(path)
    first = EncoderModule(encoder, tokenizer)
    pooling = Pooling(first.get_embedding_dimension(), pooling_mode="mean")
    return SentenceTransformer(modules=[first, pooling, Normalize()], device=device).eval()
