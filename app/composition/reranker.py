"""The configured cross-encoder."""

from app.composition.device import check_device
from app.errors import UnavailableError
from app.settings.schema import Settings
from retrieval.protocols import Scorer


def load_reranker(settings: Settings) -> Scorer | None:
    """Load the cross-encoder; None where none is configured and the generator reranks.

    Raises:
        UnavailableError: It is missing or damaged, or the configured device is missing.
    """
    path = settings.retrieval.reranker
    if path is None:
        return None
    from retrieval.cross_encoder import CrossEncoderScorer
    from retrieval.errors import EncoderError

    check_device(settings)
    try:
        return CrossEncoderScorer(path, device=settings.device)
    except EncoderError as error:
        raise UnavailableError(
            "reranker_missing",
            f"The reranker can't be loaded: {error}.",
            "Correct FATHOM_RETRIEVAL__RERANKER, or unset it: then the generator's own relevance head reranks.",
        ) from error
