"""The encoder and the vocabulary, from the folder of models."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from app.composition.device import check_device
from app.errors import MissingModelError
from app.settings.schema import Settings
from ingestion.types import CountTokens
from retrieval.protocols import Embedder

ENCODER = "encoder"
VOCABULARY = Path("tokenizer") / "fathom_bpe.tiktoken"


def load_encoder(settings: Settings) -> Embedder:
    """Load the encoder of passages and questions.

    Raises:
        MissingModelError: It is missing or damaged.
        UnavailableError: The configured device is missing.
    """
    # Imported late: torch takes seconds, and a process that embeds nothing should not wait for it.
    from retrieval.embedder import SentenceTransformerEmbedder
    from retrieval.errors import EncoderError

    check_device(settings)
    try:
        return SentenceTransformerEmbedder(
            settings.models_dir / ENCODER, device=settings.device, threads=settings.threads
        )
    except EncoderError as error:
        raise MissingModelError(model=ENCODER, detail=str(error)) from error


def read_encoder_id(settings: Settings) -> str:
    """Identify the encoder without loading it.

    Raises:
        MissingModelError: It is missing or damaged.
    """
    from retrieval.encoder_id import encoder_id
    from retrieval.errors import EncoderError

    try:
        return encoder_id(settings.models_dir / ENCODER)
    except EncoderError as error:
        raise MissingModelError(model=ENCODER, detail=str(error)) from error


def load_vocabulary(settings: Settings) -> tuple[CountTokens, str]:
    """Load the vocabulary that chunks are measured by.

    Returns:
        A counter of tokens, and the first 16 digits of the SHA-256 of the vocabulary's file.

    Raises:
        MissingModelError: It is missing or damaged.
    """
    from ingestion import tokens
    from ingestion.errors import VocabularyError

    path = settings.models_dir / VOCABULARY
    try:
        encoding = tokens.load_vocabulary(path)
    except VocabularyError as error:
        raise MissingModelError(model="vocabulary", detail=str(error)) from error

    def count(text: str) -> int:
        ids: Sequence[int] = encoding.encode_ordinary(text)
        return len(ids)

    return count, hashlib.sha256(path.read_bytes()).hexdigest()[:16]
