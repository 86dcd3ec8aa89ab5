"""What leans on the conversation, what stands alone, and what is carried over."""

import pytest

from retrieval.follow_up import Turn, standalone_question

TRASH = Turn(question="How long are files kept in the trash by default?", answer="1 day")
TRASH_ZH = Turn(question="回收站里的文件默认保留多长时间？", answer="1 天")

STANDS_ALONE = [
    "Which port does the server listen on?",
    "what year did elvis make his debut",
    "where did the thompson twins get their name from",
    "how much did a super nintendo cost when it first came out",
    "who is the father of genetics and what did he study",
    "how long does it take to become a doctor",
    "is it legal to own a fox in texas",
    "Trash retention?",
    "JuiceFS 支持哪些对象存储？",
    "什么是 Gtk？",
    "小艾伯特·戈尔因环境问题上的贡献，他获得哪一个奖项？",
    "为什么天是蓝的呢？",
    "其他编辑器有哪些快捷键？",
    "“纽约证券交易所”这个名字是何时出现的？",
    "那須鹽原車站的經營方是誰？",
]

NAMES_NOTHING = [
    ("Why?", TRASH),
    ("What else?", TRASH),
    ("为什么？", TRASH_ZH),
    ("还有呢？", TRASH_ZH),
]

IN_THE_OTHER_LANGUAGE = [("那企业版呢？", TRASH), ("And in the Enterprise edition?", TRASH_ZH)]

CONTINUES = [
    *NAMES_NOTHING,
    ("And in the Enterprise edition?", TRASH),
    ("And if the Enterprise edition is used?", TRASH),
    ("What about Windows?", TRASH),
    ("那企业版呢？", TRASH_ZH),
    ("企業版呢？", TRASH_ZH),
]

OPEN_PRONOUNS = [
    ("And what does Windows do?", TRASH),
    ("But is Windows supported?", TRASH),
    ("那企业版支持哪些格式呢？", TRASH_ZH),
    ("还有其他设置吗？", TRASH_ZH),
    ("Can I change it?", TRASH),
    ("what year did it open", TRASH),
    ("who gave the land for it", TRASH),
    ("Based on its 2021 report, what grew?", TRASH),
    ("When was that one added?", TRASH),
    ("它的默认值是多少?", TRASH_ZH),
    ("它位在哪一個省境內?", TRASH_ZH),
    ("怎么关闭它？", TRASH_ZH),
    ("该功能如何关闭？", TRASH_ZH),
    ("哪一个宗教延伸了它的定义？", TRASH_ZH),
    ("怎么修改？", TRASH_ZH),
]


@pytest.mark.parametrize("question", STANDS_ALONE)
@pytest.mark.parametrize("turn", [TRASH, TRASH_ZH])
def test_a_question_that_stands_alone_stays_as_it_is(question: str, turn: Turn) -> None:
    assert standalone_question(question, [turn]) == question


@pytest.mark.parametrize(("question", "turn"), NAMES_NOTHING + IN_THE_OTHER_LANGUAGE)
def test_what_names_nothing_in_the_language_before_gets_the_question_before_in_front(
    question: str, turn: Turn
) -> None:
    assert standalone_question(question, [turn]) == f"{turn.question} {question}"


@pytest.mark.parametrize(("question", "turn"), CONTINUES[len(NAMES_NOTHING) :])
def test_a_continuation_becomes_one_question(question: str, turn: Turn) -> None:
    understood = standalone_question(question, [turn])
    assert sum(understood.count(mark) for mark in "?？") == 1


@pytest.mark.parametrize(("question", "turn"), OPEN_PRONOUNS)
def test_a_pronoun_gets_the_words_of_the_question_before(question: str, turn: Turn) -> None:
    carried, _, asked = standalone_question(question, [turn]).replace("：", ": ").partition(": ")
    assert asked == question
    assert carried == ("long files kept trash default" if turn is TRASH else "回收站 文件 默认 保留")


@pytest.mark.parametrize("question", [question for question, _ in CONTINUES + OPEN_PRONOUNS])
def test_without_a_conversation_nothing_changes(question: str) -> None:
    assert standalone_question(question, []) == question


@pytest.mark.parametrize(("question", "turn"), CONTINUES + OPEN_PRONOUNS)
def test_what_was_made_to_stand_alone_is_not_changed_again(question: str, turn: Turn) -> None:
    understood = standalone_question(question, [turn])
    assert standalone_question(understood, [Turn(question="Who wrote Faust?")]) == understood


def test_a_topic_lasts_over_several_turns() -> None:
    history = [
        TRASH,
        Turn(question="Can I change it?"),
        Turn(question="Which port does the server listen on?"),
    ]
    assert "trash" in standalone_question("How do I turn it off?", history[:2])
    assert standalone_question("Can I change it?", history) == "port server listen: Can I change it?"


def test_words_that_are_in_the_question_are_not_carried_again() -> None:
    assert (
        standalone_question("Where is its trash?", [TRASH]) == "long files kept default: Where is its trash?"
    )


def test_characters_are_carried_as_they_were_written() -> None:
    turn = Turn(question="《南華早報》於何年創刊?")
    assert standalone_question("它的總部在哪?", [turn]) == "南華早報 創刊：它的總部在哪?"


@pytest.mark.parametrize(
    ("first", "answer", "question", "understood"),
    [
        ("Who wrote Faust?", "Goethe", "When was he born?", "wrote Faust Goethe: When was he born?"),
        ("《浮士德》是谁写的？", "歌德", "他是哪一年出生的？", "浮士德 写 歌德：他是哪一年出生的？"),
        ("Who wrote Faust?", "Goethe", "When was it printed?", "wrote Faust: When was it printed?"),
        ("Who wrote Faust?", "A" * 41, "When was he born?", "wrote Faust: When was he born?"),
        ("Which play is Faust?", "A drama", "When was he born?", "play Faust: When was he born?"),
    ],
)
def test_a_person_may_be_the_answer_before(first: str, answer: str, question: str, understood: str) -> None:
    assert standalone_question(question, [Turn(question=first, answer=answer)]) == understood


@pytest.mark.parametrize("odd", ["", " ", "?", "\u200b", "İt?", "它" * 4000, "and " * 1000])
def test_odd_text_is_no_error(odd: str) -> None:
    assert isinstance(standalone_question(odd, [Turn(question=odd), TRASH]), str)
    assert isinstance(standalone_question("Why?", [Turn(question=odd)]), str)
