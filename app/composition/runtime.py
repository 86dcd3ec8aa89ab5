"""The long-lived parts of a process (settings, database, models, indexes), and how they depend on each other.

Models are loaded on first use, so that a process which needs none (listing collections, migrating)
starts at once.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app import home
from app.composition.content_filter import ContentFilter
from app.composition.encoder import load_encoder, load_vocabulary, read_encoder_id
from app.composition.generators import load_generator
from app.composition.lazy import Lazy
from app.composition.reranker import load_reranker
from app.db import migrate
from app.db.access import Reader
from app.db.engine import Database
from app.indexes.collection import CollectionIndex, IndexConfig
from app.indexes.filtered import FilteredChunks
from app.indexes.passages import SqlPassageStore
from app.indexes.registry import IndexRegistry, purge_files, remove_index_files
from app.safety.types import Finders
from app.settings.schema import Settings
from app.storage import BlobStore
from generator.types import Generator
from ingestion.types import CountTokens
from retrieval.compress import SentenceVectorCache
from retrieval.index.word_list import WordList
from retrieval.language_direction import load_direction
from retrieval.protocols import Embedder, Scorer

logger = logging.getLogger(__name__)

WORDS = Path("words") / "zh_en.tsv.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """How the heavy parts are made; tests give their own.

    Attributes:
        embedder: Loads the encoder.
        encoder_id: Tells which encoder that is, without loading it.
        count_tokens: Loads the vocabulary: a counter and an id of the vocabulary's content.
        generator: Loads the reader and writer of answers.
    """

    embedder: Callable[[Settings], Embedder]
    encoder_id: Callable[[Settings], str]
    count_tokens: Callable[[Settings], tuple[CountTokens, str]]
    generator: Callable[[Settings], Generator]


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyParts:
    """Parts that are made on first use; each says whether it has been made.

    Attributes:
        language_direction: Difference of the encoder's vectors between languages (float32 [D]), None where it was not
            measured.
        words: Words with their names in the other language.
        vocabulary: Counter of tokens, and hash of the vocabulary.
        reranker: The configured cross-encoder, None where none is configured and the generator reranks.
        sentence_vectors: Sentence vectors of the chunks last compressed, shared by all collections.
        indexes: Open indexes of this process.
    """

    embedder: Lazy[Embedder]
    encoder_id: Lazy[str]
    language_direction: Lazy[NDArray[np.float32] | None]
    words: Lazy[WordList]
    vocabulary: Lazy[tuple[CountTokens, str]]
    generator: Lazy[Generator]
    reranker: Lazy[Scorer | None]
    sentence_vectors: Lazy[SentenceVectorCache]
    indexes: Lazy[IndexRegistry]


@dataclass(slots=True)
class Runtime:
    """Settings, database, models and indexes of a process; share it between threads, close it at the end."""

    settings: Settings
    db: Database
    blobs: BlobStore
    passages: SqlPassageStore
    filtered: FilteredChunks
    content_filter: ContentFilter
    lazy: LazyParts

    @property
    def embedder(self) -> Embedder:
        """The encoder of passages and questions."""
        return self.lazy.embedder.get()

    @property
    def encoder_id(self) -> str:
        """Identifier of the encoder that this process embeds by; read without loading it.

        Raises:
            UnavailableError: There is none in the models' folder.
        """
        embedder = self.lazy.embedder.made
        return self.lazy.encoder_id.get() if embedder is None else embedder.model_id

    @property
    def language_direction(self) -> NDArray[np.float32] | None:
        """Difference of the encoder's vectors between languages (float32 [D]); None where it was not measured."""
        return self.lazy.language_direction.get()

    @property
    def words(self) -> WordList:
        """Words with their names in the other language."""
        return self.lazy.words.get()

    @property
    def count_tokens(self) -> CountTokens:
        """Counts the tokens of a text by the shipped vocabulary."""
        return self.lazy.vocabulary.get()[0]

    @property
    def vocabulary_id(self) -> str:
        """Hash of the vocabulary."""
        return self.lazy.vocabulary.get()[1]

    @property
    def generator(self) -> Generator:
        """The model that reads passages and answers."""
        return self.lazy.generator.get()

    @property
    def reranker(self) -> Scorer | None:
        """The configured cross-encoder; None where none is configured and the generator reranks."""
        return self.lazy.reranker.get()

    @property
    def sentence_vectors(self) -> SentenceVectorCache:
        """Sentence vectors of the chunks last compressed, shared by all collections."""
        return self.lazy.sentence_vectors.get()

    @property
    def indexes(self) -> IndexRegistry:
        """Open indexes of this process."""
        return self.lazy.indexes.get()

    def seen_by(self, reader: Reader) -> "Runtime":
        """The same parts, with the database as `reader` sees it."""
        db = self.db.seen_by(reader)
        return replace(self, db=db, passages=self.passages.read_through(db))

    def finders(self) -> Finders:
        """Finders for the texts of a request that begins now; empty where nothing is configured."""
        return self.content_filter.finders()

    def warm_up(self) -> None:
        """Load all models now; an error stays in `model_states`, and is raised to every user of that model."""
        for name, model in self._models().items():
            try:
                model.get()
            except Exception:
                logger.exception("a model can't be loaded", extra={"model": name})

    def model_states(self) -> list[tuple[str, bool, str]]:
        """Name, whether it is loaded, and its state, for each model."""
        return [(name, model.is_made, model.state) for name, model in self._models().items()]

    def cache_counts(self) -> dict[str, tuple[int, int, int]]:
        """Entries, hits and misses of each cache that has been made."""
        found = {"filters": self.filtered.counts}
        if (vectors := self.lazy.sentence_vectors.made) is not None:
            found["sentence_vectors"] = vectors.counts
        if (passages := getattr(self.lazy.generator.made, "passages_kept", None)) is not None:
            found["passage_memories"] = passages
        return found

    def index_sizes(self) -> tuple[int, int, int]:
        """Number of open collections, their chunks with vectors, and all their chunks."""
        opened = self.lazy.indexes.made
        return (0, 0, 0) if opened is None else opened.sizes

    def _models(self) -> dict[str, Lazy[object]]:
        """The models that these settings require, under their names in `/readyz`."""
        lazy = self.lazy
        models: dict[str, Lazy[object]] = {
            "count_tokens": lazy.vocabulary,
            "embedder": lazy.embedder,
            "generator": lazy.generator,
        }
        return models if self.settings.retrieval.reranker is None else models | {"reranker": lazy.reranker}

    def collection_index(self, collection_id: str) -> CollectionIndex:
        """Dense and lexical index of a collection, up to date with the last commit of any process.

        Raises:
            NotFoundError: There is no such collection.
        """
        return self.indexes.get(collection_id)

    def refresh_open_index(self, collection_id: str) -> None:
        """Catch up at once where this process has the collection open; others do so before they search."""
        if (opened := self.lazy.indexes.made) is not None:
            opened.refresh_if_open(collection_id)

    def purge_index(self, collection_id: str, at_most: int | None) -> bool:
        """Take words and vectors of removed chunks out of index files; False where it is to be asked for again."""
        if (opened := self.lazy.indexes.made) is not None:
            return opened.purge(collection_id, at_most)
        return purge_files(self.settings.indexes_dir, collection_id)

    def drop_index(self, collection_id: str) -> None:
        """Forget the index of a deleted collection and remove its files."""
        if (opened := self.lazy.indexes.made) is not None:
            opened.drop(collection_id)
        else:
            remove_index_files(self.settings.indexes_dir, collection_id)

    def forget_passages(self) -> None:
        """Drop the passages that loaded parts keep in memory to answer faster."""
        if (vectors := self.lazy.sentence_vectors.made) is not None:
            vectors.clear()
        getattr(self.lazy.generator.made, "forget_passages", lambda: None)()

    def close(self) -> None:
        """Write the index snapshots that are due, and close files and connections."""
        if (opened := self.lazy.indexes.made) is not None:
            opened.close()
        self.db.close()


def build_runtime(settings: Settings, parts: Parts | None = None, *, adopt: bool = False) -> Runtime:
    """Open the database of these settings, brought to the newest schema.

    Args:
        settings: What to build from.
        parts: Other ways to make the heavy parts, for tests.
        adopt: Join home folder and database, whatever they belonged to.

    Raises:
        ConflictError: The home folder's files belong to another database; nothing was changed.
        RuntimeError: The database belongs to a newer program.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    runtime = assemble(settings, parts or shipped_parts())
    try:
        if adopt:
            migrate.upgrade(runtime.db)
            home.adopt(runtime.db, settings.home)
        else:
            home.check_empty(runtime.db, settings.home, runtime.blobs)
            migrate.upgrade(runtime.db)
            home.bind(runtime.db, settings.home, runtime.blobs)
    except BaseException:
        runtime.close()
        raise
    return runtime


def assemble(settings: Settings, parts: Parts) -> Runtime:
    """Put a runtime together; nothing is opened or loaded yet."""
    db = Database(settings.url)
    passages = SqlPassageStore(db)
    lock = threading.RLock()
    embedder = Lazy(lambda: parts.embedder(settings), lock)
    words = Lazy(lambda: WordList(settings.models_dir / WORDS), lock)
    lazy = LazyParts(
        embedder=embedder,
        encoder_id=Lazy(lambda: parts.encoder_id(settings), lock),
        language_direction=Lazy(
            lambda: load_direction(settings.models_dir / "encoder", embedder.get().model_id), lock
        ),
        words=words,
        vocabulary=Lazy(lambda: parts.count_tokens(settings), lock),
        generator=Lazy(lambda: parts.generator(settings), lock),
        reranker=Lazy(lambda: load_reranker(settings), lock),
        sentence_vectors=Lazy(
            lambda: SentenceVectorCache(embedder.get(), stored=passages.sentence_vectors),
            lock,
        ),
        indexes=Lazy(
            lambda: IndexRegistry(
                db, settings.indexes_dir, _index_config(settings, embedder.get(), words.get())
            ),
            lock,
        ),
    )
    return Runtime(
        settings=settings,
        db=db,
        blobs=BlobStore(settings.blobs_dir),
        passages=passages,
        filtered=FilteredChunks(),
        content_filter=ContentFilter(db, redact_output="output" in settings.safety.redact),
        lazy=lazy,
    )


def _index_config(settings: Settings, embedder: Embedder, words: WordList) -> IndexConfig:
    return IndexConfig(
        dim=embedder.dim,
        model_id=embedder.model_id,
        exact_below=settings.retrieval.exact_below,
        snapshot_every=settings.retrieval.snapshot_every,
        words=words,
    )


def shipped_parts() -> Parts:
    """The parts that ship with the program."""
    return Parts(
        embedder=load_encoder,
        encoder_id=read_encoder_id,
        count_tokens=load_vocabulary,
        generator=load_generator,
    )
