"""Answers whose sources change or go: exactly they are marked, and asked again on demand."""

import pytest
from sqlalchemy import event

from app.answers import again, generate, reviews, run, stored
from app.answers.accept import Ask
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from tests.app.copying_generator import AttributingGenerator, CopyingGenerator

DOCUMENTS, FACTS = 40, 10


@pytest.fixture
def generator():
    return CopyingGenerator()


def fact(document: int, number: int) -> str:
    return f"The zorb{document}x{number} weighs {1000 + document * FACTS + number} grams."


def text_of(document: int, changed: dict[int, str] | None = None) -> str:
    lines = [(changed or {}).get(number, fact(document, number)) for number in range(FACTS)]
    return f"# Zorbs of shelf {document}\n\n" + "\n\n".join(lines) + "\n"


def take_in(runtime, work, collection, texts):
    uploads = [Upload(name=name, blob=runtime.blobs.put(text.encode())) for name, text in texts.items()]
    taken = record_uploads(runtime, collection, uploads)
    work()
    return {item.view.document.name: item.view.document.id for item in taken}


def asked(runtime, collection, question):
    return run.answer(runtime, Ask(collections=(collection,), question=question)).answer


@pytest.fixture
def shelf(runtime, work):
    collection = collections.create(runtime.db, name="zorbs").row.id
    take_in(runtime, work, collection, {f"{n}.md": text_of(n) for n in range(3)})
    return collection


def outdated(runtime, **wanted) -> dict[str, str]:
    found, cursor = {}, None
    while True:
        page = stored.page(runtime.db, stored.Wanted(outdated=True, **wanted), cursor, 100, lambda _: False)
        found |= {answer.id: answer.outdated.reason for answer in page.items}
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.slow
def test_of_400_answers_an_edit_of_one_document_marks_exactly_those_that_stand_on_it(runtime, work):
    collection = collections.create(runtime.db, name="zorbs").row.id
    ids = take_in(runtime, work, collection, {f"{n}.md": text_of(n) for n in range(DOCUMENTS)})
    answers = [
        asked(runtime, collection, f"What weighs the zorb{n}x{m}?")
        for n in range(DOCUMENTS)
        for m in range(FACTS)
    ]
    assert len(answers) == 400
    assert outdated(runtime) == {}
    changed = {2: "The zorb7x2 weighs nothing any more.", 5: "There is no zorb here."}
    before = {fact(7, number) for number in changed}
    expected = {answer.id for answer in answers if before & {one.quote for one in answer.citations}}
    assert 0 < len(expected) < 20
    statements: list[str] = []
    event.listen(runtime.db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    take_in(runtime, work, collection, {"7.md": "A new line.\n\n" + text_of(7, changed)})
    assert outdated(runtime) == dict.fromkeys(expected, "source_changed")
    # found by the index of documents: no statement reads answers but those that were made from this one
    ranges = [one for one in statements if "FROM answer_ranges" in one and one.startswith("SELECT")]
    with runtime.db.read() as session:
        ask = session.connection().exec_driver_sql
        plan = ask("EXPLAIN QUERY PLAN SELECT id FROM answer_ranges WHERE document_id = 'x' AND changed IS 0")
        assert "ix_answer_ranges_document_id_changed" in plan.all()[0][3]
    assert ranges
    # another edit, which brings a sentence back, marks nobody else, and takes no mark away
    take_in(runtime, work, collection, {"7.md": text_of(7)})
    assert outdated(runtime) == dict.fromkeys(expected, "source_changed")
    documents.delete(runtime, ids["9.md"])
    gone = {a.id for a in answers if any(one.document.id == ids["9.md"] for one in a.citations)}
    assert outdated(runtime) == dict.fromkeys(expected, "source_changed") | dict.fromkeys(gone, "source_gone")


def test_a_range_is_followed_through_several_versions(runtime, work, shelf):
    answer = asked(runtime, shelf, "What weighs the zorb1x4?")
    for number in range(3):
        take_in(runtime, work, shelf, {"1.md": "Another line.\n\n" * (number + 1) + text_of(1)})
        assert outdated(runtime) == {}
    take_in(runtime, work, shelf, {"1.md": text_of(1, {4: "The zorb1x4 weighs 7 grams."})})
    assert outdated(runtime) == {answer.id: "source_changed"}
    told = stored.get(runtime.db, answer.id, in_work=False)
    assert [source.name for source in told.outdated.documents] == ["1.md"]


def test_the_same_bytes_again_and_a_document_of_others_mark_nothing(runtime, work, shelf):
    asked(runtime, shelf, "What weighs the zorb1x4?")
    take_in(runtime, work, shelf, {"1.md": text_of(1), "2.md": text_of(2, {4: "Nothing."})})
    assert outdated(runtime) == {}


def test_what_is_gone_outranks_what_changed(runtime, work, shelf):
    answer = asked(runtime, shelf, "What weighs the zorb1x4?")
    take_in(runtime, work, shelf, {"1.md": text_of(1, {4: "The zorb1x4 weighs 7 grams."})})
    assert outdated(runtime) == {answer.id: "source_changed"}
    collections.delete(runtime, shelf)
    told = stored.get(runtime.db, answer.id, in_work=False)
    assert (told.outdated.reason, told.outdated.documents) == ("source_gone", ())


def test_a_refusal_stands_on_nothing(runtime, work, shelf):
    refused = asked(runtime, shelf, "Xylograph?")
    assert not refused.answerable
    take_in(runtime, work, shelf, {f"{n}.md": "All is new here.\n" for n in range(3)})
    assert outdated(runtime) == {}


def test_a_source_that_changes_while_the_answer_is_made_marks_it_at_once(runtime, work, shelf):
    pending = run.begin(runtime, Ask(collections=(shelf,), question="What weighs the zorb1x4?"))
    outcome = generate.generate(runtime, pending, lambda _: None, lambda: None)
    take_in(runtime, work, shelf, {"1.md": text_of(1, {4: "Nothing at all."})})
    answer = run._store(runtime, pending, outcome, ())
    assert outdated(runtime) == {answer.id: "source_changed"}


class TestWritten:
    @pytest.fixture
    def generator(self):
        return AttributingGenerator(spoil=" So they say.")

    def test_written_words_stand_on_what_they_attended_to(self, runtime, work, shelf):
        """The whole passage, that is: a sentence beside the one that was copied counts, too."""
        answer = asked(runtime, shelf, "What weighs the zorb1x4?")
        assert {span.kind for span in answer.spans} == {"copied", "written"}
        take_in(runtime, work, shelf, {"1.md": text_of(1, {5: "The zorb1x5 weighs 7 grams."})})
        assert outdated(runtime) == {answer.id: "source_changed"}


class TestUntold:
    @pytest.fixture
    def generator(self):
        return CopyingGenerator(spoil=" Whatever that may mean to anybody.")

    def test_a_sentence_of_unknown_origin_stands_on_all_that_was_read(self, runtime, work, shelf):
        answer = asked(runtime, shelf, "What weighs the zorb1x4?")
        assert answer.unsupported
        take_in(runtime, work, shelf, {"2.md": text_of(2, {5: "The zorb2x5 weighs 7 grams."})})
        assert outdated(runtime) == {answer.id: "source_changed"}


def test_an_answer_is_asked_again_and_says_whether_it_differs(runtime, work, shelf):
    answer = asked(runtime, shelf, "What weighs the zorb1x4?")
    take_in(runtime, work, shelf, {"1.md": text_of(1, {4: "The zorb1x4 weighs 7 grams."})})
    new = run.answer(runtime, again.ask_of(runtime.db, answer.id)).answer
    told = stored.get(runtime.db, new.id, in_work=False)
    assert (told.text, told.renews, told.change) == ("The zorb1x4 weighs 7 grams.", answer.id, "changed")
    before = stored.get(runtime.db, answer.id, in_work=False)
    assert (before.renewed_by, before.outdated.reason) == (new.id, "source_changed")
    assert outdated(runtime) == {}
    third = run.answer(runtime, again.ask_of(runtime.db, new.id)).answer
    assert stored.get(runtime.db, third.id, in_work=False).change == "same"


def test_a_review_asks_all_outdated_answers_again(runtime, work, shelf):
    answers = [asked(runtime, shelf, f"What weighs the zorb1x{n}?") for n in range(6)]
    changed = {n: f"The zorb1x{n} weighs {n} grams." for n in (1, 3)}
    around = {n: f"{fact(1, n)} As ever." for n in (0,)}
    take_in(runtime, work, shelf, {"1.md": text_of(1, changed | around)})
    assert set(outdated(runtime)) == {answers[n].id for n in (1, 3)}
    review = reviews.start(runtime.db, "zorbs")
    assert reviews.start(runtime.db, shelf).id == review.id
    seen = []
    assert reviews.work(runtime, told=seen.append)
    assert [view.done for view in seen] == [1, 2]
    view = reviews.get(runtime.db, review.id)
    assert (view.state, view.total, view.outcomes) == ("done", 2, {"changed": 2})
    pairs = reviews.changes(runtime.db, review.id, None, 10).items
    assert {pair.before.id for pair in pairs} == {answers[1].id, answers[3].id}
    assert {pair.after.text for pair in pairs} == set(changed.values())
    assert outdated(runtime) == {}
    assert not reviews.work(runtime)


def test_a_cancelled_review_keeps_what_it_did(runtime, work, shelf):
    for n in range(4):
        asked(runtime, shelf, f"What weighs the zorb1x{n}?")
    take_in(runtime, work, shelf, {"1.md": text_of(1, {n: f"Zorb1x{n} is lost to us." for n in range(4)})})
    review = reviews.start(runtime.db, shelf)
    assert reviews.work(runtime, told=lambda view: reviews.cancel(runtime.db, view.id))
    view = reviews.get(runtime.db, review.id)
    assert (view.state, view.total, view.done) == ("cancelled", 4, 1)
    assert len(outdated(runtime)) == 3


def test_a_review_goes_on_where_a_process_died(runtime, work, shelf, monkeypatch):
    for n in range(3):
        asked(runtime, shelf, f"What weighs the zorb1x{n}?")
    take_in(runtime, work, shelf, {"1.md": text_of(1, {n: f"Zorb1x{n} weighs {n} grams." for n in range(3)})})
    review = reviews.start(runtime.db, shelf)

    class KilledError(BaseException):
        pass

    def die(view):
        raise KilledError

    with pytest.raises(KilledError):
        reviews.work(runtime, told=die)
    assert not reviews.work(runtime)  # the lease lasts
    monkeypatch.setattr(
        reviews, "LEASE_S", 0.0
    )  # and is not believed where it is longer than those that are given
    assert reviews.work(runtime)
    view = reviews.get(runtime.db, review.id)
    assert (view.state, view.outcomes) == ("done", {"changed": 3})
