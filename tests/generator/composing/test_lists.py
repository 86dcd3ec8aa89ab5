"""Answers to questions for several things."""

from dataclasses import replace

from generator.types import Shape
from tests.generator.composing.tables import answer, page

DATABASES = """# Supported databases

These databases are supported:

- SQLite
- PostgreSQL
- MySQL

# Notes

SQLite is the default.
"""


def test_a_list_is_given_whole_though_the_reader_thinks_of_one_item():
    said = answer(
        "Which databases are supported?",
        page(DATABASES),
        says={"SQLite is the default": 0.5, "PostgreSQL": 0.5},
    )
    assert said.shape == Shape.LIST
    assert said.text == "These databases are supported:\n\n- SQLite\n- PostgreSQL\n- MySQL"


def test_a_list_under_a_heading_needs_no_lead_in():
    text = "# Supported databases\n\n- SQLite\n- PostgreSQL\n\n# Colours\n\n- red\n- blue\n"
    said = answer("Which databases are supported?", page(text), says={"SQLite": 1.0})
    assert [kind for kind, _ in said.parts][-2:] == ["item", "item"]
    assert "red" not in said.text


def test_a_list_that_begins_before_the_passage_is_given_whole():
    passage = page(DATABASES, within=("- PostgreSQL", "- PostgreSQL"))
    said = answer("Which databases are supported?", passage, says={"PostgreSQL": 1.0})
    assert said.text == "These databases are supported:\n\n- SQLite\n- PostgreSQL\n- MySQL"


def test_a_list_too_long_that_answers_late_is_given_from_there_with_its_lead_in():
    items = "\n".join(f"- wine of sort {n} from the hill" + " and the valley" * 5 for n in range(30))
    passage = page(
        f"# Wines\n\nThese wines are sold:\n\n{items}\n", within=("- wine of sort 25", "sort 27 from")
    )
    said = answer("Which wines are sold?", passage, says={"sort 26": 1.0})
    assert said.more
    assert said.parts[0] == ("text", "These wines are sold:")
    assert "sort 26 " in said.text
    assert "sort 2 " not in said.text


def test_a_sentence_that_enumerates_is_taken_instead_of_a_list_of_something_else():
    text = "It reads PDF, Word, and Excel files.\n\n# Colours\n\nThe colours are:\n\n- red\n- blue\n"
    said = answer("Which files does it read?", page(text), says={"PDF, Word, and Excel": 1.0})
    assert said.text == "It reads PDF, Word, and Excel files."


def test_sentences_that_enumerate_together():
    text = "Members may borrow books. Members may borrow games. The roof is red."
    said = answer("What things may members borrow?", page(text), says={"books": 0.5, "games": 0.5})
    assert said.text.split(". ")[0] == "Members may borrow books"
    siblings = answer(
        "What types of things may members borrow?", page(text), says={"books": 0.5, "games": 0.5}
    )
    assert siblings.shape == Shape.LIST
    assert "books" in siblings.text
    assert "games" in siblings.text
    assert "roof" not in siblings.text


def test_siblings_of_another_passage_come_after_those_of_the_best_one():
    a, b = page("Members may borrow books.", key="a"), page("Members may borrow games.", key="b")
    says = {"books": 0.45, "games": 0.55}
    said = answer("What types of things may members borrow?", a, b, says=says)
    assert [token.passage for token in said.tokens if token.passage] == ["b", "a"]


def test_chinese_list():
    text = "有下列情形之一的，可以解除合同：\n\n（一）迟到的；\n\n（二）旷工的；\n\n（三）其他。\n\n"
    text += "合同期满的，合同终止。"
    said = answer("哪些情形可以解除合同？", page(text, name="law.txt"), says={"旷工": 0.5, "合同终止": 0.5})
    assert (said.shape, [kind for kind, _ in said.parts]) == (Shape.LIST, ["text", "item", "item", "item"])


def test_a_list_none_of_which_was_read_is_given_whole():
    unread = page(DATABASES, key="databases")
    unread = replace(
        unread, sentences=[span for span in unread.sentences if unread.text[slice(*span)] != ""][:1]
    )
    other = page("# Notes\n\nAsk us.\n", key="notes")
    said = answer("Which databases are supported?", other, unread, says={"Ask us": 0.2})
    assert said.text == "These databases are supported:\n\n- SQLite\n- PostgreSQL\n- MySQL"


def test_a_list_of_what_is_not_so_is_told_from_the_rule():
    rule = "Members may enter with:\n\n- a bag\n- a coat\n\n"
    exception = "Members may not enter with:\n\n- a dog\n- a drink\n"
    text = page(rule + exception)
    assert "dog" in answer("What things may members not enter with?", text, says={"a coat": 0.8}).text
    assert (
        "bag" in answer("What things may members enter with?", text, says={"a dog": 0.4, "a bag": 0.3}).text
    )
    law = "发生事故，按照下列项目赔偿：\n\n（一）医疗费；\n\n（二）误工费。\n\n"
    law += "有下列情形之一的，不属于事故：\n\n（一）不可抗力造成的；\n\n（二）病情异常造成的。"
    said = answer("出了不好的后果，但哪些情况不算事故？", page(law, name="law.txt"), says={"医疗费": 0.6})
    assert "病情异常" in said.text
    assert "误工费" not in said.text


def test_a_sentence_that_names_nothing_in_a_row_yields_to_a_list_that_the_reader_thinks_little_of():
    text = "It is built on a grid.\n\n# Notes\n\nThese are points to note before sharding:\n\n- One region.\n"
    text += "- No way back.\n"
    said = answer("What should I know before sharding?", page(text), says={"built on a grid": 0.9})
    assert said.shape == Shape.LIST
    assert "No way back" in said.text


def test_a_list_led_in_as_examples_yields_where_none_were_asked_for():
    text = "Some schemas are never handled. There are two:\n\n- sys\n- mysql\n\n"
    text += "Examples of schemas that are handled:\n\n- a\n- b\n"
    says = {"- sys": 0.2, "- a": 0.3}
    assert "mysql" in answer("Which schemas are never handled?", page(text), says=says).text
    said = answer("Which examples of schemas that are handled are there?", page(text), says=says)
    assert said.text.startswith("Examples")


def test_the_code_of_the_last_item_belongs_to_the_list():
    text = "Set two things:\n\n1. The switch:\n\n    ```\n    SET switch = ON;\n    ```\n\n2. The path:\n\n"
    text += "    ```\n    SET path = 's3';\n    ```\n\nThen go on.\n"
    said = answer("Which things must be set?", page(text), says={"SET switch": 0.9})
    assert "SET path = 's3';" in said.text
    assert "go on" not in said.text
