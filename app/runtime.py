"""Composition root: loads the models from the settings and owns the long-lived objects of a process.

Models are loaded on first use, so that a process which needs none (listing collections, migrating)
starts at once.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app import home
from app.config import Settings
from app.db import migrate
from app.db.engine import Database
from app.errors import UnavailableError
from app.indexes.collection import CollectionIndex, IndexConfig
from app.indexes.passages import SqlPassageStore
from app.indexes.registry import IndexRegistry, remove_index_files
from app.model_client import model_server
from app.storage import BlobStore
from generator.types import Generator, SourcePassage
from ingestion.types import CountTokens
from retrieval.compress import SentenceVectorCache
from retrieval.config import RetrievalConfig
from retrieval.index.word_list import WordList
from retrieval.language_direction import load_direction
from retrieval.protocols import Embedder, Scorer

if TYPE_CHECKING:
    from generator.fathom_small.generator import FathomSmall
    from generator.fathom_small.memory_cache import MemoryCache
    from generator.quoting.generator import Relevance

GENERATOR = "fathom-small"
logger = logging.getLogger(__name__)

MODELS = ("count_tokens", "embedder", "generator", "reranker")
VOCABULARY = Path("tokenizer") / "fathom_bpe.tiktoken"
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


class Runtime:
    """Settings, database, models and indexes of a process; share it between threads, close it at the end."""

    def __init__(self, settings: Settings, parts: Parts) -> None:
        """Nothing is opened or loaded yet."""
        self.settings = settings
        self.db = Database(settings.url)
        self.blobs = BlobStore(settings.blobs_dir)
        self.passages = SqlPassageStore(self.db)
        self._parts = parts
        self._loading = threading.RLock()
        self._load_errors: dict[str, str] = {}

    @property
    def embedder(self) -> Embedder:
        """The encoder of passages and questions, loaded once."""
        with self._loading:
            return self._embedder

    @property
    def language_direction(self) -> NDArray[np.float32] | None:
        """Difference of the encoder's vectors between languages (float32 [D]); None if not measured."""
        with self._loading:
            return self._language_direction

    @cached_property
    def words(self) -> WordList:
        """Word list of both languages; read on first use."""
        return WordList(self.settings.models_dir / WORDS)

    @property
    def encoder_id(self) -> str:
        """Id of the encoder of this process, read without loading it.

        Raises:
            UnavailableError: There is none in the models' folder.
        """
        with self._loading:
            return self._embedder.model_id if "_embedder" in self.__dict__ else self._encoder_id

    @property
    def count_tokens(self) -> CountTokens:
        """Counts the tokens of a text by the shipped vocabulary."""
        with self._loading:
            return self._vocabulary[0]

    @property
    def vocabulary_id(self) -> str:
        """Hash of the vocabulary."""
        with self._loading:
            return self._vocabulary[1]

    @property
    def generator(self) -> Generator:
        """The model that reads passages and answers, loaded once."""
        with self._loading:
            return self._generator

    @property
    def reranker(self) -> Scorer | None:
        """The configured cross-encoder, loaded once; None where none is configured and the generator reranks."""
        with self._loading:
            return self._reranker

    @property
    def sentence_vectors(self) -> SentenceVectorCache:
        """Sentence vectors of the chunks last compressed, shared by all collections."""
        with self._loading:
            return self._sentence_vectors

    @property
    def indexes(self) -> IndexRegistry:
        """Open indexes of this process."""
        with self._loading:
            return self._indexes

    def warm_up(self) -> None:
        """Load all models now. A model that fails to load is reported by `model_states` and raises on its next use."""
        for name in self._models:
            try:
                getattr(self, name)
            except Exception as error:
                self._load_errors[name] = str(error)
                logger.exception("a model can't be loaded", extra={"model": name})

    def model_states(self) -> list[tuple[str, bool, str]]:
        """Name, loaded or not, and reason of failure, for each model."""
        loaded = {"count_tokens": "_vocabulary"}
        return [
            (name, True, "loaded")
            if loaded.get(name, f"_{name}") in self.__dict__
            else (name, False, self._load_errors.get(name, "loading"))
            for name in self._models
        ]

    @property
    def _models(self) -> Sequence[str]:
        """Those that these settings ask for."""
        return MODELS if self.settings.retrieval.reranker is not None else MODELS[:-1]

    def collection_index(self, collection_id: str) -> CollectionIndex:
        """Dense and lexical index of a collection, up to date with the last commit of any process.

        Raises:
            NotFoundError: There is no such collection.
        """
        return self.indexes.get(collection_id)

    def refresh_open_index(self, collection_id: str) -> None:
        """Catch up at once where this process has the collection open; others do so before they search."""
        if "_indexes" in self.__dict__:
            self._indexes.refresh_if_open(collection_id)

    def drop_index(self, collection_id: str) -> None:
        """Forget the index of a deleted collection and remove its files."""
        if "_indexes" in self.__dict__:
            self._indexes.drop(collection_id)
        else:
            remove_index_files(self.settings.indexes_dir, collection_id)

    def close(self) -> None:
        """Write the index snapshots that are due, and close files and connections."""
        if "_indexes" in self.__dict__:
            self._indexes.close()
        self.db.close()

    @cached_property
    def _embedder(self) -> Embedder:
        return self._parts.embedder(self.settings)

    @cached_property
    def _language_direction(self) -> NDArray[np.float32] | None:
        return load_direction(self.settings.models_dir / "encoder", self._embedder.model_id)

    @cached_property
    def _encoder_id(self) -> str:
        return self._parts.encoder_id(self.settings)

    @cached_property
    def _vocabulary(self) -> tuple[CountTokens, str]:
        return self._parts.count_tokens(self.settings)

    @cached_property
    def _generator(self) -> Generator:
        return self._parts.generator(self.settings)

    @cached_property
    def _reranker(self) -> Scorer | None:
        path = self.settings.retrieval.reranker
        return None if path is None else _load_reranker(path, self.settings)

    @cached_property
    def _sentence_vectors(self) -> SentenceVectorCache:
        return SentenceVectorCache(
            self._embedder, RetrievalConfig().sentence_cache, self.passages.sentence_vectors
        )

    @cached_property
    def _indexes(self) -> IndexRegistry:
        retrieval = self.settings.retrieval
        config = IndexConfig(
            dim=self._embedder.dim,
            model_id=self._embedder.model_id,
            exact_below=retrieval.exact_below,
            snapshot_every=retrieval.snapshot_every,
            words=self.words,
        )
        return IndexRegistry(self.db, self.settings.indexes_dir, config)


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
    runtime = Runtime(settings, parts or shipped_parts())
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


def shipped_parts() -> Parts:
    """The parts that ship with the program."""
    return Parts(
        embedder=_load_embedder,
        encoder_id=_read_encoder_id,
        count_tokens=_load_vocabulary,
        generator=_load_generator,
    )


def _load_embedder(settings: Settings) -> Embedder:
    # Imported late: torch takes seconds, and a process that embeds nothing should not wait for it.
    from retrieval.embedder import SentenceTransformerEmbedder
    from retrieval.errors import EncoderError

    try:
        return SentenceTransformerEmbedder(
            settings.models_dir / "encoder", device=settings.device, threads=settings.threads
        )
    except EncoderError as error:
        raise _missing("encoder", str(error)) from error


def _read_encoder_id(settings: Settings) -> str:
    from retrieval.encoder_id import encoder_id
    from retrieval.errors import EncoderError

    try:
        return encoder_id(settings.models_dir / "encoder")
    except EncoderError as error:
        raise _missing("encoder", str(error)) from error


def _load_generator(settings: Settings) -> Generator:
    if settings.generator == "fathom-small":
        return _load_fathom_small(settings)
    # only where its judgement or its memories are asked for
    small = cache(lambda: _load_fathom_small(settings))

    def relevance(question: str, passages: Sequence[SourcePassage]) -> Sequence[float]:
        return small().relevance(question, passages)

    if settings.generator == "openai":
        from generator.openai.generator import OpenAIGenerator
        from ingestion.sentences import split_sentences

        return OpenAIGenerator(model_server(settings), split_sentences, relevance)
    return _load_deepseek(settings, relevance, lambda: small().reader.memories)


def _load_deepseek(
    settings: Settings, relevance: "Relevance", memories: "Callable[[], MemoryCache]"
) -> Generator:
    from generator.deepseek.generator import DeepseekGenerator
    from generator.deepseek.loading import load_local_model
    from generator.errors import CheckpointError
    from ingestion.sentences import split_sentences

    folder = settings.deepseek.folder
    assert folder is not None
    try:
        model = load_local_model(folder, device=settings.device)
        return DeepseekGenerator(model, split_sentences, relevance, memories() if model.is_fused else None)
    except CheckpointError as error:
        raise UnavailableError(
            "checkpoint_missing",
            f"The model can't be loaded: {error}.",
            "Fetch the files of the model again, or correct FATHOM_DEEPSEEK__FOLDER; `fathom doctor` tries it.",
        ) from error


def _load_fathom_small(settings: Settings) -> "FathomSmall":
    # Imported here: an installation without the model can still ingest and search.
    from generator.errors import CheckpointError
    from generator.fathom_small.loading import load_generator
    from retrieval.encoder_weights import encoder_state
    from retrieval.errors import EncoderError

    encoder = settings.models_dir / "encoder"
    try:
        return load_generator(
            settings.models_dir / GENERATOR,
            encoder_state=encoder_state(encoder),
            tokenizer_path=encoder / "tokenizer.json",
        )
    except (CheckpointError, EncoderError, OSError) as error:
        raise _missing("generator", str(error)) from error


def _load_reranker(path: Path, settings: Settings) -> Scorer:
    from retrieval.cross_encoder import CrossEncoderScorer
    from retrieval.errors import EncoderError

    try:
        return CrossEncoderScorer(path, device=settings.device)
    except EncoderError as error:
        raise UnavailableError(
            "reranker_missing",
            f"The reranker can't be loaded: {error}.",
            "Correct FATHOM_RETRIEVAL__RERANKER, or unset it: then the generator's own relevance head reranks.",
        ) from error


def _load_vocabulary(settings: Settings) -> tuple[CountTokens, str]:
    from ingestion.errors import VocabularyError
    from ingestion.tokens import load_vocabulary

    path = settings.models_dir / VOCABULARY
    try:
        encoding = load_vocabulary(path)
    except VocabularyError as error:
        raise _missing("vocabulary", str(error)) from error

    def count(text: str) -> int:
        tokens: Sequence[int] = encoding.encode_ordinary(text)
        return len(tokens)

    return count, hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _missing(what: str, detail: str) -> UnavailableError:
    return UnavailableError(
        f"{what}_missing",
        f"The {what} can't be loaded: {detail}.",
        "Restore the folder `models` from the distribution, or correct FATHOM_MODELS_DIR.",
    )
