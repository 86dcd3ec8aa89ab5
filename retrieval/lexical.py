"""Search by words: a question to ranked hits."""

from retrieval.protocols import LexicalIndex
from retrieval.types import Hit

STAGE = "lexical"


def search_lexical(
    index: LexicalIndex, question: str, k: int, allow: frozenset[int] | None = None
) -> list[Hit]:
    """Chunks that share words with a question.

    Args:
        index: Where to search.
        question: Any text.
        k: How many at most.
        allow: Chunk ids to choose from, or None for all.

    Returns:
        Hits with score (a share of the question, see `TantivyIndex.search`) and rank under "lexical", best first.
    """
    return [
        Hit(chunk_id=chunk_id, score=score, scores={STAGE: score}, ranks={STAGE: rank})
        for rank, (chunk_id, score) in enumerate(index.search(question, k, allow), start=1)
    ]
