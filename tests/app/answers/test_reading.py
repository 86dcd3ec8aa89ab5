"""Passages of a search as a generator reads them."""

from app.answers.reading import source_passage
from retrieval.types import ContextPassage, Hit, Passage

PASSAGE = Passage(
    chunk_id=7, document_id="d", text="One. Two.", start=100, end=109, sentences=[(100, 104), (105, 109)]
)


def context(likeness: tuple[float, ...]) -> ContextPassage:
    return ContextPassage(
        passage=PASSAGE, hit=Hit(chunk_id=7, score=1.0), kept=((105, 109),), likeness=likeness
    )


def test_ranges_are_counted_from_the_passage_and_rank_is_a_weight() -> None:
    found = source_passage(context((0.5, -0.5)), rank=2)
    assert (found.kept, found.sentences) == ([(5, 9)], [(0, 4), (5, 9)])
    assert found.weight == 0.5


def test_the_likeness_of_sentences_goes_along_where_each_has_one() -> None:
    assert source_passage(context((0.5, -0.5)), rank=1).likeness == (0.5, -0.5)
    assert source_passage(context((0.5,)), rank=1).likeness == ()
    assert source_passage(context(()), rank=1).likeness == ()
