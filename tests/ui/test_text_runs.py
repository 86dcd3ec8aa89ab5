"""Cutting text into runs loses nothing, and marks exactly what was asked for."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ui.text_runs import answer_blocks, answer_runs, hit_runs, passage_runs, quote_runs, source_view

# Characters outside the first plane count as one here and as two in a browser.
TEXT = st.text(alphabet="ab 深度𝔸🐋.\n", max_size=200)


@st.composite
def texts_with_ranges(draw: Any) -> tuple[str, list[tuple[int, int]]]:
    text = draw(TEXT)
    bounds = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return text, [(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=False) if a < b]


def joined(runs: list[dict[str, Any]], name: str | None = None) -> str:
    return "".join(r["t"] for r in runs if "t" in r and (name is None or name in r["c"].split()))


@given(texts_with_ranges())
def test_runs_of_an_answer_give_its_text_and_its_copied_text(case: tuple[str, list[tuple[int, int]]]) -> None:
    text, ranges = case
    spans = [{"answer_start": a, "answer_end": b, "kind": "copied"} for a, b in ranges]
    citations = [{"n": n, "answer_start": a, "answer_end": b} for n, (a, b) in enumerate(ranges, 1)]
    runs = answer_runs({"text": text, "spans": spans, "citations": citations})
    assert joined(runs) == text
    assert joined(runs, "copied") == "".join(text[a:b] for a, b in ranges)
    assert [r["chip"] for r in runs if "chip" in r] == [c["n"] for c in citations]


def test_a_chip_stands_behind_what_it_backs() -> None:
    answer = {
        "text": "It is 4 tonnes a day.",
        "spans": [
            {"answer_start": 0, "answer_end": 6, "kind": "written"},
            {"answer_start": 6, "answer_end": 14, "kind": "copied"},
            {"answer_start": 14, "answer_end": 21, "kind": "written"},
        ],
        "citations": [{"n": 1, "answer_start": 6, "answer_end": 14}],
    }
    assert answer_runs(answer) == [
        {"t": "It is ", "c": "written"},
        {"t": "4 tonnes", "c": "copied", "n": 1},
        {"chip": 1},
        {"t": " a day.", "c": "written"},
    ]


def test_the_phrase_stands_out_in_its_sentence() -> None:
    answer = {
        "text": "It sinks 4 tonnes a day.",
        "spans": [{"answer_start": 0, "answer_end": 24, "kind": "copied"}],
        "citations": [{"n": 1, "answer_start": 0, "answer_end": 24}],
        "emphasis": [{"answer_start": 9, "answer_end": 17}],
    }
    assert answer_runs(answer) == [
        {"t": "It sinks ", "c": "copied", "n": 1},
        {"t": "4 tonnes", "c": "copied", "n": 1, "strong": True},
        {"t": " a day.", "c": "copied", "n": 1},
        {"chip": 1},
    ]
    assert not any("strong" in run for run in answer_runs(answer | {"emphasis": []}))


def parts_of(text: str, *said: tuple[str, str]) -> list[dict[str, Any]]:
    places = [(text.index(part), part, kind) for part, kind in said]
    return [{"answer_start": at, "answer_end": at + len(part), "kind": kind} for at, part, kind in places]


def test_parts_are_blocks_and_code_keeps_its_white_space() -> None:
    text = "Do so:\n\nfor x in 1\n  do it\n\n- one\n  - two\na | b"
    answer = {
        "text": text,
        "spans": [{"answer_start": 0, "answer_end": len(text), "kind": "copied"}],
        "citations": [{"n": 1, "answer_start": 0, "answer_end": len(text)}],
        "parts": parts_of(
            text, ("Do so:", "heading"), ("for x in 1\n  do it", "code"), ("- one", "item"),
            ("  - two", "item"), ("a | b", "row"),
        ),
    }  # fmt: skip
    blocks = answer_blocks(answer)
    assert [(block["kind"], joined(block["runs"]), block.get("depth")) for block in blocks] == [
        ("heading", "Do so:", None),
        ("code", "for x in 1\n  do it", None),
        ("item", "- one", None),
        ("item", "  - two", 1),
        ("row", "a | b", None),
    ]
    assert [joined(block["runs"], "code") for block in blocks] == ["", "for x in 1\n  do it", "", "", ""]
    assert blocks[-1]["runs"][-1] == {"chip": 1}


def test_a_part_in_the_line_of_the_one_before_is_no_block_of_its_own() -> None:
    text = "Yes. It does so with: a.sh"
    parts = parts_of(text, ("Yes.", "text"), ("It does so", "text"), ("a.sh", "code"))
    blocks = answer_blocks({"text": text, "parts": parts})
    assert [(block["kind"], joined(block["runs"])) for block in blocks] == [
        ("text", "Yes. It does so with: "),
        ("code", "a.sh"),
    ]


def test_without_parts_all_is_one_block() -> None:
    assert answer_blocks({"text": "a\n\nb"}) == [{"kind": "text", "runs": [{"t": "a\n\nb", "c": "written"}]}]
    assert answer_blocks({"text": ""}) == []


@given(texts_with_ranges(), texts_with_ranges(), st.lists(st.sampled_from(["text", "item", "code"])))
def test_blocks_lose_nothing_but_white_space(
    case: tuple[str, list[tuple[int, int]]], other: tuple[str, list[tuple[int, int]]], kinds: list[str]
) -> None:
    text, ranges = case
    parts = [
        {"answer_start": a, "answer_end": b, "kind": kind}
        for (a, b), kind in zip(ranges, kinds, strict=False)
    ]
    citations = [{"n": n, "answer_start": a, "answer_end": b} for n, (a, b) in enumerate(other[1], 1)]
    blocks = answer_blocks({"text": text, "parts": parts, "citations": citations})
    drawn = "".join(joined(block["runs"]) for block in blocks)
    assert "".join(drawn.split()) == "".join(text.split())
    chips = [run["chip"] for block in blocks for run in block["runs"] if "chip" in run]
    assert sorted(chips) == [c["n"] for c in citations]


def test_a_hint_is_said_of_what_was_not_copied() -> None:
    answer = {
        "text": "It is 4 tonnes.",
        "spans": [
            {"answer_start": 0, "answer_end": 6, "kind": "written"},
            {"answer_start": 6, "answer_end": 15, "kind": "copied"},
        ],
        "citations": [{"n": 1, "answer_start": 6, "answer_end": 14}],
    }
    runs = answer_runs(answer, [(0, 6, "looked at krill"), (6, 15, "never")])
    assert runs[0] == {"t": "It is ", "c": "written", "hint": "looked at krill"}
    assert all("hint" not in run for run in runs if run.get("c") == "copied")


def test_a_sentence_that_nothing_backs_is_marked() -> None:
    answer = {
        "text": "4 tonnes. They sing.",
        "spans": [
            {"answer_start": 0, "answer_end": 9, "kind": "copied"},
            {"answer_start": 9, "answer_end": 20, "kind": "written"},
        ],
        "citations": [{"n": 1, "answer_start": 0, "answer_end": 9}],
        "unsupported": [{"answer_start": 10, "answer_end": 20}],
    }
    assert answer_runs(answer) == [
        {"t": "4 tonnes.", "c": "copied", "n": 1},
        {"chip": 1},
        {"t": " ", "c": "written"},
        {"t": "They sing.", "c": "written unsupported"},
    ]


def test_a_citation_of_text_that_was_taken_back_keeps_its_chip() -> None:
    answer = {"text": "short", "citations": [{"n": 3, "answer_start": 40, "answer_end": 50}]}
    assert {"chip": 3} in answer_runs(answer)


@given(texts_with_ranges(), st.integers(0, 250))
def test_the_highlight_of_a_source_is_the_quote(case: tuple[str, list[tuple[int, int]]], radius: int) -> None:
    text, ranges = case
    blocks = [{"kind": "heading", "start": a, "end": b} for a, b in ranges]
    content: Any = {"document_id": "d", "text": text, "blocks": blocks, "pages": []}
    marks = ranges[-1:]
    view = source_view(content, marks, radius=radius)
    assert joined(view.runs) == text[view.start : view.end]
    assert joined(view.runs, "hl") == "".join(text[a:b] for a, b in marks)


def test_pages_begin_where_they_begin() -> None:
    content: Any = {
        "document_id": "d", "text": "one\ntwo\nthree",
        "pages": [{"number": 1, "start": 0, "end": 4}, {"number": 2, "start": 4, "end": 13}],
    }  # fmt: skip
    runs = source_view(content, [(4, 7)]).runs
    assert runs == [
        {"page": 1},
        {"t": "one\n", "c": ""},
        {"page": 2},
        {"t": "two", "c": "hl"},
        {"t": "\nthree", "c": ""},
    ]


def test_a_long_document_is_shown_around_the_mark_only() -> None:
    content: Any = {
        "document_id": "d",
        "text": "x" * 100_000,
        "pages": [{"number": 7, "start": 0, "end": 100_000}],
    }
    view = source_view(content, [(50_000, 50_010)], radius=1000)
    assert (view.start, view.end, view.total) == (49_000, 51_010, 100_000)
    assert view.runs[0] == {"page": 7}


def test_kept_ranges_of_a_hit_are_given_in_its_document() -> None:
    hit: Any = {"text": "left kept left", "start": 1000, "kept": [{"start": 1005, "end": 1009}]}
    assert hit_runs(hit) == [
        {"t": "left ", "c": "cut"},
        {"t": "kept", "c": "kept"},
        {"t": " left", "c": "cut"},
    ]


def test_a_quote_is_shown_in_its_line() -> None:
    quote = {"quote": "4 tonnes", "before": "It is ", "after": " a day."}
    assert quote_runs(quote) == [
        {"t": "It is ", "c": "cut"},
        {"t": "4 tonnes", "c": "kept"},
        {"t": " a day.", "c": "cut"},
    ]
    assert quote_runs({"quote": "4 tonnes"}) == [{"t": "4 tonnes", "c": ""}]


def test_the_key_sentence_of_a_passage_is_told_from_the_rest() -> None:
    passage = {"quote": "One. 深🐋. Three.", "start": 100, "key_start": 105, "key_end": 108}
    assert passage_runs(passage) == [
        {"t": "One. ", "c": ""},
        {"t": "深🐋.", "c": "key"},
        {"t": " Three.", "c": ""},
    ]
    unknown = passage | {"key_start": None, "key_end": None}
    assert passage_runs(unknown) == [{"t": passage["quote"], "c": ""}]
