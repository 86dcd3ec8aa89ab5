"""What is shown beside an answer, or instead of one: nearest passages with their key sentence, what may answer too."""

import pytest

from app.answers.draft import NEAREST, Draft
from app.db.documents import serving_content
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from generator.types import SUPPORTED, Evidence, Ink, Token
from retrieval.types import ContextPassage, Hit
from tests.app.texts import DUCKS, GEESE

FILES = {"ducks": DUCKS, "geese": GEESE} | {
    word: f"# {word}\n\nThe {word} flies. It lives by the lake.".encode() for word in ("swan", "heron")
}


@pytest.fixture
def filled(runtime, work):
    collection = collections.get_or_create(runtime, "birds").row.id
    uploads = [Upload(name=f"{key}.md", blob=runtime.blobs.put(data)) for key, data in FILES.items()]
    record_uploads(runtime, collection, uploads)
    work()
    return sorted(runtime.passages.passages(range(1, 100)).values(), key=lambda passage: passage.chunk_id)


def draft(runtime, passages, kept=None):
    context = [
        ContextPassage(
            passage=passage,
            kept=kept or ((passage.start, passage.end),),
            hit=Hit(chunk_id=passage.chunk_id, score=0.5),
        )
        for passage in passages
    ]
    return Draft(runtime.db, context)


def evidence(passage, words, probability=0.3):
    start = passage.text.index(words)
    return Evidence(
        passage=str(passage.chunk_id), start=start, end=start + len(words), probability=probability
    )


def text_of(runtime, place, start, end):
    with runtime.db.read() as session:
        _, content = serving_content(session, place.document.id)
    return content.text[start:end]


def test_nearest_passages_come_in_the_order_of_the_evidence_with_the_key_sentence(runtime, filled):
    by_title = {passage.title: passage for passage in filled}
    swan, heron = by_title["swan"], by_title["heron"]
    told = [
        evidence(heron, "It lives by the lake."),
        evidence(swan, "The swan flies."),
        evidence(heron, "The heron flies."),
    ]
    relevance = {str(passage.chunk_id): 0.9 for passage in filled}
    near = draft(runtime, filled).nearest(relevance, told)
    assert len(near) == NEAREST
    assert [item.chunk for item in near[:2]] == [heron.chunk_id, swan.chunk_id]
    assert text_of(runtime, near[0], near[0].key_start, near[0].key_end) == "It lives by the lake.", (
        "the best"
    )
    assert text_of(runtime, near[1], near[1].key_start, near[1].key_end) == "The swan flies."
    for item in near:
        passage = next(p for p in filled if p.chunk_id == item.chunk)
        assert item.quote == passage.text
        assert (item.start, item.end) == (passage.start, passage.end)
        assert item.start <= item.key_start < item.key_end <= item.end


def test_without_evidence_relevance_decides_and_what_was_kept_first_is_marked(runtime, filled):
    passage = filled[1]
    relevance = {str(p.chunk_id): float(p is passage) for p in filled}
    (best, *_) = draft(runtime, filled).nearest(relevance)
    assert (best.chunk, best.score) == (passage.chunk_id, 1.0)
    place = (passage.start, passage.start + 5)
    (kept,) = draft(runtime, [passage], kept=(place, (passage.start + 6, passage.end))).nearest({})
    assert (kept.key_start, kept.key_end) == place
    assert kept.score == 0.5, "the score of the search"


def test_nearest_passages_of_a_deleted_document_are_left_out(runtime, filled):
    gone = filled[0]
    made = draft(runtime, filled)
    documents.delete(runtime, gone.document_id)
    near = made.nearest({str(gone.chunk_id): 1.0}, [evidence(gone, gone.text[:4])])
    assert near
    assert gone.chunk_id not in {item.chunk for item in near}


def test_other_evidence_is_given_in_the_coordinates_of_its_document(runtime, filled):
    told = [evidence(passage, passage.text[-12:], 0.2 / n) for n, passage in enumerate(filled, start=1)]
    also = draft(runtime, filled).alternatives(told)
    assert [item.quote for item in also] == [passage.text[-12:] for passage in filled]
    assert [item.score for item in also] == [item.probability for item in told]
    for item in also:
        assert text_of(runtime, item, item.start, item.end) == item.quote


def test_other_evidence_that_is_gone_or_was_never_given_is_left_out(runtime, filled):
    made = draft(runtime, filled[:2])
    told = [evidence(passage, passage.text[:4]) for passage in filled[:3]]
    assert [item.chunk for item in made.alternatives(told)] == [passage.chunk_id for passage in filled[:2]]
    documents.delete(runtime, filled[0].document_id)
    assert [item.chunk for item in made.alternatives(told)] == [filled[1].chunk_id]
    assert made.alternatives([]) == []


def copied(passage, words, support):
    start = passage.text.index(words)
    return Token(
        text=words,
        ink=Ink.COPIED,
        passage=str(passage.chunk_id),
        start=start,
        end=start + len(words),
        support=support,
    )


@pytest.mark.parametrize(
    ("support", "supported"), [(SUPPORTED, True), (SUPPORTED - 0.01, False), (None, None)]
)
def test_a_citation_tells_its_support_and_whether_it_is_enough(runtime, filled, support, supported):
    passage = next(passage for passage in filled if passage.title == "swan")
    made = draft(runtime, [passage])
    assert made.write(copied(passage, "The swan flies.", support)) == []
    (streamed,) = made.write(Token(text="\n", ink=Ink.WRITTEN))
    _, (settled,) = made.settle(made.text, made.spans)
    assert streamed == settled
    assert (settled.support, settled.supported) == (support, supported)


def test_a_citation_is_as_well_supported_as_the_least_of_its_runs(runtime, filled):
    passage = next(passage for passage in filled if passage.title == "swan")
    made = draft(runtime, [passage])
    made.write(copied(passage, "The swan ", 0.9))
    made.write(copied(passage, "flies.", 0.2))
    _, (cited,) = made.settle(made.text, made.spans)
    assert (cited.quote, cited.support, cited.supported) == ("The swan flies.", 0.2, False)
