"""Decoding against `transformers`' own, and by steps of a prompt."""

import pytest
import torch

from generator.deepseek import decode as module
from generator.deepseek.decode import decode
from generator.deepseek.published import load_deepseek
from tests.generator.deepseek.checkpoints import V2, V3, VOCABULARY, random_checkpoint

NEVER = frozenset([VOCABULARY])


@pytest.fixture(scope="module", params=[V2, V3], ids=["V2", "V3"])
def pair(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("random")
    return random_checkpoint(request.param, folder), load_deepseek(folder)


def ids_of(model, prompt, **more):
    return [
        i for i in decode(model, prompt, **{"ends": NEVER, "max_new_tokens": 12, **more}) if i is not None
    ]


@pytest.mark.parametrize("step", [4, 256])
def test_greedy_text_is_that_of_transformers(pair, monkeypatch, step):
    monkeypatch.setattr(module, "PROMPT_STEP", step)
    theirs, ours = pair
    prompt = torch.randint(2, VOCABULARY, (1, 19))
    options = {"attention_mask": torch.ones_like(prompt), "eos_token_id": None, "pad_token_id": 0}
    expected = theirs.generate(prompt, max_new_tokens=12, do_sample=False, **options)[0, 19:].tolist()
    assert ids_of(ours, prompt[0].tolist()) == expected
    assert (
        ids_of(ours, prompt[0].tolist(), ends=frozenset(expected[5:6]))
        == expected[: expected.index(expected[5])]
    )
    assert ids_of(ours, prompt[0].tolist(), max_new_tokens=3) == expected[:3]


def test_drawn_text_is_the_same_for_the_same_seed(pair):
    _, ours = pair
    drawn = [ids_of(ours, [5, 6, 7], temperature=1.5, seed=seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_the_caller_may_look_before_each_step_of_the_prompt(pair, monkeypatch):
    monkeypatch.setattr(module, "PROMPT_STEP", 4)
    _, ours = pair
    tokens = decode(ours, range(2, 12), ends=NEVER, max_new_tokens=2)
    assert [token is None for token in tokens] == [True, True, True, False, False]


def test_a_closed_iterator_computes_nothing_more(pair, monkeypatch):
    _, ours = pair
    steps = []
    handle = ours.register_forward_pre_hook(lambda *_: steps.append(1))
    tokens = decode(ours, [5, 6], ends=NEVER, max_new_tokens=50)
    assert next(tokens) is None
    assert not torch.is_inference_mode_enabled()
    next(tokens)
    assert not torch.is_inference_mode_enabled()
    tokens.close()
    handle.remove()
    assert len(steps) == 1
