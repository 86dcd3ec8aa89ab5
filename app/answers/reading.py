"""A passage that retrieval found, as a generator reads it."""

from app.db.surroundings import Surroundings
from generator.types import SourcePassage, TextBlock
from retrieval.types import ContextPassage


def source_passage(
    item: ContextPassage, rank: int, weight: float = 1.0, around: Surroundings | None = None
) -> SourcePassage:
    """A passage as the generator takes it: ranges relative to its text, and retrieval's rank (from 1) as a prior.

    On development questions against their eight nearest passages, a weight of 1 / rank let the right passage win more
    often than the reader alone.

    Args:
        item: The passage with the ranges of it that compression left.
        rank: From 1.
        weight: As the caller of the answer gave it.
        around: The text around the passage; None where answers must not reach beyond it.
    """
    passage = item.passage
    return SourcePassage(
        key=str(passage.chunk_id),
        text=passage.text,
        kept=[(start - passage.start, end - passage.start) for start, end in item.kept],
        sentences=[(start - passage.start, end - passage.start) for start, end in passage.sentences],
        likeness=item.likeness if len(item.likeness) == len(passage.sentences) else (),
        weight=weight / rank,
        before=around.before if around else "",
        after=around.after if around else "",
        blocks=[
            TextBlock(kind=kind, start=start - passage.start, end=end - passage.start, level=level)
            for kind, start, end, level in (around.blocks if around else ())
        ],
        headings=[text for text in (passage.title, *passage.heading_path) if text],
    )
