"""What a continuation takes the place of, and what it adds to the question before it."""

import pytest

from benchmarks.continuation_pairs import GROUPS, Continuation
from benchmarks.continuations import right
from retrieval.continuation_chinese import continued_in_chinese
from retrieval.continuation_english import continued_in_english
from retrieval.follow_up import Turn, standalone_question

PAIRS = [pair for pairs in GROUPS.values() for pair in pairs]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.follow_up)
def test_the_pairs_of_the_benchmark_are_understood(pair: Continuation) -> None:
    assert right(standalone_question(pair.follow_up, [Turn(question=pair.before)]), pair)


def test_the_benchmark_tells_right_from_wrong() -> None:
    pair = PAIRS[0]
    assert not right(f"{pair.before} {pair.follow_up}", pair)
    assert not right(pair.before, pair)
    assert right(pair.wanted[0].lower(), pair)


@pytest.mark.parametrize(
    ("before", "follow_up", "meant"),
    [
        ("离婚冷静期是多长时间？", "那起诉离婚呢？", "起诉离婚是多长时间？"),
        ("合同期内如何解除劳动合同？", "那试用期呢", "试用期内如何解除劳动合同？"),
        ("如何解除劳动合同？", "那劳务合同呢？", "如何解除劳务合同？"),
        ("2021年第一季度的收入是多少？", "第二季度呢？", "2021年第二季度的收入是多少？"),
        ("民事诉讼时效是几年？", "行政诉讼呢？", "行政诉讼时效是几年？"),
        ("年满18岁的人可以结婚吗？", "那16岁呢？", "年满16岁的人可以结婚吗？"),
        ("個人所得稅的起徵點是多少？", "那企業所得稅呢？", "企業所得稅的起徵點是多少？"),
        ("v1.1 版本有哪些新功能？", "v1.2呢？", "v1.2 版本有哪些新功能？"),
        ("饮酒驾车怎么处罚？", "那未成年人呢？", "未成年人，饮酒驾车怎么处罚？"),
        ("火车票可以改签几次？", "那开车之后呢？", "开车之后，火车票可以改签几次？"),
        ("怎么挂载文件系统？", "那 Windows 呢？", "Windows，怎么挂载文件系统？"),
    ],
)
def test_in_chinese(before: str, follow_up: str, meant: str) -> None:
    assert continued_in_chinese(before, follow_up) == meant


@pytest.mark.parametrize(
    ("before", "follow_up", "meant"),
    [
        ("What is the default port of redis?", "and mysql?", "What is the default port of mysql?"),
        ("How long do cats live?", "What about dogs?", "How long do dogs live?"),
        ("What was the revenue in Q1 2021?", "And in 2022?", "What was the revenue in Q1 2022?"),
        ("Which plan has a quota?", "And version 1.2?", "Which plan has a quota for version 1.2?"),
        ("How are backups encrypted?", "And in version 1.2?", "How are backups encrypted in version 1.2?"),
        ("Can a tenant sublet a flat", "And without permission?", "Can a tenant sublet a flat without permission?"),
        ("Can a tenant sublet a flat?", "What about MySQL?", "Can a tenant sublet a flat for MySQL?"),
        ("When did the Berlin Wall fall?", "And the Roman Empire?", "When did the Roman Empire fall?"),
    ],
)  # fmt: skip
def test_in_english(before: str, follow_up: str, meant: str) -> None:
    assert continued_in_english(before, follow_up) == meant


@pytest.mark.parametrize("nothing", ["", "?", "and", "What else?"])
def test_what_names_nothing_in_english(nothing: str) -> None:
    assert continued_in_english("How long do cats live?", nothing) is None


@pytest.mark.parametrize("nothing", ["", "？", "那呢？", "还有呢？"])
def test_what_names_nothing_in_chinese(nothing: str) -> None:
    assert continued_in_chinese("离婚冷静期是多长时间？", nothing) is None
