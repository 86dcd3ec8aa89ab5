"""What an answer brings along with its best sentence."""

from dataclasses import replace

import pytest

from generator.composing.compose import compose
from generator.composing.question import asked_of
from generator.types import PartKind, Shape
from tests.generator.composing.tables import answer, evidence, page

PETS = """# Pets

Dogs are loud.

You may bring a pet when:

- it is small

- it is quiet

- it is clean

Ask the porter first.
"""


def test_a_lead_in_brings_all_its_items_across_blank_lines():
    said = answer("When may I bring a pet?", page(PETS), says={"You may bring a pet when": 1.0})
    assert said.text == "You may bring a pet when:\n\n- it is small\n- it is quiet\n- it is clean"
    assert said.parts == [
        ("text", "You may bring a pet when:"),
        ("item", "- it is small"),
        ("item", "- it is quiet"),
        ("item", "- it is clean"),
    ]
    assert said.shape == Shape.LIST
    assert not said.more
    assert len(said.tokens) == 1, "neighbours in a document are one copied run"


def test_an_item_brings_its_lead_in_and_no_other_item():
    said = answer("How clean must it be?", page(PETS), says={"clean": 1.0})
    assert said.text == "You may bring a pet when:\n\n- it is clean"
    assert said.parts == [("text", "You may bring a pet when:"), ("item", "- it is clean")]


def test_an_item_of_a_list_without_a_lead_in_stands_under_its_heading():
    said = answer(
        "What is red?", page("# Colours\n\n- the door is red\n- the roof is blue\n"), says={"door": 1.0}
    )
    assert said.text == "Colours\n\n- the door is red"
    text = "# Colours\n\nAll of them.\n\n- the door is red\n- the roof is blue\n"
    assert answer("What is red?", page(text), says={"door": 1.0}).text.endswith("- the door is red")


def test_a_plain_sentence_stands_alone():
    said = answer("Whom do I ask?", page(PETS), says={"porter": 1.0})
    assert (said.text, said.shape) == ("Ask the porter first.", Shape.PHRASE)
    assert said.parts == [("text", "Ask the porter first.")]


def test_a_list_longer_than_the_bound_sets_more():
    items = "\n".join(f"- item {n} " + "word " * 20 for n in range(40))
    said = answer(
        "Which items are there?", page(f"These are there:\n\n{items}"), says={"These are there": 1.0}
    )
    assert said.more
    assert said.text.startswith("These are there:\n\n- item 0 ")
    assert 1000 < len(said.text) <= 1300
    assert said.parts[-1][1].startswith("- item"), "no item is cut"
    assert said.parts[-1][1].endswith("word")


STATUTE = """第三十八条 用人单位有下列情形之一的，劳动者可以解除劳动合同：

（一）未及时足额支付劳动报酬的；

（二）未依法缴纳社会保险费的。

第三十九条 其他情形由法律规定。
"""


def test_an_item_of_an_article_brings_the_article_s_lead_in():
    said = answer("未缴纳社会保险费怎样？", page(STATUTE, name="law.txt"), says={"社会保险费": 1.0})
    assert said.parts == [
        ("text", "第三十八条 用人单位有下列情形之一的，劳动者可以解除劳动合同："),
        ("item", "（二）未依法缴纳社会保险费的。"),
    ]


def test_a_lead_in_of_an_article_brings_its_items_and_not_the_next_article():
    said = answer(
        "劳动者何时可以解除劳动合同？", page(STATUTE, name="law.txt"), says={"劳动者可以解除劳动合同": 1.0}
    )
    assert [kind for kind, _ in said.parts] == ["text", "item", "item"]
    assert "第三十九条" not in said.text


def test_a_long_lead_in_gives_its_last_sentence():
    text = "Some words about it. " * 30 + "You need these things:\n\n- rope\n- wood\n"
    said = answer("What about rope?", page(text), says={"rope": 1.0})
    assert said.text == "You need these things:\n\n- rope"


def test_text_before_and_after_the_passage_is_reached():
    passage = page(PETS, within=("- it is quiet", "- it is quiet"))
    said = answer("When may I bring a pet?", passage, says={"quiet": 1.0})
    assert said.text == "You may bring a pet when:\n\n- it is quiet"
    first, last = said.tokens[0], said.tokens[-1]
    assert first.start < 0
    assert last.start == 0
    cut = page(PETS, within=("You may", "when:"))
    whole = answer("When may I bring a pet?", cut, says={"You may bring a pet when": 1.0})
    assert whole.text.endswith("- it is clean")
    (token,) = whole.tokens
    assert token.end > len(cut.text)


def test_a_row_brings_the_names_of_its_columns():
    text = "Plan | Seats | Price\nBasic | 3 | 5.00\nPro | 10 | 50.00"
    said = answer("How many seats has the Pro plan?", page(text, name="t.txt"), says={"10": 1.0})
    assert (said.text, said.shape) == ("Plan | Seats | Price\nPro | 10 | 50.00", Shape.ROW)
    assert [kind for kind, _ in said.parts] == ["row", "row"]


def test_a_row_that_names_its_values_stands_alone():
    text = "| Plan | Seats | Price |\n|---|---|---|\n| Basic | 3 | 5.00 |\n| Pro | 10 | 50.00 |\n"
    said = answer("How many seats has the Pro plan?", page(text), says={"10": 1.0})
    assert (said.text, said.shape) == ("Plan: Pro | Seats: 10 | Price: 50.00", Shape.ROW)


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_line_of_figures_brings_the_name_on_the_line_above(gap):
    text = (
        f"Hotel bill\n\nBreakfast{gap}2 x $9.00 $18.00\n\nRoom, double{gap}1 x $80.00 $80.00\n\nThank you.\n"
    )
    said = answer("What does the double room cost?", page(text, name="bill.txt"), says={"$80.00": 1.0})
    assert said.parts == [("text", "Room, double"), ("text", "1 x $80.00 $80.00")]


def test_a_command_brings_the_line_that_announces_it():
    text = "# Start\n\nStart it with:\n\n```\nfathom up\n```\n\nStop it.\n"
    said = answer("Which command is there?", page(text), says={"fathom up": 1.0})
    assert said.parts == [("text", "Start it with:"), ("code", "fathom up")]


def test_a_sentence_that_announces_a_command_brings_it():
    text = "It is easy. Start the server with:\n\n```\nfathom up\n```\n"
    said = answer("What starts the server?", page(text), says={"Start the server with": 1.0})
    assert said.text == "Start the server with:\n\nfathom up"


def test_an_earlier_sentence_of_that_line_does_not():
    text = "The server is easy. Start it with:\n\n```\nfathom up\n```\n"
    assert answer("Is it easy, the server?", page(text), says={"easy": 1.0}).text.endswith(
        "The server is easy."
    )


@pytest.mark.parametrize(
    ("text", "begins", "last"),
    [
        (
            "Words. There are two reasons. First, it is cheap. It costs nothing. Second, it is fast. Third, it is "
            "small. The end is here. We go home.",
            "First, it is cheap.",
            "Third, it is small.",
        ),
        (
            "Words. It has two reasons: first, it is cheap. Second, it is fast. The end is here. We go home.",
            "It has two reasons: first, it is cheap.",
            "Second, it is fast.",
        ),
        (
            "理由很多。首先，它便宜。其次，它快。最后，它小。今天下雨。明天放晴。",
            "首先，它便宜。",
            "最后，它小。",
        ),
    ],
)
def test_first_brings_second_and_third(text, begins, last):
    said = answer("它的理由？" if "首先" in text else "Reasons?", page(text), says={begins: 1.0})
    assert said.text.startswith(begins)
    assert said.text.endswith(last)


def test_a_question_for_the_manner_gets_the_paragraph():
    text = "# A\n\nThe index is built at night. It reads all files. Then it swaps.\n\nOther words.\n"
    said = answer("How does the index work?", page(text), says={"reads all files": 1.0})
    assert said.text == "The index is built at night. It reads all files. Then it swaps."
    assert said.shape == Shape.SENTENCE


@pytest.mark.parametrize(
    ("text", "question", "key", "expected"),
    [
        (
            "Jim sells tea. The index is built at night. It reads all files.",
            "Who reads all files?",
            "reads all files",
            "The index is built at night. It reads all files.",
        ),
        ("The index is new.\n\nIt reads all files.", "Who reads files?", "reads all files", None),
        ("商标局受理申请。该局每日公告。", "谁每日公告？", "每日公告", None),
        ("The index is new.\n\nIts files are read.", "What is read?", "files are read", None),
        ("The iterator is new. Itself it is old.", "What is old?", "old", "Itself it is old."),
    ],
)
def test_a_sentence_that_points_back_comes_with_what_it_means(text, question, key, expected):
    assert answer(question, page(text), says={key: 1.0}).text == (expected or text)


def test_a_sentence_that_points_back_to_a_list_brings_the_list():
    text = "These are free:\n\n- tea\n- milk\n\nThey stand in the hall.\n"
    said = answer("Where do they stand?", page(text), says={"hall": 1.0})
    assert said.text == text.strip()


def test_a_sentence_that_points_back_below_a_heading_stands_alone():
    said = answer("What is read?", page("# Files\n\nThese are read at night.\n"), says={"night": 1.0})
    assert said.text == "These are read at night."


def test_a_lead_in_that_tells_the_amount_asked_for_brings_no_items():
    text = "You have 30 days to bring the following:\n\n- rope\n- wood\n"
    said = answer("How many days do I have?", page(text), says={"30 days": 1.0})
    assert said.text == "You have 30 days to bring the following:"


def test_of_a_long_paragraph_from_the_sentence_on():
    text = "Old words. " * 40 + "The index reads all files. Then it swaps. " + "New words. " * 40
    said = answer("How does it read files?", page(text), says={"reads all files": 1.0})
    assert said.text.startswith("The index reads all files. Then it swaps.")
    assert said.text.endswith(".")
    assert len(said.text) <= 320


def test_a_heading_that_was_found_gives_what_stands_under_it():
    passage = page("# Opening hours\n\nFrom nine to five.\n")
    said = answer("Hours?", passage, says={"Opening hours": 1.0})
    assert said.text == "From nine to five."


def test_a_definition_is_told_as_one():
    said = answer(
        "What is a vector?", page("A vector is a list of numbers. It is long."), says={"list of numbers": 1.0}
    )
    assert (said.text, said.shape) == ("A vector is a list of numbers.", Shape.DEFINITION)
    chinese = answer("什么是要约？", page("要约是希望订立合同的意思表示。"), says={"意思表示": 1.0})
    assert chinese.shape == Shape.DEFINITION


def test_another_name_of_a_thing_is_followed_by_what_the_thing_is():
    text = 'The write cache is also called "writeback mode" here.\n\nWrites go to the disk first.\n\nThe roof is red.\n'
    said = answer("What is writeback mode?", page(text), says={"also called": 1.0})
    assert said.text == text.rsplit("\n\n", 1)[0]


DIMS = "The lamp dims at 30 degrees."


@pytest.mark.parametrize(
    ("following", "mass", "said"),
    [
        ("If it is over 60 degrees, it goes out.", 0.1, True),
        ("If it is over 60 degrees, it goes out.", 0.001, False),
        ("It hangs in the hall and goes out.", 0.1, False),
        ("Does it ring when it goes out?", 0.1, False),
    ],
)
def test_a_rule_comes_with_the_case_after_it_that_may_be_meant(following, mass, said):
    found = answer(
        "What happens to a very hot lamp?",
        page(f"{DIMS} {following}", name="a.txt"),
        says={"dims": 1 - mass, "goes out": mass},
    )
    assert found.text == (f"{DIMS} {following}" if said else DIMS)


def test_an_exception_of_an_article_comes_with_its_rule():
    text = "第十条 灯坏的，由房东更换。\n\n房客住满一年，但是灯由房客弄坏的，由房客更换。"
    found = answer("灯坏了谁来换？", page(text, name="a.txt"), says={"由房东更换": 0.9, "由房客更换": 0.1})
    assert found.text == text


def test_an_item_comes_with_its_list_where_several_things_may_be_meant():
    text = "Please bring the following:\n\n- A valid passport\n- Two photos\n- The signed form"
    asked = asked_of("the papers they want")
    for several, items in ((False, 1), (True, 3)):
        table = evidence(asked.question, page(text), says={"A valid passport": 1.0})
        plan = compose(table, replace(asked, several=several))
        assert [stretch.kind for stretch in plan.stretches].count(PartKind.ITEM) == items
