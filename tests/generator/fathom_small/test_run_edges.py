"""Signs at the edges of copied runs are left out; what is said stays verbatim, and nothing inside is lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.fathom_small.actions import Action
from generator.fathom_small.decoding import Step
from generator.fathom_small.run_edges import tidy, trimmed
from generator.types import Ink, Token


def said(source: str, pieces: list[str]) -> list[Token]:
    """Copy neighbouring pieces of a source one by one."""
    at = source.index("".join(pieces))
    steps = []
    for number, piece in enumerate(pieces):
        action, name = (Action.NEXT, "next") if number else (Action.COPY, "copy")
        token = Token(
            text=piece,
            ink=Ink.COPIED,
            passage="p",
            start=at,
            end=at + len(piece),
            action="next" if name == "next" else "copy",
        )
        steps.append(Step(action, number, (token,)))
        at += len(piece)
    tokens = [token for step in tidy([*steps, Step(Action.STOP, 0)]) for token in step.tokens]
    assert all(source[t.start : t.end] == t.text for t in tokens)
    return tokens


@pytest.mark.parametrize(
    ("source", "pieces", "text"),
    [
        ("--upload-limit=4M", ["=", "4", "M"], "4M"),
        ("--upload-limit=4M", ["=4", "M"], "4M"),
        ("默认值：4096）", ["：", "4096", "）"], "4096"),
        ("默认值：4096）", ["：4096）"], "4096"),
        ("（参见 4096）", ["（参见", " 4096", "）"], "（参见 4096）"),
        ("May 21, 2018, in", ["May", " 21", ",", " 2018", ","], "May 21, 2018"),
        ("f(x)) is", ["f(x", "))"], "f(x)"),
        ("路径 /mnt/jfs。", ["/mnt", "/jfs", "。"], "/mnt/jfs。"),
        ("the U.S. army", ["the", " U", ".", "S", "."], "the U.S."),
        ("《水调歌头》（", ["《水调", "歌头", "》", "（"], "《水调歌头》"),
        ("at most (4MiB) each", [" (4", "MiB"], "4MiB"),
        ("at most ([ 4MiB])", ["(", "[ ", "4", "MiB"], "4MiB"),
        ("(see p. 4) is", ["(see", " p. 4", ")"], "(see p. 4)"),
        ("(a) and (b", ["(a", ") and", " (", "b"], "(a) and (b"),
        ("“你好，", ["“", "你好", "，"], "你好"),
        ("`` White Christmas '' (1942)", ["White", " Christmas", " ''"], "White Christmas"),
        ("`` White Christmas '' (1942)", ["``", " White", " Christmas", " ''"], "`` White Christmas ''"),
        ("''White Christmas'' (1942)", ["''", "White", " Christmas", "''"], "''White Christmas''"),
        ('sang "White Christmas" in', ["White", " Christmas", '"'], "White Christmas"),
        ('sang "White Christmas" in', [' "', "White", " Christmas", '"'], '"White Christmas"'),
        ('and "so", he said', ["and", ' "', "so", '"', ","], 'and "so"'),
        ("he is 6'2\" tall", ["6", "'", "2", '"'], "6'2\""),
        ("the boys' room", ["the", " boys", "'"], "the boys'"),
    ],
)
def test_signs_at_the_edges_go_and_those_inside_stay(source: str, pieces: list[str], text: str) -> None:
    assert "".join(token.text for token in said(source, pieces)) == text


def test_nothing_but_signs_says_nothing() -> None:
    assert said("a = b", [" = "]) == []


def test_a_run_as_one_token_keeps_its_range() -> None:
    token = Token(text="：4096）", ink=Ink.COPIED, passage="p", start=3, end=9, action="copy")
    assert (trimmed(token).text, trimmed(token).start, trimmed(token).end) == ("4096", 4, 8)


def test_a_sign_waits_until_it_is_known_to_be_inside() -> None:
    first, second, third = (
        Step(Action.COPY, 0, (Token(text="3", ink=Ink.COPIED, passage="p", start=0, end=1, action="copy"),)),
        Step(Action.NEXT, 1, (Token(text=":", ink=Ink.COPIED, passage="p", start=1, end=2, action="next"),)),
        Step(Action.NEXT, 2, (Token(text="30", ink=Ink.COPIED, passage="p", start=2, end=4, action="next"),)),
    )
    given = ["".join(token.text for token in step.tokens) for step in tidy([first, second, third])]
    assert given == ["3", "", ":30"]


def test_a_bracket_waits_for_its_partner_and_all_steps_stay() -> None:
    pieces = ["(", "b", ")", " c"]
    steps = [
        Step(
            Action.NEXT if at else Action.COPY,
            at,
            (
                Token(
                    text=piece, ink=Ink.COPIED, passage="p", start=at, end=at + len(piece),
                    action="next" if at else "copy",
                ),
            ),
        )
        for at, piece in enumerate(pieces)
    ]  # fmt: skip
    given = list(tidy([*steps, Step(Action.STOP, 0)]))
    assert [step.action for step in given] == [*(step.action for step in steps), Action.STOP]
    assert ["".join(token.text for token in step.tokens) for step in given] == ["", "", "(b)", " c", ""]


def test_a_run_that_ends_while_it_waits_is_told_before_the_next() -> None:
    copied = Token(text="(4", ink=Ink.COPIED, passage="p", start=0, end=2, action="copy")
    own = Token(text="bytes", ink=Ink.WRITTEN, action="write")
    given = list(tidy([Step(Action.COPY, 0, (copied,)), Step(Action.WRITE, 0, (own,))]))
    assert [[token.text for token in step.tokens] for step in given] == [[], ["4", "bytes"]]
    assert [[t.text for t in step.tokens] for step in tidy([Step(Action.COPY, 0, (copied,))])] == [["4"]]


def test_words_of_its_own_are_left_as_they_are() -> None:
    token = Token(text=", ", ink=Ink.WRITTEN, action="write")
    assert [step.tokens for step in tidy([Step(Action.WRITE, 0, (token,))])] == [(token,)]


@given(st.lists(st.text("ab（）()=：, 。“”", min_size=1, max_size=4), min_size=1, max_size=6))
def test_what_is_said_is_one_stretch_of_the_source_without_edges(pieces: list[str]) -> None:
    source = "".join(pieces)
    tokens = said(source, pieces)
    text = "".join(token.text for token in tokens)
    assert text in source
    assert text == "" or not (text[0] in "=：, ）)”" or text[-1] in "=：, （(“")
    assert all(a.end == b.start for a, b in pairwise(tokens))
