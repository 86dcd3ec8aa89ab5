"""Text of chunks for the retrieval library, read from live rows only."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from app.db import chunks
from app.db.engine import Database
from app.db.surroundings import Surroundings, SurroundingsReader
from app.db.views import LiveChunk
from app.indexes.vectors import unpack_sentences
from retrieval.types import Passage


class SqlPassageStore:
    """Passages by chunk id from SQL; a chunk without a live row is never returned.

    A row is live when its document exists, is enabled, and the chunk belongs to the serving version.
    Deleting takes effect here with the commit, in every process, whatever an index still holds.
    """

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database
        self._around = SurroundingsReader()

    def read_through(self, database: Database) -> "SqlPassageStore":
        """The same store, reading from another view of the database."""
        other = SqlPassageStore(database)
        other._around = self._around
        return other

    def passages(self, chunk_ids: Sequence[int]) -> Mapping[int, Passage]:
        """Passages by chunk id; ids that are not live are left out."""
        with self._database.read() as session:
            return {chunk.id: _passage(chunk) for chunk in chunks.live(session, list(chunk_ids))}

    def beside(self, chunk_ids: Sequence[int], reach: int) -> Mapping[int, Sequence[Passage]]:
        """By live chunk id, the live passages of its document that stand at most `reach` places from it."""
        with self._database.read() as session:
            return {
                chunk_id: [_passage(chunk) for chunk in around]
                for chunk_id, around in chunks.beside(session, chunk_ids, reach).items()
            }

    def surroundings(self, chunk_ids: Sequence[int]) -> Mapping[int, Surroundings]:
        """By live chunk id, the text of its document before and behind it, with its structure."""
        with self._database.read() as session:
            return self._around.read(session, chunk_ids)

    def sentence_vectors(self, chunk_ids: Sequence[int], model_id: str) -> Mapping[int, NDArray[np.float32]]:
        """Sentence vectors by chunk id, float32 [N, D]; vectors of another encoder are left out."""
        with self._database.read() as session:
            stored = chunks.sentence_vectors(session, chunk_ids, model_id)
        return {chunk_id: unpack_sentences(data, count) for chunk_id, (data, count) in stored.items()}


def _passage(chunk: LiveChunk) -> Passage:
    return Passage(
        chunk_id=chunk.id,
        document_id=chunk.document_id,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        title=chunk.title,
        name=chunk.name,
        heading_path=tuple(chunk.heading_path),
        page=chunk.page,
        sentences=tuple((start, end) for start, end in chunk.sentences),
    )
