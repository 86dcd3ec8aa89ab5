"""Parts of a process that a search needs; `Runtime` has them all, a test may give its own."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.db.engine import Database
from app.indexes.collection import CollectionIndex
from app.indexes.filtered import FilteredChunks
from app.indexes.passages import SqlPassageStore
from app.safety.types import Finders
from app.settings.schema import Settings
from generator.types import Generator
from ingestion.types import CountTokens
from retrieval.compress import SentenceVectorCache
from retrieval.index.word_list import WordList
from retrieval.protocols import Embedder, Scorer


class SearchParts(Protocol):
    """Models, indexes and database; each model is loaded when it is first asked for."""

    @property
    def settings(self) -> Settings:
        """Settings of the process."""

    @property
    def db(self) -> Database:
        """Where the rows are."""

    @property
    def passages(self) -> SqlPassageStore:
        """Text of chunks, and their surroundings."""

    @property
    def filtered(self) -> FilteredChunks:
        """Chunks that filters leave."""

    @property
    def embedder(self) -> Embedder:
        """The encoder of passages and questions."""

    @property
    def language_direction(self) -> NDArray[np.float32] | None:
        """Difference of the encoder's vectors between languages (float32 [D]); None where it was not measured."""

    @property
    def words(self) -> WordList:
        """Words with their names in the other language."""

    @property
    def count_tokens(self) -> CountTokens:
        """Counts the tokens of a text by the shipped vocabulary."""

    @property
    def sentence_vectors(self) -> SentenceVectorCache:
        """Sentence vectors of the chunks last compressed."""

    @property
    def generator(self) -> Generator:
        """The model that reads passages and answers; it reranks where no cross-encoder is configured."""

    @property
    def reranker(self) -> Scorer | None:
        """The configured cross-encoder, None where none is."""

    def finders(self) -> Finders:
        """Finders for the texts of a request that begins now."""

    def collection_index(self, collection_id: str) -> CollectionIndex:
        """Index of a collection, up to date with the last commit of any process.

        Raises:
            NotFoundError: There is no such collection.
        """
