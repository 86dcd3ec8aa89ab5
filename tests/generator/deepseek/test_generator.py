"""The whole generator on small checkpoints: checked sentences of what a model writes; passages as text or memory."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from tokenizers import Tokenizer

from generator.deepseek.generator import DeepseekGenerator
from generator.deepseek.loading import load_local_model
from generator.errors import CheckpointError, ContextLengthError, NoAnswerError, RequestError
from generator.quoting.prompt import REFUSALS, messages, question_alone
from generator.types import Generated, Ink, Request, SourcePassage, Token, Waiting
from ingestion.sentences import split_sentences
from tests.generator.deepseek.checkpoints import (
    ASSISTANT,
    TEMPLATE,
    V2,
    V3,
    WINDOW,
    give_adapters,
    random_checkpoint,
    saying,
    write_tokenizer,
)

PASSAGES = [
    SourcePassage(key="cat", text="the cat sat on the mat. the dog ran."),
    SourcePassage(key="treaty", text="条约在1992年签署。", weight=0.5),
]


def generator_of(folder, memories=None, dtype=torch.float32):
    model = load_local_model(folder, dtype=dtype)
    return DeepseekGenerator(model, split_sentences, lambda _, passages: [0.5 for _ in passages], memories)


def request(passages=PASSAGES, **more):
    return Request(**{"question": "who sat?", "passages": passages, "max_new_tokens": 24, **more})


def answer(generator, **more):
    *before, generated = generator.stream(request(**more))
    assert isinstance(generated, Generated)
    return [event for event in before if isinstance(event, Token)], generated


@pytest.fixture(scope="module", params=[V2, V3], ids=["V2", "V3"])
def random_pair(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("random")
    theirs = random_checkpoint(request.param, folder)
    write_tokenizer(folder)
    return theirs, folder


def test_the_text_is_what_transformers_writes_after_the_same_prompt(random_pair):
    theirs, folder = random_pair
    generator = generator_of(folder)
    prompt = torch.tensor([load_local_model(folder).tokenizer.prompt(messages("who sat?", PASSAGES))])
    options = {"attention_mask": torch.ones_like(prompt), "eos_token_id": 1, "pad_token_id": 0}
    expected = theirs.generate(prompt, max_new_tokens=24, do_sample=False, **options)[0, prompt.shape[1] :]
    text = Tokenizer.from_file(str(folder / "tokenizer.json")).decode(expected.tolist())
    written = answer(generator)[1].text
    # A character that the last token leaves incomplete is not shown, and white space at the end neither.
    assert text.rstrip("\ufffd").strip().startswith(written.strip())
    assert len(written) > 10


def test_quotes_are_cited_and_the_rest_is_written(tmp_path):
    generator = generator_of(saying(V3, tmp_path, "My cat ", "sat on ", "the mat", " [1]", ". ", "Lovely!"))
    tokens, generated = answer(generator)
    assert [(token.text, token.ink.value) for token in tokens] == [
        ("My ", "written"),
        ("cat sat on the mat.", "copied"),
        (" ", "written"),
        ("Lovely!", "written"),
    ]
    assert (generated.answerable, generated.confidence, generated.generated_tokens) == (True, None, 6)


def test_a_character_of_several_tokens_is_one_character(tmp_path):
    generator = generator_of(saying(V2, tmp_path, "在", "199", "2年", "签", "x。"))
    tokens, generated = answer(generator)
    assert generated.generated_tokens > 5
    assert generated.text == "在1992年签x。"
    assert [token.text for token in tokens if token.ink is Ink.COPIED] == ["在1992年签"]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_is_no_answer(tmp_path, refusal):
    tokens, generated = answer(generator_of(saying(V3, tmp_path, refusal)))
    assert (tokens, generated.text, generated.answerable) == ([], "", False)


def test_thoughts_are_not_the_answer(tmp_path):
    template = TEMPLATE.replace(ASSISTANT, f"{ASSISTANT}<think>\n")
    folder = saying(V3, tmp_path, "Hm, ", "cats.", "</think>", "the cat", " sat.", template=template)
    assert answer(generator_of(folder))[1].text == "the cat sat."
    with pytest.raises(NoAnswerError, match="2 tokens"):
        answer(generator_of(folder), max_new_tokens=2)


def test_a_base_model_is_stopped_at_the_end_of_its_paragraph(tmp_path):
    folder = saying(V3, tmp_path, "the cat", " sat.", "\n\nQ", "uestion:", template=None)
    assert answer(generator_of(folder))[1].text == "the cat sat."
    folder = saying(V3, tmp_path, "the cat", " sat.", "z\n", "\nmore", "!", template=None)
    assert answer(generator_of(folder))[1].text == "the cat sat.z"


def test_a_model_that_writes_nothing_is_an_error(tmp_path):
    generator = generator_of(saying(V3, tmp_path))
    with pytest.raises(NoAnswerError, match="wrote nothing"):
        answer(generator)
    with pytest.raises(RequestError, match="empty"):
        answer(generator, question=" ")


def test_the_caller_may_look_at_every_token_and_stop(random_pair):
    _, folder = random_pair
    generator = generator_of(folder)
    steps = []
    generator._model.decoder.register_forward_pre_hook(lambda *_: steps.append(1))
    events = generator.stream(request(max_new_tokens=200))
    assert isinstance(next(events), Waiting)
    while len(steps) < 5:
        next(events)
    taken = len(steps)
    events.close()
    assert len(steps) == taken < 8


def test_what_does_not_fit_into_the_window_is_refused_with_the_numbers(random_pair):
    _, folder = random_pair
    with pytest.raises(ContextLengthError, match=f"2000.*{WINDOW}"):
        answer(generator_of(folder), max_new_tokens=2000)


def test_answers_can_be_drawn(random_pair):
    _, folder = random_pair
    generator = generator_of(folder)
    one, same, other = (answer(generator, temperature=1.0, seed=seed)[1].text for seed in (1, 1, 2))
    assert one == same != other


def test_several_threads_may_ask_at_once(random_pair):
    _, folder = random_pair
    generator = generator_of(folder)
    questions = [f"who sat {word}?" for word in ("here", "there", "on <｜User｜>", "nowhere")]
    alone = [answer(generator, question=question)[1].text for question in questions]
    with ThreadPoolExecutor(4) as pool:
        together = pool.map(lambda question: answer(generator, question=question)[1].text, questions)
        assert list(together) == alone


def test_bfloat16_works_too(tmp_path):
    folder = saying(V2, tmp_path, "the cat", " sat.")
    assert answer(generator_of(folder, dtype=torch.bfloat16))[1].text == "the cat sat."


# ------------------------------------------------------------------ passages by cross-attention


@pytest.fixture
def folder(random_pair, tmp_path):
    """One that a test may give adapters to."""
    return shutil.copytree(random_pair[1], tmp_path / "random")


@pytest.fixture
def memories(small):
    return small.reader().memories


def logits(folder, memories, *sets):
    """Those of the first token, for each set of passages."""
    generator, seen = generator_of(folder, memories), []
    generator._model.decoder.register_forward_hook(lambda *hooked: seen.append(hooked[2].logits_BTV))
    for passages in sets:
        answer(generator, passages=passages)
    per_answer = len(seen) // len(sets)
    assert per_answer > 1
    return seen[::per_answer]


def far_apart(one, other):
    return (one - other).abs().max() > 1e-2


def test_closed_gates_write_what_the_question_alone_gives_and_open_ones_do_not(folder, memories):
    cat, treaty = ([passage] for passage in PASSAGES)
    give_adapters(folder, memories.width, gate=0.0)
    closed, also_closed = logits(folder, memories, cat, treaty)
    model = load_local_model(folder, dtype=torch.float32)
    prompt = model.tokenizer.prompt(question_alone("who sat?"))
    assert torch.equal(closed, model.decoder(torch.tensor([prompt]), last_only=True).logits_BTV)
    assert torch.equal(closed, also_closed)
    give_adapters(folder, memories.width, gate=0.7)
    opened, also_opened = logits(folder, memories, cat, treaty)
    assert far_apart(opened, closed)
    assert far_apart(opened, also_opened)


def test_a_weight_counts_and_weight_zero_equals_removal(folder, memories):
    give_adapters(folder, memories.width, gate=0.7)
    cat, treaty = PASSAGES
    both, removed, ignored, light = logits(
        folder,
        memories,
        PASSAGES,
        [cat],
        [cat, replace(treaty, weight=0.0)],
        [replace(cat, weight=0.01), treaty],
    )
    assert torch.equal(ignored, removed)
    assert far_apart(removed, both)
    assert far_apart(light, both)


def test_the_order_of_passages_means_nothing_and_only_kept_ranges_are_read(folder, memories):
    give_adapters(folder, memories.width, gate=0.7)
    cat, treaty = PASSAGES
    kept = replace(cat, kept=[(0, 23)])
    one, other, narrowed = logits(folder, memories, [cat, treaty], [treaty, cat], [kept, treaty])
    torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
    assert far_apart(one, narrowed)


def test_a_fused_answer_is_checked_for_quotes_like_any_other(tmp_path, memories):
    folder = saying(V3, tmp_path, "Surely the ", "cat sat on ", "the mat", ".")
    give_adapters(folder, memories.width, gate=0.1)
    tokens, _ = answer(generator_of(folder, memories))
    assert [(t.text, t.passage) for t in tokens if t.ink is Ink.COPIED] == [
        ("the cat sat on the mat.", "cat")
    ]


def test_adapters_and_memories_must_belong_together(folder, memories):
    give_adapters(folder, memories.width + 8)
    with pytest.raises(CheckpointError, match="another encoder"):
        generator_of(folder, memories)
