"""Ranges of a text found again in its next version, or not where it says something else."""

import random

import pytest

from app.library.staleness import moved

OLD = (
    "# Ports\n\nThe server listens on port 8000 by default. Another port is set with --port.\n\n"
    "Is a proxy needed?\nYes.\n\nIs a key needed?\nNo.\n\n| port | use |\n| 8000 | the interface of programs |\n"
)


def place(text: str, said: str, nth: int = 0) -> tuple[int, int]:
    at = -1
    for _ in range(nth + 1):
        at = text.index(said, at + 1)
    return at, at + len(said)


@pytest.mark.parametrize(
    ("new", "said", "nth", "same"),
    [
        (OLD, "port 8000", 0, True),
        ("A line before.\n\n" + OLD, "port 8000", 0, True),
        (OLD.replace("8000 by", "9000 by"), "The server listens on port", 0, False),
        # the words stand elsewhere still, and the sentence they were copied from is another
        (OLD.replace("port 8000 by default", "port 9000, not on port 8000"), "port 8000", 0, False),
        (OLD.replace("with --port", "with --listen"), "port 8000", 0, True),
        (OLD.replace("Yes.", "No."), "Yes.", 0, False),
        (OLD.replace("Is a key needed?", "Is a token needed?"), "Yes.", 0, True),
        # a short answer counts with its question alone
        (OLD.replace("Is a key needed?\nNo.", "Is a key needed?\nYes."), "No.", 0, False),
        (OLD.replace("Is a proxy needed?\nYes.", "Is a proxy needed?\nNo."), "No.", 0, True),
        (OLD.replace("interface of programs", "interface of people"), "8000 | the interface", 0, False),
        (OLD.replace("by default. Another", "by default.  Another"), "port 8000", 0, True),
        ("", "port 8000", 0, False),
    ],
)  # fmt: skip
def test_a_range_is_the_same_where_its_sentence_is(new, said, nth, same):
    (found,) = moved(OLD, new, [place(OLD, said, nth)])
    assert (found is not None) == same
    if found is not None:
        assert said in new[slice(*found)]


def test_a_run_of_sentences_is_another_where_one_stands_between():
    both = place(OLD, "by default. Another port")
    assert moved(OLD, OLD.replace("default. Another", "default. Mostly. Another"), [both]) == [None]
    (found,) = moved(OLD, "Before.\n\n" + OLD, [both])
    assert found == (both[0] + 9, both[1] + 9)


def test_a_sentence_that_stood_twice_is_followed_by_what_stands_before_it():
    old = "Alpha begins.\nIt holds forty litres of water.\nBeta begins.\nIt holds forty litres of water.\n"
    new = old.replace("Beta begins.\nIt holds forty", "Beta begins.\nIt holds fifty")
    first, second = place(old, "It holds forty", 0), place(old, "It holds forty", 1)
    assert moved(old, new, [first, second]) == [first, None]


def test_generated_edits_change_their_own_sentences_and_no_others():
    chance = random.Random(7)
    for _ in range(30):
        facts = [f"Item {n} of this list weighs {chance.randrange(10**6)} grams." for n in range(40)]
        edited = set(chance.sample(range(40), 5))
        gone = set(chance.sample(range(40), 5))
        kept = [
            f"Item {n} of this list weighs nothing." if n in edited else fact
            for n, fact in enumerate(facts)
            if n not in gone
        ]
        kept.insert(chance.randrange(len(kept)), "An item of another list weighs more than all of them.")
        old, new = ("\n".join(lines) for lines in (facts, kept))
        found = moved(old, new, [place(old, fact) for fact in facts])
        assert {n for n, at in enumerate(found) if at is None} == edited | gone
        assert all(at is None or new[slice(*at)] == facts[n] for n, at in enumerate(found))
