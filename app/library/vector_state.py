"""Documents and chunks without vectors by the encoder in use."""

from dataclasses import dataclass

from app.db import vectors
from app.db.vectors import Waiting
from app.errors import UnavailableError
from app.library.parts import EncoderParts


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorState:
    """How the library stands with the encoder in use.

    Attributes:
        model: Id of the encoder.
        waiting: What has no vectors by it.
    """

    model: str
    waiting: Waiting


def waiting(parts: EncoderParts, collection_ids: list[str] | None = None) -> dict[str, Waiting]:
    """Documents and chunks without vectors by the encoder in use, by collection; empty without an encoder."""
    try:
        model = parts.encoder_id
    except UnavailableError:
        return {}
    with parts.db.read() as session:
        return vectors.waiting(session, model, collection_ids)


def state(parts: EncoderParts) -> VectorState:
    """How the library stands with the encoder in use.

    Raises:
        UnavailableError: There is no encoder.
    """
    model, by_collection = parts.encoder_id, waiting(parts).values()
    documents_waiting = sum(item.documents for item in by_collection)
    chunks_waiting = sum(item.chunks for item in by_collection)
    return VectorState(model=model, waiting=Waiting(documents=documents_waiting, chunks=chunks_waiting))
