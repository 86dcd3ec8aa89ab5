"""Sentence bounds: abbreviations, decimals, quotes, lists, wrapped lines; nothing visible is lost."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sentences import sentences_of, split_sentences
from ingestion.types import Block, BlockKind


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他说：“你好。今天不错！”然后走了。", ["他说：“你好。", "今天不错！”", "然后走了。"]),
        ("真的吗？！是的……好吧。", ["真的吗？！", "是的……", "好吧。"]),
        ("（见附件一。）本法自公布之日起施行。", ["（见附件一。）", "本法自公布之日起施行。"]),
        ("价格是3.5元，版本2.0.1可用。", ["价格是3.5元，版本2.0.1可用。"]),
        ("显存24GB。It uses 3.5 GB.然后继续。", ["显存24GB。", "It uses 3.5 GB.", "然后继续。"]),
        (
            "Dr. Smith met J. K. Rowling in Jan. 2020. He left.",
            ["Dr. Smith met J. K. Rowling in Jan. 2020.", "He left."],
        ),
        ("See Fig. 3, e.g. the table. It is out!", ["See Fig. 3, e.g. the table.", "It is out!"]),
        ('"Really?" she asked. "Yes." Then they met.', ['"Really?" she asked.', '"Yes."', "Then they met."]),
        ('他说。"你好。"她答。', ["他说。", '"你好。"', "她答。"]),
        ("They met at 5 p.m. The end.", ["They met at 5 p.m.", "The end."]),
        ("No way... he said. Wait... Now.", ["No way... he said.", "Wait...", "Now."]),
        ("1. First item. 2. Second item.", ["1. First item.", "2. Second item."]),
        ("no mark at all", ["no mark at all"]),
        ("   ", []),
    ],
)
def test_sentences_are_found(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_wrapped_lines_are_one_sentence() -> None:
    text = (
        "This paragraph was wrapped by a program that breaks lines\nat a fixed width, so that a sentence ends in the"
        "\nmiddle of a line. And the next one goes on in the very\nsame way."
    )
    assert [sentence[-5:] for sentence in split(text)] == ["line.", " way."]


def test_lines_of_a_list_are_sentences_of_their_own() -> None:
    assert split("第一条 为了规范。\n第二条 适用本法：\n（一）甲；\n（二）乙。") == [
        "第一条 为了规范。",
        "第二条 适用本法：",
        "（一）甲；",
        "（二）乙。",
    ]


def test_code_and_tables_go_by_line() -> None:
    text = "a. b\n\n  c! d\n"
    for kind in (BlockKind.CODE, BlockKind.TABLE):
        spans = sentences_of(text, Block(kind=kind, start=0, end=len(text)))
        assert [text[start:end] for start, end in spans] == ["a. b", "c! d"]


def test_a_heading_is_one_sentence() -> None:
    text = "What is this? A heading. Yes!"
    assert sentences_of(text, Block(kind=BlockKind.HEADING, start=0, end=len(text))) == [(0, len(text))]


MIXED = st.text(alphabet=st.sampled_from("中文字。！？……”“）（；，、 \n.!?\"'ab A1—etc"), max_size=300)


@given(MIXED)
def test_ranges_ascend_and_hold_every_visible_character(text: str) -> None:
    spans = split_sentences(text)
    position = 0
    for start, end in spans:
        assert position <= start < end
        assert not text[position:start].strip()
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        position = end
    assert not text[position:].strip()


@given(MIXED, MIXED)
def test_a_range_of_a_text_is_split_like_that_text_alone(before: str, text: str) -> None:
    whole = before + "\n\n" + text
    offset = len(before) + 2
    assert split_sentences(whole, offset) == [
        (start + offset, end + offset) for start, end in split_sentences(text)
    ]


@pytest.mark.parametrize("run", [".", "。", "…", "\n", '"', " .", "!)", "Mr. ", "a.\n", ". "])
def test_time_is_linear_on_hostile_runs(run: str) -> None:
    text = "x" + run * 40_000 + "x"
    started = time.process_time()
    split_sentences(text)
    assert time.process_time() - started < 5
