"""Each answer is a record of the trail; what is erased goes from there too, and the trail stays whole."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from app import housekeeping
from app.answers import run, stored
from app.answers.accept import Ask
from app.audit import trail
from app.db.types import utc_now
from app.intake.mapping import parsing_limits
from app.intake.record import Upload, record_uploads
from app.library import collections, documents, lexicons, proving
from app.safety.types import Lexicon
from app.search import searching
from tests.app.copying_generator import AttributingGenerator

VAULT = "# Quuxbergen\n\nThe vault of Quuxbergen opens with seventeen brass keys, kept by the baker.\n"
QUESTION = "Which keys open the vault of Quuxbergen?"


@pytest.fixture
def generator():
    return AttributingGenerator(spoil=" Surely.")


@pytest.fixture
def vaults(runtime, work):
    collection = collections.create(runtime.db, name="vaults").row.id
    record_uploads(runtime, collection, [Upload(name="a.md", blob=runtime.blobs.put(VAULT.encode()))])
    work()
    return collection


def records(runtime, event="answer"):
    rows = [json.loads(line) for line in trail.export(runtime.db)]
    return [row for row in rows if row["event"] == event]


def is_whole(runtime):
    return not trail.verify(runtime.db).found


def configured(runtime, **audit):
    kept = runtime.settings.audit.model_copy(update=audit)
    return replace(runtime, settings=runtime.settings.model_copy(update={"audit": kept}))


def test_an_answer_is_recorded_with_what_was_asked_found_read_cited_and_told(runtime, vaults):
    answer = run.answer(runtime, Ask(collections=(vaults,), question=QUESTION, actor="anna")).answer
    (row,) = records(runtime)
    body = row["body"]
    assert (row["actor"], row["subject"]) == ("anna", answer.id)
    assert (row["question"], row["output"]) == (QUESTION, answer.text)
    assert (body["status"], body["model"], body["collections"]) == ("done", "copying@1", [vaults])
    (chunk,) = body["found"]
    (cited,) = answer.citations
    assert body["read"] == [[chunk, cited.document.id]]
    assert body["cited"] == [[cited.document.id, chunk, cited.start, cited.end]]
    assert body["ms"] > 0
    assert body["verdicts"] == []
    assert "brass" not in json.dumps(body)
    assert is_whole(runtime)


def test_the_record_of_a_blocked_question_says_so_and_who_asked_what(runtime, vaults):
    lexicons.put(runtime.db, Lexicon(name="hard", level="block", words=["vault"]))
    answer = run.answer(runtime, Ask(collections=(vaults,), question=QUESTION)).answer
    (row,) = records(runtime)
    assert "vault" not in answer.question
    assert row["question"] == QUESTION
    assert row["body"]["reason"] == "question_filtered"
    verdict = {"place": "question", "level": "block", "source": "hard", "version": 1, "count": 1}
    assert row["body"]["verdicts"] == [verdict]


def test_a_failure_is_recorded_with_its_code(runtime, vaults, monkeypatch):
    pending = run.begin(runtime, Ask(collections=(vaults,), question=QUESTION))
    monkeypatch.setattr("app.answers.run.generate", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run.complete(runtime, pending)
    (row,) = records(runtime)
    assert (row["body"]["status"], row["body"]["code"]) == ("failed", "internal_error")


def test_searches_are_recorded_where_that_is_asked_for(runtime, vaults):
    searching.search(runtime, [vaults], "brass keys")
    assert records(runtime, "search") == []
    recording = configured(runtime, searches=True)
    result = searching.search(recording, [vaults], "brass keys", actor="anna")
    (row,) = records(runtime, "search")
    (hit,) = result.retrieved.hits
    assert (row["actor"], row["question"], row["output"]) == ("anna", "brass keys", None)
    assert row["body"]["found"] == [[hit.chunk_id, result.documents[hit.chunk_id].id]]


def test_nothing_is_recorded_of_answers_where_that_is_switched_off(runtime, vaults):
    run.answer(configured(runtime, answers=False), Ask(collections=(vaults,), question=QUESTION))
    assert records(runtime) == []


def test_without_texts_the_digests_are_kept_alone(runtime, vaults):
    run.answer(configured(runtime, keep_text=False), Ask(collections=(vaults,), question=QUESTION))
    (row,) = records(runtime)
    assert (row["question"], row["output"], row["salt"]) == (None, None, None)
    assert row["question_digest"]
    assert is_whole(runtime)


def findings(runtime, document, file):
    wanted = proving.wanted(runtime.db, document, file, parsing_limits(runtime.settings.limits))
    return [f"{one.place}: {one.what}" for one in proving.findings(runtime, runtime.settings, wanted)]


@pytest.mark.parametrize("by", ["id", "file"])
def test_a_deleted_document_goes_from_the_trail_which_stays_whole(runtime, vaults, tmp_path, by):
    file = tmp_path / "a.md"
    file.write_text(VAULT)
    answer = run.answer(runtime, Ask(collections=(vaults,), question=QUESTION)).answer
    document = answer.citations[0].document.id
    head = trail.head(runtime.db)
    given = file if by == "file" else None
    assert any("table audit_records" in one for one in findings(runtime, document, file))
    documents.delete(runtime, document)
    (row,) = records(runtime)
    assert (row["question"], row["output"]) == (QUESTION, None)
    assert row["body"]["cited"]
    assert not trail.verify(runtime.db, [head]).found
    assert findings(runtime, document, given) == []


def test_of_a_deleted_answer_the_record_keeps_its_hashes_and_no_text(runtime, vaults):
    answer = run.answer(runtime, Ask(collections=(vaults,), question=QUESTION)).answer
    stored.delete(runtime, answer.id)
    (row,) = records(runtime)
    assert (row["question"], row["output"], row["salt"]) == (None, None, None)
    assert row["output_digest"]
    assert is_whole(runtime)


def test_the_record_of_an_answer_that_was_deleted_while_it_was_made_has_no_text(runtime, vaults):
    pending = run.begin(runtime, Ask(collections=(vaults,), question=QUESTION))
    stored.delete(runtime, pending.id)
    run.complete(runtime, pending)
    (row,) = records(runtime)
    assert (row["subject"], row["question"], row["output"]) == (pending.id, None, None)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "＝", "\u3000＠", "\r"])
def test_no_cell_of_the_export_for_spreadsheets_is_a_formula(runtime, vaults, start):
    formula = f"{start}cmd|' /C calc'!A0 \"keys\",x"
    run.answer(runtime, Ask(collections=(vaults,), question=f"keys\n{formula}", actor=formula))
    text = "".join(trail.export_csv(runtime.db))
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    row = next(row for row in rows if "answer" in row)
    cells = dict(zip(head, row, strict=True))
    assert (cells["seq"], cells["actor"]) == (str(len(rows)), f"'{formula}")
    assert not any(cell.strip(" \u3000")[:1] in set("=+-@\t\r\n＝＋－＠") for cell in row if cell)


def test_old_texts_and_old_records_go_when_their_time_is_over(runtime, vaults, monkeypatch):
    run.answer(runtime, Ask(collections=(vaults,), question=QUESTION))
    later = utc_now() + timedelta(days=10)
    monkeypatch.setattr(housekeeping, "utc_now", lambda: later)
    housekeeping.expire(configured(runtime, keep_text_days=11))
    assert records(runtime)[0]["question"] == QUESTION
    housekeeping.expire(configured(runtime, keep_text_days=9))
    assert records(runtime)[0]["question"] is None
    housekeeping.expire(configured(runtime, keep_days=9))
    assert records(runtime) == []
    assert [row["event"] for row in map(json.loads, trail.export(runtime.db))] == ["audit.pruned"]
    assert is_whole(runtime)
