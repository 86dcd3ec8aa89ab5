"""Which sentence, row or list answers."""

import time
from dataclasses import replace

import pytest

from generator.composing import choice
from generator.composing.list_choice import best_list
from generator.composing.question import asked_of
from tests.generator.composing.tables import evidence, page


def chosen(question, *passages, says=None):
    table = evidence(question, *passages, says=says)
    choice.score(table, asked_of(question))
    unit = choice.best(table)
    return table.text(unit)


def test_the_reader_decides_where_words_say_the_same():
    passage = page("The red door opens. The blue door opens.")
    assert chosen("Which door opens?", passage, says={"blue": 0.6, "red": 0.4}) == "The blue door opens."
    assert chosen("Which door opens?", passage, says={"blue": 0.4, "red": 0.6}) == "The red door opens."


def test_words_of_the_question_decide_between_near_probabilities():
    passage = page("The page listens on 8501. The server listens on 8000.")
    says = {"8501": 0.55, "8000": 0.45}
    assert chosen("Which port does the server use?", passage, says=says) == "The server listens on 8000."


def test_the_sum_over_a_sentence_counts_more_than_the_best_span():
    passage = page("It is red. It was painted blue by Jim.")
    says = {"red": 0.4, "blue": 0.3, "painted blue": 0.3}
    assert chosen("Colour?", passage, says=says) == "It was painted blue by Jim."


@pytest.mark.parametrize(
    ("echo", "answer", "question"),
    [
        ("Restoring the admin password.", "Run the tool as root.", "How is the admin password restored?"),
        ("注册商标有效期。", "自核准之日起计算。", "注册商标的有效期如何？"),
    ],
)
def test_a_sentence_that_only_repeats_the_question_is_no_answer(echo, answer, question):
    assert chosen(question, page(f"{echo} {answer}"), says={echo: 0.8, answer: 0.2}) == answer


@pytest.mark.parametrize("echo", ["Restoring the admin password:", "Restoring the admin password 3."])
def test_what_leads_in_or_tells_a_number_is_more_than_the_question(echo):
    passage = page(f"{echo}\n\n```\nrun the tool\n```\n")
    assert chosen("How is the admin password restored?", passage, says={echo[:-1]: 0.8, "run": 0.2}) == echo


def test_a_sentence_that_asks_is_no_answer():
    passage = page("Which port does the server use? It uses 8000.")
    says = {"Which port does the server use": 0.6, "8000": 0.1}
    assert chosen("Which port does the server use?", passage, says=says) == "It uses 8000."


def test_a_heading_gives_its_probability_to_what_stands_under_it():
    passage = page("# Refunds for late trains\n\nHalf of the fare.\n\n# Other\n\nNone at all.")
    says = {"Refunds for late trains": 0.8, "None at all": 0.2}
    assert chosen("What refund for late trains?", passage, says=says) == "Half of the fare."


def test_an_amount_is_looked_for_where_one_is_asked_for():
    passage = page("The notice period is agreed. The notice period ends after 30 days.")
    says = {"agreed": 0.6, "30 days": 0.4}
    assert chosen("How long is the notice period?", passage, says=says).endswith("30 days.")
    assert chosen("Who sets the notice period?", passage, says=says).endswith("agreed.")


def test_a_definition_is_looked_for_where_one_is_asked_for():
    passage = page("People sell a vector. A vector is a list of numbers.")
    says = {"sell": 0.7, "a list of numbers": 0.3}
    assert chosen("What is a vector?", passage, says=says) == "A vector is a list of numbers."


ROWS = "| Plan | Seats | Price |\n|---|---|---|\n| Basic | 3 | 5.00 |\n| Pro | 10 | 50.00 |\n"


def test_words_decide_which_row_is_meant():
    says = {"3": 0.7, "10": 0.3}
    assert "Pro" in chosen("How many seats has the Pro plan?", page(ROWS), says=says)
    assert "Basic" in chosen("How many seats has the Basic plan?", page(ROWS), says=says)


def test_names_before_the_rows_tell_two_pages_of_the_same_form_apart():
    form = "Certificate of {}\n\nDate | Course | Hours\n2024-01-0{} | Welding | {}\n"
    jim = page(form.format("Jim", 3, 12), name="jim.txt", key="jim")
    ann = page(form.format("Ann", 5, 40), name="ann.txt", key="ann")
    for person, hours in (("Jim", "12"), ("Ann", "40")):
        other = {"12": "40", "40": "12"}[hours]
        row = chosen(f"How many welding hours does {person} have?", jim, ann, says={hours: 0.4, other: 0.6})
        assert row.endswith(hours)


def test_the_row_that_names_the_columns_is_no_answer():
    text = "Plan | Seats | Price\nBasic | 3 | 5.00\nPro | 10 | 50.00\n"
    says = {"Seats": 0.8, "10": 0.2}
    assert (
        chosen("How many seats has the Pro plan?", page(text, name="t.txt"), says=says) == "Pro | 10 | 50.00"
    )


def test_an_item_gets_the_probability_of_its_lead_in():
    passage = page(
        "You may leave when:\n\n- the bell rings\n- it rains\n\nOtherwise the teacher decides alone."
    )
    says = {"You may leave when": 0.3, "the bell rings": 0.3, "teacher": 0.4}
    assert chosen("Why leave?", passage, says=says) == "- the bell rings"


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("It has cats, dogs, and birds.", True),
        ("It supports CSV, JSON or XML files.", True),
        ("包括身份证、护照、驾照。", True),
        ("It has cats and dogs.", False),
        ("On Monday, it rains.", False),
        ("包括身份证和护照。", False),
    ],
)
def test_a_sentence_that_enumerates(text, yes):
    assert choice.enumerates(text) is yes


@pytest.mark.parametrize(
    "text", ["a-" * 4000, "a b c d, " * 500, "a; " * 3000, "甲、" * 3000, "word " * 4000]
)
def test_a_hostile_sentence_takes_no_time(text):
    begun = time.process_time()
    choice.enumerates(text)
    assert time.process_time() - begun < 1.0


@pytest.mark.parametrize(
    ("text", "subject", "yes"),
    [
        ("A vector is a list of numbers.", "vector", True),
        ("Vectors are lists of numbers.", "vector", True),
        ("RAG (retrieval-augmented generation) means reading first.", "rag", True),
        ("- chunk: a piece of a document", "chunk", True),
        ("要约是希望与他人订立合同的意思表示。", "要约", True),
        ("本法所称不可抗力，是指不能预见的情况。", "不可抗力", True),
        ("完整路径过滤模式是指直接匹配全路径。", "完整路径过滤", True),
        ("（三）要约，是指希望与他人订立合同的意思表示。", "要约", True),
        ("People sell a vector.", "vector", False),
        ("A vectorised loop is fast.", "vector", False),
        ("C++ (a language) is fast.", "c++", True),
        ("要约到达时生效。", "要约", False),
        ("Anything is something.", "", False),
    ],
)
def test_a_sentence_that_defines(text, subject, yes):
    assert choice.defines(text, subject) is yes


def test_of_two_lists_that_under_the_heading_with_the_words_of_the_question_is_chosen():
    text = "# Supported databases\n\n- SQLite\n- PostgreSQL\n\n# Supported systems\n\n- Linux\n- Windows\n"
    for question, item in (
        ("Which databases are supported?", "SQLite"),
        ("Which systems are supported?", "Linux"),
    ):
        table = evidence(question, page(text), says={"SQLite": 0.5, "Linux": 0.5})
        choice.score(table, asked_of(question))
        found = best_list(table)
        assert table.layouts[0].text_of(found.group.first) == f"- {item}"


def test_a_list_of_one_item_or_outside_of_the_passage_without_lead_in_is_none():
    table = evidence("Which are they?", page("These are:\n\n- one\n\nThat is all."), says={"one": 1.0})
    assert best_list(table) is None
    outside = page("# A\n\n- one\n- two\n\n# B\n\nOnly words here.", within=("Only", "here."))
    assert best_list(evidence("Which are they?", outside, says={"words": 1.0})) is None


def test_a_list_beside_the_passage_is_found_by_what_leads_it_in_and_yields_to_an_equal_one_inside():
    text = "# Doors\n\nThe doors are:\n\n- red\n- blue\n\n# Walls\n\nOnly words here."
    outside = page(text, within=("Only", "here."))
    found = best_list(evidence("Which are the doors?", outside, says={"words": 1.0}))
    assert found is not None
    assert found.score < best_list(evidence("Which are the doors?", page(text), says={"words": 1.0})).score


def test_the_order_of_passages_means_nothing_but_for_ties():
    a, b = page("The red door opens.", key="a"), page("The blue door opens.", key="b")
    says = {"blue": 0.7, "red": 0.3}
    assert chosen("Which door?", a, b, says=says) == chosen("Which door?", b, a, says=says)


def nearer(passage, sentence):
    """A passage whose sentences say how near they are to the question."""
    likeness = [1.5 if sentence in passage.text[a:b] else -0.5 for a, b in passage.sentences]
    assert 1.5 in likeness
    return replace(passage, likeness=likeness)


def test_the_sentence_that_is_nearer_by_meaning_wins_between_near_probabilities():
    passage = page("Once it is on, it stays on. Clients should be upgraded first.")
    says = {"stays on": 0.35, "upgraded": 0.65}
    assert chosen("Is switching it off possible?", passage, says=says).startswith("Clients")
    near = nearer(passage, "stays on")
    assert chosen("Is switching it off possible?", near, says=says) == "Once it is on, it stays on."


@pytest.mark.parametrize(
    ("question", "side", "other"),
    [
        ("Can the flag be removed later?", "It cannot be taken off again.", "The flag is shown in the list."),
        ("押金以后能不能退？", "任何人不得退还。", "押金写在合同里。"),
    ],
)
def test_yes_or_no_is_said_by_what_may_or_must_not_be(question, side, other):
    passage = page(f"{other} {side}", name="a.txt")
    assert chosen(question, passage, says={side[:-1]: 0.4, other[:-1]: 0.6}) == side


def test_what_stands_under_a_question_is_as_near_as_that_question():
    faq = page(
        "# Help\n\n## Is a second lamp possible?\n\nFor this you need the large box.\n\nMore boxes follow.\n"
    )
    other = page("Those who want more light in a box buy one with a window.", key="other")
    says = {"the large box": 0.3, "with a window": 0.6}
    assert chosen("Can I put two bulbs in?", faq, other, says=says).startswith("Those")
    assert chosen("Can I put two bulbs in?", nearer(faq, "a second lamp"), other, says=says).startswith(
        "For this"
    )


def test_a_sentence_that_says_the_word_counts_more_than_one_that_only_takes_a_side():
    passage = page("The box can be kept. No, one lamp is enough.", name="a.txt")
    says = {"be kept": 0.6, "one lamp": 0.4}
    assert chosen("Can I switch two on?", passage, says=says) == "No, one lamp is enough."


def test_a_row_without_a_word_of_the_question_is_not_found_by_what_stands_over_it():
    text = "# Inventory report\n\nPrepared by: Ann Lee\n\n| Code | Count |\n|---|---|\n| A-12 | 450 |\n"
    assert (
        chosen("Who prepared the inventory report?", page(text), says={"Ann Lee": 1.0})
        == "Prepared by: Ann Lee"
    )


def test_a_list_counts_by_how_much_of_its_lead_in_was_asked():
    text = (
        "An authority whose penalty is not paid in time may do the following:\n\n- fine\n- sell\n\n"
        "Kinds of penalty:\n\n- warning\n- arrest\n"
    )
    table = evidence("What kinds of penalty are there?", page(text), says={"fine": 0.5, "warning": 0.5})
    best = best_list(table)
    assert "warning" in table.layouts[0].text_of(best.group.first)


@pytest.mark.parametrize("code", ["SKU-6678", "sku-6678", "A-12.b"])
def test_the_row_that_holds_the_code_of_the_question_answers(code):
    row = "| {} | 42.00 |"
    passage = page(
        "| Product | Total value |\n|---|---|\n"
        + "\n".join((row.format("SKU-5512"), row.format(code), row.format("SKU-7789")))
    )
    said = chosen(f"What is the total value of {code.upper()}?", passage, says={"SKU-5512": 0.9})
    assert code in said


def test_a_row_that_says_more_of_the_question_than_its_neighbours_answers():
    passage = page(
        "| Zone | Weight class | Price |\n|---|---|---|\n| Alpine | light | 11 |\n| Alpine | medium | 19 |\n"
        "| Coast | light | 9 |"
    )
    said = chosen("What does a medium parcel cost in zone Alpine?", passage, says={"11": 0.9, "19": 0.05})
    assert "19" in said


def test_a_row_whose_name_the_question_spells_out_answers():
    text = "Tables that match no rule are left out.\n\n| Table | Result |\n|---|---|\n| shop.orders_old | rejected |\n"
    text += "| shop.orders | accepted |\n"
    said = chosen("Is shop.orders_old taken?", page(text), says={"left out": 0.4})
    assert "rejected" in said
    assert "accepted" in chosen("Is shop.orders taken?", page(text), says={"left out": 0.4})


def test_the_row_with_the_default_answers_where_one_is_asked_for():
    text = "校验失败时返回可配置的状态码。\n\n| 名称 | 默认值 | 描述 |\n|---|---|---|\n"
    text += (
        "| verbose_errors | false | 返回校验详情。 |\n| rejection_code | 400 | 校验失败时返回的状态码。 |\n"
    )
    said = chosen("校验失败时默认返回什么状态码？", page(text), says={"可配置的状态码": 0.8})
    assert "400" in said
