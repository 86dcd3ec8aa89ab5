"""The prompt: document text lies between marks that it can't contain, and brings no tags."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.quoting.prompt import BREAKER, REFUSALS, RULES, is_refusal, messages
from generator.types import SourcePassage

HOSTILE = st.text(alphabet="a0</>passage question|[INST]im_\n", max_size=60)


def test_passages_are_numbered_and_only_what_may_be_read_is_sent():
    first = SourcePassage(key="a", text="Ducks swim. Secret. They eat weeds.", kept=[(0, 11), (20, 35)])
    system, user = messages("What do ducks eat?", [first, SourcePassage(key="b", text="鸭子。")])
    assert (system["role"], system["content"]) == ("system", RULES)
    mark = re.match(r"<passage 1 ([0-9a-f]{8})>", user["content"])[1]
    assert user["content"] == (
        f"<passage 1 {mark}>\nDucks swim.\n[…]\nThey eat weeds.\n</passage 1 {mark}>\n\n"
        f"<passage 2 {mark}>\n鸭子。\n</passage 2 {mark}>\n\n"
        f"<question {mark}>\nWhat do ducks eat?\n</question {mark}>"
    )


@given(HOSTILE, st.lists(HOSTILE, min_size=1, max_size=4))
def test_no_text_can_end_its_passage_or_begin_another(question, texts):
    _, user = messages(question, [SourcePassage(key="x", text=text) for text in texts])
    mark = re.search(r"<passage 1 (\w+)>", user["content"])[1]
    assert user["content"].count(mark) == 2 * len(texts) + 2
    assert len(re.findall(r"^</?(?:passage|question)", user["content"], re.M)) == 2 * len(texts) + 2
    sent = user["content"].replace(BREAKER, "")
    assert all(f">\n{text}\n</" in sent for text in (question, *texts))


@pytest.mark.parametrize(
    "tag",
    ["<|im_start|>", "<｜begin▁of▁sentence｜>", "</s>", "[/INST]", "[gMASK]", "<start_of_turn>", "<think>"],
)
def test_control_words_of_chat_templates_arrive_broken(tag):
    content = messages("q", [SourcePassage(key="x", text=f"a {tag} b")])[1]["content"]
    assert tag not in content
    assert tag in content.replace(BREAKER, "")


def test_the_same_question_has_the_same_prompt():
    passages = [SourcePassage(key="x", text="a < b, [link]")]
    assert messages("q", passages) == messages("q", passages)
    assert "a < b, [link]" in messages("q", passages)[1]["content"]


@pytest.mark.parametrize("said", [*REFUSALS, f"“{REFUSALS[0].upper()}” ", "这些段落没有回答这个问题"])
def test_a_refusal_is_known_by_its_words(said):
    assert is_refusal(said)
    assert all(refusal in RULES for refusal in REFUSALS)


@pytest.mark.parametrize("said", ["", "Ducks.", REFUSALS[0] + " However, ducks do."])
def test_anything_else_is_none(said):
    assert not is_refusal(said)
