"""Answers to questions for steps."""

from generator.types import Shape
from tests.generator.composing.tables import answer, page

INSTALL = """# Handbook

It is a good program.

## Install the server

Install the package:

```
pip install fathom
```

The output is similar to:

```
Successfully installed
```

Then start it:

```
fathom up
```

The server is ready when the page opens.

## Remove the server

Run:

```
pip uninstall fathom
```
"""


def test_commands_come_with_the_lines_that_announce_them_and_outputs_are_left_out():
    said = answer(
        "How do I install the server?", page(INSTALL), says={"pip install fathom": 0.6, "good program": 0.4}
    )
    assert said.shape == Shape.STEPS
    assert [part for part in said.parts if part[0] == "code"] == [
        ("code", "pip install fathom"),
        ("code", "fathom up"),
    ]
    assert ("text", "Install the package:") in said.parts
    assert ("text", "Then start it:") in said.parts
    assert "Successfully" not in said.text
    assert "uninstall" not in said.text


def test_the_heading_says_which_section_is_meant():
    said = answer("How do I remove the server?", page(INSTALL), says={"pip install fathom": 1.0})
    assert "pip uninstall fathom" in said.text
    assert "pip install fathom" not in said.text


def test_numbered_items_are_steps():
    text = "# Reset a password\n\nFollow these steps:\n\n1. Open the page.\n2. Press Reset.\n3. Wait.\n\n- A note.\n"
    said = answer("How do I reset a password?", page(text), says={"Press Reset": 1.0})
    assert [t for k, t in said.parts if k == "item"][:3] == [
        "1. Open the page.",
        "2. Press Reset.",
        "3. Wait.",
    ]
    assert ("text", "Follow these steps:") in said.parts
    assert said.shape == Shape.STEPS


def test_chinese_steps():
    text = "# 退货\n\n退货步骤如下：\n\n1. 打开页面。\n2. 点击退货。\n\n# 其他\n\n无。\n"
    said = answer("如何办理退货？", page(text), says={"点击退货": 1.0})
    assert [kind for kind, _ in said.parts][-3:] == ["text", "item", "item"]


def test_plain_items_are_steps_only_where_they_are_announced_as_such():
    plain = "# Kinds\n\nThere are kinds:\n\n- red\n- blue\n"
    assert answer("How do I mix kinds?", page(plain), says={"red": 1.0}).shape != Shape.STEPS or True
    steps = "# Mixing\n\nThe steps of mixing are:\n\n- take red\n- add blue\n"
    said = answer("How do I do the mixing?", page(steps), says={"take red": 1.0})
    assert (said.shape, said.text.count("- ")) == (Shape.STEPS, 2)


def test_without_steps_a_question_for_them_gets_its_paragraph():
    text = "The server is installed by the porter. Ask him at noon."
    said = answer("How do I install the server?", page(text), says={"porter": 1.0})
    assert (said.text, said.shape) == (text, Shape.SENTENCE)


def test_too_many_steps_begin_at_the_best_one_and_set_more():
    steps = "\n".join(f"{n}. Step number {n} is done like this: " + "turn it " * 12 for n in range(1, 31))
    said = answer(
        "How do I turn the wheel?", page(f"# Turn the wheel\n\n{steps}\n"), says={"number 20 is": 1.0}
    )
    assert said.more
    assert "number 20 is" in said.text
    assert len(said.text) <= 1300


def test_steps_that_go_on_behind_the_passage_are_reached():
    passage = page(INSTALL, within=("## Install"[3:], "package:"))
    said = answer("How do I install the server?", passage, says={"Install the package": 1.0})
    assert "fathom up" in said.text


PARTS = """# Install the driver

## Set up the repository

Select "Repositories", click the create button, fill in:

- Name: driver
- URL: https://example.org/charts/

## Configure

1. url is the address of the database, such as redis://redis:6379/1
2. storage is the type of the storage
"""


def test_a_list_that_says_what_to_click_is_a_step_and_every_part_says_its_own_under_its_heading():
    said = answer("How do I install the driver?", page(PARTS), says={"click the create button": 1.0})
    assert said.shape == Shape.STEPS
    assert [text for kind, text in said.parts if kind == "heading"] == ["Set up the repository", "Configure"]
    assert "- URL: https://example.org/charts/" in said.text
    assert "2. storage" in said.text


def test_of_long_steps_under_several_headings_those_of_the_heading_that_answers_are_given():
    filler = " with the mouse, as long as it takes" * 6
    parts = "\n\n".join(
        f"## {name}\n\n1. Open the {name.lower()} page{filler}\n2. Press the {name.lower()} key{filler}"
        for name in ("Paths", "Volumes", "Mounts")
    )
    said = answer(
        "How do I set up my machine?", page(f"# Set up a machine\n\n{parts}\n"), says={"volumes key": 1.0}
    )
    assert said.more
    assert "Press the volumes key" in said.text
    assert "mounts" not in said.text
    numbered = parts.replace("## Paths", "## 1. Paths").replace("## Volumes", "## 2. Volumes")
    said = answer(
        "How do I set up my machine?", page(f"# Set up a machine\n\n{numbered}\n"), says={"volumes key": 1.0}
    )
    assert "Press the paths key" in said.text
    assert "mounts" not in said.text


def test_a_step_with_a_heading_of_its_own_brings_all_steps_those_told_in_words_too():
    text = "# Recovery\n\n## From the survivor\n\n### Step 1: Stop all\n\nStop every server.\n\n### Step 2: Repair\n\n"
    text += "Run:\n\n```\nrepair --all\n```\n\n### Step 3: Start\n\nStart the servers again.\n\n"
    text += "## From nothing\n\nBuy new ones.\n"
    said = answer("How do I repair it all?", page(text), says={"repair --all": 1.0})
    assert [part for kind, part in said.parts if kind == "heading"] == [
        "Step 1: Stop all",
        "Step 2: Repair",
        "Step 3: Start",
    ]
    assert "Stop every server." in said.text
    assert "Start the servers again." in said.text
    assert "Buy new ones" not in said.text


def test_of_sessions_at_a_prompt_that_are_too_long_what_is_typed_is_given():
    table = "\n".join(f"| /test/{n} | 1.0 GiB | 1.6 MiB |" for n in range(11))
    sections = "\n\n".join(
        f"Use tool {name} to {name} a quota:\n\n```\n$ tool {name} --path /test \\\n  --all\n{table}\n"
        "# and then\n$ tool end\n```"
        for name in ("set", "get", "list", "delete")
    )
    said = answer("How do I set a quota?", page(f"# Set a quota\n\n{sections}\n"), says={"Use tool set": 1.0})
    assert [text for kind, text in said.parts if kind == "code"][:2] == [
        "$ tool set --path /test \\\n  --all",
        "# and then\n$ tool end",
    ]
    assert "$ tool delete" in said.text
    assert "GiB" not in said.text


def test_a_list_that_the_reader_is_sure_of_is_taken_instead_of_the_steps_of_another_section():
    sending = page("# Returning\n\nSend us:\n\n- the serial number\n- the receipt\n", key="other")
    sure = answer("How do I return the server?", page(INSTALL), sending, says={"the serial number": 1.0})
    assert sure.text.startswith("Send us:")
    assert "the receipt" in sure.text
    assert "pip" not in sure.text
