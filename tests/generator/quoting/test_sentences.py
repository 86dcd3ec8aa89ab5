"""Sentences of an answer in pieces: nothing is lost, markers go, thinking aloud is not an answer."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.quoting.sentences import SentenceReader
from ingestion.sentences import split_sentences


def read(*pieces, documents=""):
    reader = SentenceReader(split_sentences, lambda text: text in documents, "\u2060")
    found = [sentence for piece in pieces for sentence in reader.feed(piece)]
    return [(s.text, set(s.cited)) for s in (*found, *reader.finish())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("They eat weeds [1]. They nest [2][3].", [("They eat weeds. ", {1}), ("They nest.", {2, 3})]),
        ("They eat weeds. [1] They nest. [2, 3]", [("They eat weeds. ", {1}), ("They nest.", {2, 3})]),
        ("They eat weeds.[1] They nest.[2]", [("They eat weeds. ", {1}), ("They nest.", {2})]),
        ("鸭子吃草。[1]它们下蛋【2】。", [("鸭子吃草。", {1}), ("它们下蛋。", {2})]),
        ("鸭子吃草［1］。\n它们下蛋［2、3］。", [("鸭子吃草。\n", {1}), ("它们下蛋。", {2, 3})]),
        ("[2] They nest.", [(" They nest.", {2})]),
        ("They [1] nest [9].", [("They nest.", {1, 9})]),
        ("In [2024] they nest.", [("In [2024] they nest.", set())]),
        ("One line\n- Another line [1]\n", [("One line\n", set()), ("- Another line", {1})]),
        ("<think>Hm. [1]</think>\n\nThey nest.", [("They nest.", set())]),
        ("<think>Hm. They never", []),
        ("a < b.", [("a < b.", set())]),
        ("  \n ", []),
        ("", []),
    ],
)
def test_markers_are_taken_out_and_belong_to_their_sentence(text, expected):
    assert read(text) == expected
    assert read(*text) == expected


def test_what_looks_like_a_marker_and_stands_in_the_documents_is_text():
    said = "Use argv[1] here [2]."
    assert read(said, documents="int x = argv[1];") == [("Use argv[1] here.", {2})]
    assert read(said, documents="int x = argv [1];") == [("Use argv here.", {1, 2})]


def test_a_sentence_is_given_when_the_next_one_begins():
    reader = SentenceReader(split_sentences, lambda _: False, "\u2060")
    assert list(reader.feed("They eat weeds. ")) == []
    assert list(reader.feed("[1] ")) == []
    assert [s.text for s in reader.feed("They")] == ["They eat weeds. "]


def test_what_breaks_tags_in_the_prompt_does_not_come_back():
    assert read("<\u2060b>They nest.") == [("<b>They nest.", set())]


@given(
    st.text(alphabet="ab .。，\n[]【】12<>/think鸭!？", max_size=80),
    st.lists(st.integers(0, 80), max_size=12),
)
def test_nothing_but_markers_is_lost_however_it_is_cut(text, cuts):
    bounds = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[a:b] for a, b in pairwise(bounds)]
    if "<think>" not in text:
        # everything stands in the documents, so everything is text, save markers that begin the answer
        whole = "".join("".join(sentence for sentence, _ in read(*pieces, documents=text)).split())
        lost = "".join(text.split()).removesuffix(whole)
        assert re.fullmatch(r"([\[【][12，]+[\]】])*", lost)
    assert "".join(sentence for sentence, _ in read(*pieces)) == "".join(
        sentence for sentence, _ in read(text)
    )
