"""What stays of an answer when documents that it was made from are gone."""

import pytest

from app.answers.citations import citations_of
from app.answers.types import AnswerSpan
from app.library.blanking import NOTES, Gone, blanked
from app.schemas.answers import ANSWER_EXAMPLE, AnswerOut

NOTE = NOTES["en"]
GONE = {"doc_a": Gone(text="Ducks eat weeds. Ducks sleep at night, with one eye open.")}


def answer(*runs, question="What do they do?", **more):
    """An answer of runs `(text, document)`; None for one that was written."""
    text, spans = "", []
    for said, document in runs:
        spans.append(
            {
                "answer_start": len(text),
                "answer_end": len(text) + len(said),
                "kind": "copied" if document else "written",
                "chunk": 1 if document else None,
                "document": document,
                "start": 0 if document else None,
                "end": len(said) if document else None,
            }
        )
        text += said
    cited = citations_of(text, [AnswerSpan(**span) for span in spans])
    citations = [
        {
            "n": number,
            "answer_start": one.answer_start,
            "answer_end": one.answer_end,
            "document": {"id": one.document, "name": f"{one.document}.md", "title": "Old"},
            "chunk": one.chunk,
            "page": None,
            "start": one.start,
            "end": one.end,
            "quote": text[one.answer_start : one.answer_end],
            "before": "",
            "after": " Ducks sleep",
            "score": 1.0,
        }
        for number, one in enumerate(cited, 1)
    ]
    plain = {"text": text, "spans": spans, "citations": citations, "question": question, "phrase": ""}
    return ANSWER_EXAMPLE | plain | {"emphasis": [], "parts": [], "unsupported": []} | more


def check(result):
    """Every range lies in the text, spans cover it in order, citations still say what they quote."""
    AnswerOut.model_validate(result)
    text, at = result["text"], 0
    for span in result["spans"]:
        assert at <= span["answer_start"] < span["answer_end"] <= len(text)
        at = span["answer_end"]
    for citation in result["citations"]:
        assert text[citation["answer_start"] : citation["answer_end"]] == citation["quote"]
    for one in result["erased"]:
        assert text[one["answer_start"] : one["answer_end"]] in NOTES.values()
    for name in ("emphasis", "parts", "unsupported"):
        assert all(0 <= one["answer_start"] < one["answer_end"] <= len(text) for one in result[name])


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([("Ducks eat weeds.", "doc_a")], NOTE),
        ([("Ducks eat weeds.", "doc_b")], "Ducks eat weeds."),
        ([("Ducks eat weeds. ", "doc_a"), ("Geese graze.", "doc_b")], f"{NOTE} Geese graze."),
        ([("Geese graze. ", "doc_b"), ("Ducks eat weeds.", "doc_a")], f"Geese graze. {NOTE}"),
        ([("Ducks eat weeds", "doc_a"), (", ", None), ("Ducks sleep", "doc_a"), (".", None)], f"{NOTE}."),
        ([("They say: ", None), ("Ducks eat weeds.", "doc_a"), (" So.", None)], NOTE),
        ([("- ", None), ("Ducks", "doc_a"), ("\n- ", None), ("Geese", "doc_b")], f"- {NOTE}\n- Geese"),
        ([("So: ", None), ("Geese graze.", "doc_b")], "So: Geese graze."),
        ([("Ducks sleep at night, it says. ", None), ("Geese graze.", "doc_b")], f"{NOTE} Geese graze."),
        ([("Ducks nap at noon, it says. ", None), ("Geese graze.", "doc_b")], None),
    ],
)
def test_words_go_with_their_document(runs, expected):
    before = answer(*runs)
    result = blanked(before, GONE)
    check(result)
    assert result["text"] == (before["text"] if expected is None else expected)
    assert "doc_a" not in str(result)
    if result["text"] == before["text"]:
        assert result == before


def test_what_points_into_the_text_moves_with_it():
    parts = [
        {"answer_start": 0, "answer_end": 16, "kind": "item"},
        {"answer_start": 17, "answer_end": 29, "kind": "item"},
    ]
    before = answer(
        ("Ducks eat weeds.\n", "doc_a"),
        ("Geese graze.", "doc_b"),
        phrase="Geese",
        emphasis=[{"answer_start": 17, "answer_end": 22}],
        parts=parts,
        unsupported=[{"answer_start": 0, "answer_end": 16}],
    )
    result = blanked(before, GONE)
    check(result)
    text = result["text"]
    said = [text[one["answer_start"] : one["answer_end"]] for one in (*result["emphasis"], *result["parts"])]
    assert said == ["Geese", NOTE, "Geese graze."]
    assert (result["phrase"], result["unsupported"]) == ("Geese", [])
    assert blanked(before, {"doc_b": Gone(text="Geese graze.")})["phrase"] == ""


def test_blanking_again_for_another_document_keeps_one_note_for_each_stretch():
    before = answer(("Ducks eat weeds. ", "doc_a"), ("Geese graze. ", "doc_b"), ("Swans rest.", "doc_c"))
    once = blanked(before, GONE)
    twice = blanked(once, {"doc_c": Gone(text="Swans rest.")})
    assert twice["text"] == f"{NOTE} Geese graze. {NOTE}"
    assert blanked(twice, {"doc_b": Gone(text="Geese graze.")})["text"] == NOTE
    assert (once["erased_sources"], twice["erased_sources"]) == (1, 2)
    check(twice)


def test_passages_beside_an_answer_go_and_the_words_of_others_stay():
    source = {
        "document": {"id": "doc_a", "name": "a", "title": "A"},
        "chunk": 1,
        "page": None,
        "start": 0,
        "end": 5,
    }
    also = [source | {"quote": "Ducks", "score": 0.1}]
    result = blanked(answer(("So: ", None), ("Geese graze.", "doc_b"), also=also), GONE)
    check(result)
    assert (result["text"], result["also"], result["erased_sources"]) == ("So: Geese graze.", [], 1)


def test_a_new_version_keeps_what_it_says_too_and_its_title():
    replaced = {"doc_a": Gone(text="Ducks eat weeds. Ducks sleep.", now="Now: Ducks eat weeds.", title="New")}
    before = answer(("Ducks eat weeds. ", "doc_a"), ("Ducks sleep.", "doc_a"))
    before["spans"][1]["start"] += 100
    result = blanked(before, replaced)
    check(result)
    assert result["text"] == f"Ducks eat weeds. {NOTE}"
    (citation,) = result["citations"]
    assert (citation["document"]["title"], citation["after"]) == ("New", "")


def test_the_note_is_in_the_language_of_the_question():
    assert blanked(answer(("鸭子吃草。", "doc_a"), question="鸭子吃什么？"), GONE)["text"] == NOTES["zh"]


def test_an_answer_of_an_earlier_program_is_taken_as_it_is():
    old = {"question": "Why?", "text": "Ducks eat weeds.", "spans": []}
    assert blanked(old, GONE)["text"] == NOTE
    assert blanked(old, {"doc_z": Gone(text="Nothing of this kind.")}) == old


def test_where_nobody_knows_what_a_document_said_all_written_words_go():
    before = answer(("Something was written.", None))
    assert blanked(before, {"doc_z": Gone(text=None)})["text"] == NOTE
