"""Scores of the word index."""

from retrieval.index.lexical import TantivyIndex


def test_a_word_that_nearly_all_texts_have_tells_little() -> None:
    index = TantivyIndex()
    texts = [f"Fathom page {number}" for number in range(20)]
    index.add(range(20), [*texts[:19], "Fathom and a walrus"])
    index.commit()
    ((_, common),) = index.search("What is Fathom?", 1)
    ((_, rare),) = index.search("What is a walrus?", 1)
    assert common < 0.1
    assert rare > 0.8
