"""Parts of a process that the functions of this room need; `Runtime` has them all, a test may give its own."""

from typing import Protocol

from app.db.engine import Database
from app.indexes.collection import CollectionIndex
from app.settings.schema import Settings
from app.storage import BlobStore
from retrieval.protocols import Embedder


class EncoderParts(Protocol):
    """The database, and the encoder in use by its id: it need not be loaded."""

    @property
    def db(self) -> Database:
        """Where the rows are."""

    @property
    def encoder_id(self) -> str:
        """Identifier of the encoder in use.

        Raises:
            UnavailableError: There is none in the models' folder.
        """


class ReadinessParts(EncoderParts, Protocol):
    """The parts that are checked before requests are served."""

    @property
    def settings(self) -> Settings:
        """Settings of the process."""

    def model_states(self) -> list[tuple[str, bool, str]]:
        """Name, whether it is loaded, and its state, for each model."""


class IndexParts(Protocol):
    """The database and the open indexes."""

    @property
    def db(self) -> Database:
        """Where the rows are."""

    @property
    def embedder(self) -> Embedder:
        """The encoder of passages and questions."""

    def collection_index(self, collection_id: str) -> CollectionIndex:
        """Index of a collection, up to date with the last commit of any process.

        Raises:
            NotFoundError: There is no such collection.
        """


class ErasureParts(Protocol):
    """Every place that holds text of documents: rows, stored files, index files, memory."""

    @property
    def db(self) -> Database:
        """Where the rows are."""

    @property
    def blobs(self) -> BlobStore:
        """Where files are stored."""

    def refresh_open_index(self, collection_id: str) -> None:
        """Catch up at once where this process has the collection open."""

    def purge_index(self, collection_id: str, at_most: int | None) -> bool:
        """Take words and vectors of removed chunks out of index files; False where it is to be asked for again."""

    def drop_index(self, collection_id: str) -> None:
        """Forget the index of a deleted collection and remove its files."""

    def forget_passages(self) -> None:
        """Drop the passages that loaded models keep in memory."""


class BinParts(ErasureParts, Protocol):
    """The parts that delete with or without a way back, by the settings."""

    @property
    def settings(self) -> Settings:
        """Settings of the process."""
