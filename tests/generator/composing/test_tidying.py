"""One citation for what is one source."""

from generator.composing.plan import Plan, Stretch
from generator.composing.tidying import tidied
from generator.types import PartKind, Shape
from tests.generator.composing.tables import answer, evidence, page


def stretch(passages, number, text, kind=PartKind.TEXT):
    source = passages[number]
    start = (source.before + source.text + source.after).index(text) - len(source.before)
    return Stretch(number, start, start + len(text), kind)


def tidy(passages, *stretches, shape=Shape.LIST, says=None):
    table = evidence("Which doors open?", *passages, says=says)
    plan = tidied(table, Plan(shape, list(stretches)))
    return [(s.passage, table.layouts[s.passage].text(s.start, s.end)) for s in plan.stretches], plan


def test_two_sentences_of_one_paragraph_are_one_stretch_with_what_stands_between():
    text = "The red door opens. It squeaks. The blue door opens too."
    passages = [page(text + "\n\nThe green door opens.")]
    ends = [stretch(passages, 0, said) for said in ("The red door opens.", "The blue door opens too.")]
    assert tidy(passages, *ends)[0] == [(0, text)]
    other = stretch(passages, 0, "The green door opens.")
    assert len(tidy(passages, ends[0], other)[0]) == 2, "another paragraph is another quote"


def test_sentences_far_apart_in_a_paragraph_stay_two():
    passages = [page("The red door opens. " + "It squeaks a lot. " * 20 + "The blue door opens.")]
    ends = [stretch(passages, 0, said) for said in ("The red door opens.", "The blue door opens.")]
    assert len(tidy(passages, *ends)[0]) == 2
    assert len(tidy(passages, *ends[::-1])[0]) == 2, "the order of an answer stays"


def test_a_sentence_that_two_documents_hold_is_said_once():
    passages = [
        page("The red door opens at noon.", key="a"),
        page("# B\n\nThe red door opens at noon.", key="b"),
    ]
    twice = [stretch(passages, number, "The red door opens at noon.") for number in (0, 1)]
    assert tidy(passages, *twice)[0] == [(0, "The red door opens at noon.")]


def test_short_stretches_may_be_said_twice():
    passages = [page("cd garden", key="a"), page("cd garden", key="b")]
    twice = [stretch(passages, number, "cd garden") for number in (0, 1)]
    assert len(tidy(passages, *twice)[0]) == 2


DOORS = """# Doors

## Open the door

Turn the key:

    key turn

Push:

    door push

## Paint the door

Take a brush:

    brush take
"""


def test_steps_under_a_heading_that_nobody_read_are_left_out():
    said = answer(
        "How do I open doors?", page(DOORS, within=("Turn", "key turn")), says={"Turn the key": 1.0}
    )
    assert "door push" in said.text, "behind the passage, under the same heading"
    passages = [page(DOORS, within=("Turn", "key turn"))]
    steps = [stretch(passages, 0, text) for text in ("key turn", "door push", "brush take")]
    texts, plan = tidy(passages, *steps, shape=Shape.STEPS, says={"key": 1.0})
    assert [text for _, text in texts] == ["key turn", "door push"]
    assert plan.more, "the document goes on"
    assert len(tidy(passages, *steps, shape=Shape.LIST, says={"key": 1.0})[0]) == 3


def test_steps_whose_headings_have_numbers_stay_together():
    text = "# Doors\n\n## 1. Turn\n\nTurn the key:\n\n    key turn\n\n## 2. Push\n\nPush:\n\n    door push\n"
    passages = [page(text, within=("Turn the key", "key turn"))]
    steps = [stretch(passages, 0, said) for said in ("key turn", "door push")]
    texts, plan = tidy(passages, *steps, shape=Shape.STEPS, says={"key": 1.0})
    assert len(texts) == 2
    assert not plan.more


def test_steps_of_which_nothing_was_read_stay():
    passages = [page(DOORS, within=("Turn", "key turn"))]
    step = stretch(passages, 0, "brush take")
    assert tidy(passages, step, shape=Shape.STEPS, says={"key": 1.0})[0] == [(0, "brush take")]


def test_a_command_that_says_what_was_asked_for_is_a_step_though_nobody_read_it():
    text = (
        "# Standalone mode\n\n## Install\n\nInstall the client:\n\n```\ncurl install.sh\n```\n\n## Create\n\n"
    )
    text += "Run:\n\n```\njuicefs format myjfs\n```\n\n## Remove\n\nRun:\n\n```\nrm -r /var\n```\n"
    source = page(text, within=("Standalone", "install.sh"))
    said = answer("Steps to install and format in standalone mode", source, says={"curl install.sh": 1.0})
    assert "juicefs format myjfs" in said.text
    assert "rm -r" not in said.text
    assert said.more
