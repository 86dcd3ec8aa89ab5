"""Every way to tamper with the trail, and the row that is named for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.audit.chain import GENESIS, Head, digest, hashed, is_whole, output_salt, question_salt, tampering
from app.db.audit import AuditRecord, TrailState

SALT = "5a17" * 8 + "c0de" * 8


def trail(count: int = 10) -> list[AuditRecord]:
    records, previous = [], GENESIS
    for number in range(1, count + 1):
        record = hashed(
            AuditRecord(
                seq=number,
                at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
                event="answer",
                actor="somebody",
                subject=f"ans_{number}",
                body='{"verdicts":[]}',
                question_digest=digest(question_salt(SALT), f"question {number}"),
                output_digest=digest(output_salt(SALT), f"output {number}"),
                question=f"question {number}",
                output=f"output {number}",
                salt=SALT,
                previous=previous,
                hash="",
            )
        )
        records.append(record)
        previous = record.hash
    return records


TRAIL = trail()


def ending_at(records: list[AuditRecord]) -> TrailState:
    return TrailState(base_seq=0, base_hash=GENESIS, seq=records[-1].seq, hash=records[-1].hash)


STATE = ending_at(TRAIL)
HEAD = Head(seq=10, hash=TRAIL[9].hash)


def rehashed(records: list[AuditRecord], first: int) -> list[AuditRecord]:
    """Rows from a number on, hashed anew, so that the chain holds."""
    done = list(records[: first - 1])
    for record in records[first - 1 :]:
        previous = done[-1].hash if done else GENESIS
        done.append(hashed(replace(record, seq=len(done) + 1, previous=previous)))
    return done


def changed(number: int, **fields: object) -> list[AuditRecord]:
    return [replace(record, **fields) if record.seq == number else record for record in TRAIL]


def without(*numbers: int) -> list[AuditRecord]:
    return [record for record in TRAIL if record.seq not in numbers]


def renumbered(records: list[AuditRecord]) -> list[AuditRecord]:
    return [replace(record, seq=number) for number, record in enumerate(records, 1)]


FORGED = hashed(replace(TRAIL[4], actor="forger"))
SWAPPED = sorted(
    [*without(4, 7), replace(TRAIL[6], seq=4), replace(TRAIL[3], seq=7)], key=lambda record: record.seq
)
TAMPERED: dict[str, tuple[list[AuditRecord], set[tuple[int, int, str]]]] = {
    "a field changed": (changed(5, actor="b"), {(5, 5, "changed")}),
    "a moment changed": (changed(5, at=datetime(2027, 1, 1, tzinfo=UTC)), {(5, 5, "changed")}),
    "a body changed": (changed(5, body="{}"), {(5, 5, "changed")}),
    "a question changed": (changed(5, question="other"), {(5, 5, "changed")}),
    "an output changed": (changed(5, output="other"), {(5, 5, "changed")}),
    "a salt removed": (changed(5, salt=None), {(5, 5, "changed")}),
    "the question's half of a salt left, its output there": (
        changed(5, salt=question_salt(SALT)),
        {(5, 5, "changed")},
    ),
    "a digest changed": (changed(5, output_digest="0" * 64), {(5, 5, "changed")}),
    "a hash changed": (changed(5, hash="0" * 64), {(5, 5, "changed")}),
    "a row changed and hashed anew": (changed(5, actor="forger", hash=FORGED.hash), {(5, 5, "changed")}),
    "the last row changed": (changed(10, actor="b"), {(10, 10, "changed")}),
    "the first row changed": (changed(1, actor="b"), {(1, 1, "changed")}),
    "two rows changed": (
        [replace(record, actor="b") if record.seq in {3, 8} else record for record in TRAIL],
        {(3, 3, "changed"), (8, 8, "changed")},
    ),
    "a row removed": (without(5), {(5, 5, "removed")}),
    "rows removed": (without(5, 6, 7), {(5, 7, "removed")}),
    "the first row removed": (without(1), {(1, 1, "removed")}),
    "the last rows removed": (without(9, 10), {(9, 10, "removed")}),
    "all rows removed": ([], {(1, 10, "removed")}),
    "a row changed, another removed": (
        [record for record in changed(5, body="{}") if record.seq != 8],
        {(5, 5, "changed"), (8, 8, "removed")},
    ),
    "two rows swapped": (SWAPPED, {(4, 4, "moved"), (7, 7, "moved")}),
    "a row removed, those behind renumbered": (
        renumbered(without(5)),
        {(5, 5, "removed"), *((number, number, "moved") for number in range(5, 10))},
    ),
    "a row added, those behind renumbered": (
        renumbered([*TRAIL[:4], hashed(replace(FORGED, seq=5)), *TRAIL[4:]]),
        {(5, 5, "added"), *((number, number, "moved") for number in range(6, 12))},
    ),
    "a row added behind the end": (
        [*TRAIL, hashed(replace(FORGED, seq=11, previous=TRAIL[9].hash))],
        {(11, 11, "added")},
    ),
    "all rows from one on hashed anew": (rehashed(changed(5, actor="b"), 5), {(1, 10, "rehashed")}),
}
"""What was done, and number, last number and kind that are told for it."""


def told(records: list[AuditRecord], state: TrailState, *heads: Head) -> set[tuple[int, int, str]]:
    return {(one.seq, one.last, one.kind) for one in tampering(records, state, heads)}


def test_an_untouched_trail_is_whole():
    assert is_whole(TRAIL, STATE)
    assert told(TRAIL, STATE, HEAD) == set()


@pytest.mark.parametrize(("records", "rows"), TAMPERED.values(), ids=TAMPERED)
def test_what_was_done_is_named_with_its_row(records, rows):
    assert not is_whole(records, STATE)
    assert told(records, STATE) == rows


@pytest.mark.parametrize(
    "records",
    [
        TRAIL[:8],
        rehashed(changed(5, actor="b"), 5),
        rehashed(without(5), 5),
        rehashed(changed(10, body="{}"), 10),
    ],
    ids=["truncated", "changed", "removed", "the last changed"],
)
def test_a_forger_who_corrects_everything_is_found_by_a_head_that_was_kept(records):
    state = ending_at(records)
    assert is_whole(records, state)
    assert told(records, state, HEAD) != set()


def test_an_older_head_narrows_what_was_hashed_anew():
    forged = rehashed(changed(5, actor="b"), 5)
    kept = (Head(seq=3, hash=TRAIL[2].hash), Head(seq=9, hash=TRAIL[8].hash))
    assert told(forged, ending_at(forged), *kept) == {(4, 9, "rehashed")}


def test_erased_texts_leave_the_chain_whole():
    erased = [replace(record, question=None, output=None, salt=None) for record in TRAIL]
    assert is_whole(erased, STATE)
    answers_erased = [replace(record, output=None, salt=question_salt(SALT)) for record in TRAIL]
    assert is_whole(answers_erased, STATE)


def test_a_digest_left_behind_can_not_be_tried_against_guesses():
    assert digest("one", "question 1") != digest("two", "question 1")


def test_rows_that_retention_removed_are_not_missed():
    state = TrailState(base_seq=3, base_hash=TRAIL[2].hash, seq=10, hash=TRAIL[9].hash)
    assert is_whole(TRAIL[3:], state)
    assert told(TRAIL[3:], state, HEAD) == set()
