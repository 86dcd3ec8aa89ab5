"""The generators of answers: the shipped model, a model server, or a published checkpoint."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from app.composition.device import check_device
from app.composition.encoder import ENCODER
from app.composition.model_client import model_server
from app.errors import MissingModelError, UnavailableError
from app.settings.schema import Settings
from generator.types import Generator, SourcePassage

if TYPE_CHECKING:
    from generator.fathom_small.generator import FathomSmall
    from generator.fathom_small.memory_cache import MemoryCache
    from generator.quoting.generator import Relevance

GENERATOR = "fathom-small"


def load_generator(settings: Settings) -> Generator:
    """Load the model that reads passages and answers, as configured.

    Raises:
        UnavailableError: Its weights are missing or damaged, or the configured device is missing.
    """
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

    check_device(settings)
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
    from generator.fathom_small import loading
    from retrieval.encoder_weights import encoder_state
    from retrieval.errors import EncoderError

    check_device(settings)
    encoder = settings.models_dir / ENCODER
    try:
        return loading.load_generator(
            settings.models_dir / GENERATOR,
            encoder_state=encoder_state(encoder),
            tokenizer_path=encoder / "tokenizer.json",
            device=settings.device,
        )
    except (CheckpointError, EncoderError, OSError) as error:
        raise MissingModelError(model="generator", detail=str(error)) from error
