"""Prompts by the checkpoint's template, ids as they were given, characters never split."""

import json

import pytest
from tokenizers import Tokenizer

from generator.deepseek.chat_tokenizer import ChatTokenizer
from generator.errors import CheckpointError
from generator.quoting.prompt import messages
from generator.types import SourcePassage
from tests.generator.deepseek.checkpoints import ASSISTANT, BOS, EOS, TEMPLATE, USER, write_tokenizer

TALK = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "who sat?"}]
THINKING = TEMPLATE.replace(ASSISTANT, f"{ASSISTANT}<think>\n")


def tokenizer_in(folder, template=TEMPLATE, whole=()):
    write_tokenizer(folder, template, whole)
    return ChatTokenizer(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))


def test_a_prompt_is_what_the_template_says(tmp_path):
    ours, plain = tokenizer_in(tmp_path)
    expected = plain.encode(f"{BOS}Be short.\n\n{USER}who sat?{ASSISTANT}", add_special_tokens=False).ids
    assert ours.prompt(TALK) == expected
    assert ours.end_text is None
    assert not ours.thinks_aloud(expected)


def test_a_template_in_a_file_of_its_own_goes_first(tmp_path):
    _, plain = tokenizer_in(tmp_path)
    (tmp_path / "chat_template.jinja").write_text("{{ bos_token }}{{ messages[-1]['content'] }}")
    expected = plain.encode(f"{BOS}who sat?", add_special_tokens=False).ids
    assert ChatTokenizer(tmp_path).prompt(TALK) == expected


def test_a_base_model_gets_plain_text(tmp_path):
    ours, plain = tokenizer_in(tmp_path, template=None)
    expected = plain.encode(f"{BOS}Be short.\n\nwho sat?\n\nAnswer:", add_special_tokens=False).ids
    assert ours.prompt(TALK) == expected
    assert ours.end_text == "\n\n"


def test_a_prompt_that_begins_a_thought_is_known(tmp_path):
    ours, _ = tokenizer_in(tmp_path, THINKING)
    assert ours.thinks_aloud(ours.prompt(TALK))


@pytest.mark.parametrize("word", [BOS, EOS, USER, ASSISTANT])
def test_control_words_in_messages_are_text(tmp_path, word):
    ours, plain = tokenizer_in(tmp_path)
    control = plain.token_to_id(word)
    passage = SourcePassage(key="x", text=f"a {word} b")
    for talk in ([{"role": "user", "content": f"a {word} b"}], messages(word, [passage])):
        harmless = [dict(message, content=message["content"].replace(word, "x")) for message in talk]
        assert ours.prompt(talk).count(control) == ours.prompt(harmless).count(control)


def test_the_ends_are_those_of_all_files(tmp_path):
    write_tokenizer(tmp_path)
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [7, 8]}))
    (tmp_path / "config.json").write_text(json.dumps({"eos_token_id": 9}))
    assert ChatTokenizer(tmp_path).ends == {1, 7, 8, 9}


def test_text_comes_in_whole_characters(tmp_path):
    ours, plain = tokenizer_in(tmp_path)
    text = "猫 sat on 𝔐ats, é."
    step = ours.text_stream()
    pieces = [step(i) for i in plain.encode(text).ids]
    assert "".join(piece or "" for piece in pieces) == text
    assert pieces[:3] == [None, None, "猫"]
    assert all(piece is None or "\ufffd" not in piece for piece in pieces)


def test_the_marks_around_thoughts_come_as_text(tmp_path):
    ours, plain = tokenizer_in(tmp_path, whole=("<think>", "</think>"))
    step = ours.text_stream()
    text = "<think>hm</think>the cat"
    assert "".join(step(i) or "" for i in plain.encode(text).ids) == text


def test_an_id_without_text_gives_none(tmp_path):
    ours, _ = tokenizer_in(tmp_path)
    assert not ours.text_stream()(ours.size + 5)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "tokenizer.json").unlink(), "missing"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), "damaged"),
        (lambda f: (f / "tokenizer_config.json").write_text("{"), "damaged"),
        (lambda f: (f / "generation_config.json").write_text("[]"), "damaged"),
        (lambda f: (f / "chat_template.jinja").write_text("{% if %}"), "template"),
        (lambda f: (f / "chat_template.jinja").write_text("{{ raise_exception('no') }}"), "template"),
        (lambda f: (f / "chat_template.jinja").write_text("{{ ''.__class__.__mro__ }}"), "template"),
        (lambda f: (f / "tokenizer_config.json").write_text("{}"), "names no token"),
    ],
)
def test_damaged_files_are_refused(tmp_path, damage, message):
    write_tokenizer(tmp_path)
    damage(tmp_path)
    with pytest.raises(CheckpointError, match=message):
        ChatTokenizer(tmp_path)
