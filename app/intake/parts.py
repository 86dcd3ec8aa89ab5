"""Parts of a process that ingestion needs; `Runtime` has them all, a test may give its own."""

from typing import Protocol

from app.db.engine import Database
from app.library.parts import ErasureParts
from app.settings.schema import Settings
from ingestion.types import CountTokens
from retrieval.protocols import Embedder


class RecordParts(ErasureParts, Protocol):
    """The parts that record files; a new version erases the text of the one before."""

    @property
    def settings(self) -> Settings:
        """Settings of the process."""


class EmbedParts(Protocol):
    """The database and the encoder in use."""

    @property
    def db(self) -> Database:
        """Where the rows are."""

    @property
    def embedder(self) -> Embedder:
        """The encoder of passages and questions."""

    @property
    def encoder_id(self) -> str:
        """Identifier of the encoder; read without loading it."""

    @property
    def count_tokens(self) -> CountTokens:
        """Counts the tokens of a text by the shipped vocabulary."""


class IngestParts(RecordParts, EmbedParts, Protocol):
    """The parts that make text, chunks and vectors of a file."""

    @property
    def vocabulary_id(self) -> str:
        """Hash of the vocabulary."""
