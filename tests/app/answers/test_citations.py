import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.answers.citations import UnknownPassageError, citations_of, to_document
from app.db.surroundings import REACH
from generator.types import Ink, Span
from retrieval.types import Passage

TEXT = "Water boils at 100 degrees. 水在一百度沸腾。 Ice melts at zero."


def passage(chunk, start, end, document="doc_a"):
    return Passage(chunk_id=chunk, document_id=document, text=TEXT[start:end], start=start, end=end)


PASSAGES = {"1": passage(1, 0, 28), "2": passage(2, 28, len(TEXT)), "3": passage(3, 0, 28, "doc_b")}


def copied(at, key, start, end):
    return Span(
        answer_start=at, answer_end=at + end - start, ink=Ink.COPIED, passage=key, start=start, end=end
    )


def written(start, end):
    return Span(answer_start=start, answer_end=end, ink=Ink.WRITTEN)


def test_passage_ranges_become_document_ranges():
    (span,) = to_document([copied(0, "2", 0, 8)], PASSAGES)
    assert (span.document, span.start, span.end) == ("doc_a", 28, 36)
    assert TEXT[span.start : span.end] == "水在一百度沸腾。"


def test_neighbouring_runs_are_one_also_across_chunks():
    (span,) = to_document([copied(0, "1", 15, 19), copied(4, "1", 19, 28), copied(13, "2", 0, 3)], PASSAGES)
    assert (span.start, span.end, span.answer_end, span.chunk) == (15, 31, 16, 1)


def test_runs_apart_in_text_or_answer_or_document_stay_apart():
    apart_in_text = [copied(0, "1", 0, 5), copied(5, "1", 6, 11)]
    other_document = [copied(0, "1", 0, 5), copied(5, "3", 5, 11)]
    ink_between = [copied(0, "1", 0, 5), written(5, 6), copied(6, "1", 5, 11)]
    assert [len(to_document(s, PASSAGES)) for s in (apart_in_text, other_document, ink_between)] == [2, 2, 3]


def test_citations_leave_out_white_space_and_bare_punctuation():
    spans = to_document([copied(0, "1", 5, 12), written(7, 9), copied(9, "1", 26, 27)], PASSAGES)
    (cited,) = citations_of(" boils  x.", spans)
    assert TEXT[cited.start : cited.end] == "boils"
    assert (cited.answer_start, cited.answer_end) == (1, 6)


def test_a_run_may_begin_before_its_passage_and_end_behind_it():
    (span,) = to_document([copied(0, "2", -13, 8)], PASSAGES)
    assert (span.chunk, span.start, span.end) == (2, 15, 36)
    (cited,) = citations_of(TEXT[15:36], [span])
    assert TEXT[cited.start : cited.end] == "100 degrees. 水在一百度沸腾。"
    (behind,) = to_document([copied(0, "1", 15, 36)], PASSAGES)
    assert (behind.chunk, behind.start, behind.end) == (1, 15, 36)


def test_a_run_from_one_passage_into_the_next_is_one_whichever_it_was_found_by():
    (span,) = to_document([copied(0, "1", 15, 36), copied(21, "2", 8, 13)], PASSAGES)
    assert (span.start, span.end, span.answer_end) == (15, 41, 26)


@pytest.mark.parametrize(
    "span",
    [
        copied(0, "9", 0, 3),
        copied(0, "1", -1, 3),  # before the document
        copied(0, "2", -29, 3),
        copied(0, "1", 0, 29 + REACH),
        copied(0, "1", 3, 2),
    ],
)
def test_a_passage_that_was_not_given_can_not_be_cited(span):
    with pytest.raises(UnknownPassageError):
        to_document([span], PASSAGES)


@given(st.lists(st.tuples(st.sampled_from("12"), st.integers(0, 20), st.integers(1, 7)), max_size=8))
def test_each_citation_equals_what_the_answer_says_there(runs):
    answer, spans = "", []
    for key, start, length in runs:
        run = PASSAGES[key].text[start : start + length]
        spans.append(copied(len(answer), key, start, start + len(run)))
        answer += run
    for cited in citations_of(answer, to_document(spans, PASSAGES)):
        assert TEXT[cited.start : cited.end] == answer[cited.answer_start : cited.answer_end]
