"""Questions that ask several things."""

import pytest

from retrieval.decomposition import sub_questions


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "If the job dies, does it go on where it stopped? And how do I start it over?",
            (
                "If the job dies, does it go on where it stopped?",
                "If the job dies, how do I start it over?",
            ),
        ),
        (
            "Part A-17 looks off. By how many units, and what does one unit cost?",
            ("Part A-17 looks off. By how many units", "Part A-17 looks off. what does one unit cost?"),
        ),
        (
            "How long is the warranty and what does it cover?",
            ("How long is the warranty", "the warranty: what does it cover?"),
        ),
        (
            "13岁的孩子违法了会被处罚吗？如果是16岁呢？",
            ("13岁的孩子违法了会被处罚吗？", "16岁的孩子违法了会被处罚吗？"),
        ),
        (
            "工厂排污被罚了又不改，会怎么罚？从哪天开始算？",
            ("工厂排污被罚了又不改，会怎么罚？", "工厂排污被罚了又不改，从哪天开始算？"),
        ),
        (
            "Some nodes are inside, some outside. Which address do I give when I start, and which when I join?",
            (
                "Some nodes are inside, some outside. Which address do I give when I start",
                "Some nodes are inside, some outside. Which address do I give when I join?",
            ),
        ),
        ("护照办理要多少钱，多久能拿到？", ("护照办理要多少钱", "护照 办理：多久能拿到？")),
    ],
)
def test_each_part_can_be_understood_alone(question, parts):
    assert sub_questions(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between a list and a tuple?",
        "Which port does the server use, and only the server?",
        "What happens when the disk is full and the index is rebuilt?",
        "酒驾和醉驾的处罚有什么不同？",
        "行政拘留几个处罚合在一起，最长能关多少天",
        "工作了8年，今年病假请了两个半月，还能休年假吗？",
        "what, when and where",
        "When the survey says people thrive, how do they define that?",
        "备份时什么过滤都没写，哪些库不会被处理？",
        "只想看看会动哪些文件，sync 要带什么选项？",
        "",
        "？？？",
        "Who? What? When? Where? Why?",
    ],
)
def test_a_question_for_one_thing_is_left_whole(question):
    assert sub_questions(question) == ()
