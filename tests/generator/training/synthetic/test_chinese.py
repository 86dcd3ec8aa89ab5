"""Chinese forms: the question word stands where the span stood, with the subject that the sentence has."""

import random
import re

import pytest

from generator.training.synthetic.chinese import chinese_questions, topic_of
from generator.training.synthetic.spans import Kind

PARTS = {
    word: part
    for part, words in {
        "nr": "毕耀明 李春",
        "ns": "香港 长江 武汉",
        "nt": "清华大学",
        "n": "警务处 大桥 文件系统 电影 公司",
        "b": "分布式",
        "v": "加入 耗资 跨越 设计 建成 毕业于 是 支持 主演 成立",
        "p": "于 由 在",
        "r": "他 这",
        "q": "种 座",
        "m": "一",
        "ul": "了",
    }.items()
    for word in words.split()
}


WORD = re.compile("|".join([*sorted(PARTS, key=len, reverse=True), r"\d+", "[A-Za-z]+", r"(?s:.)"]))


def tag(text: str) -> list[tuple[str, str]]:
    """The words above; other characters alone."""
    return [
        (word, PARTS.get(word, "eng" if word.isascii() and word.isalpha() else "x"))
        for word in WORD.findall(text)
    ]


def made(sentence: str, topic: str = "") -> dict[str, tuple[Kind, str]]:
    questions = [
        q for seed in range(12) for q in chinese_questions(sentence, topic, tag, random.Random(seed))
    ]
    assert all(len(q.answers) == 1 for q in questions)
    return {q.question.rstrip("？"): (q.kind, sentence[slice(*q.answers[0])]) for q in questions}


@pytest.mark.parametrize(
    ("sentence", "topic", "question", "kind", "answer"),
    [
        ("毕耀明于1978年加入香港警务处。", "", "毕耀明于哪一年加入香港警务处", "when", "1978年"),
        ("公司大桥成立于1978年5月6日。", "公司大桥", "公司大桥是哪一天成立的", "when", "1978年5月6日"),
        ("长江大桥耗资30亿元建成。", "", "长江大桥耗资多少元建成", "how many", "30亿元"),
        ("武汉长江大桥跨越长江，由李春设计建成。", "", "武汉长江大桥由谁设计建成", "who", "李春"),
        ("毕耀明毕业于清华大学。", "", "毕耀明毕业于哪所大学", "which", "清华大学"),
        ("长江大桥在武汉建成。", "", "长江大桥在哪里建成", "where", "武汉"),
        ("毕耀明主演了电影《英雄年代》。", "", "毕耀明主演了哪部电影", "what", "《英雄年代》"),
        ("JuiceFS是一种分布式文件系统。", "", "JuiceFS是什么", "what", "一种分布式文件系统"),
        ("他于1978年加入香港警务处。", "毕耀明", "毕耀明于哪一年加入香港警务处", "when", "1978年"),
    ],
)
def test_the_question_word_stands_in_place(
    sentence: str, topic: str, question: str, kind: str, answer: str
) -> None:
    assert made(sentence, topic)[question] == (Kind(kind), answer)


@pytest.mark.parametrize(
    "sentence", ["他于1978年加入香港警务处。", "这座大桥在武汉建成。", "大桥。", "成立于1978年。", ""]
)
def test_without_a_subject_nothing_is_asked(sentence: str) -> None:
    assert made(sentence) == {}


def test_brackets_are_left_out_of_questions_and_ranges_still_fit() -> None:
    assert made("毕耀明（Brian）于1978年加入香港警务处。")["毕耀明于哪一年加入香港警务处"] == (
        Kind.WHEN,
        "1978年",
    )


def test_a_page_that_begins_with_its_title_has_a_topic() -> None:
    assert topic_of("毕耀明 毕耀明（Brian）为校长。") == "毕耀明"
    assert topic_of("毕耀明为校长。") == ""
