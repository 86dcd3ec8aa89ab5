"""The packed forward pass against `transformers.BertModel`, on a small random one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from transformers import BertConfig, BertModel

from retrieval.packed_bert import PackedBert

PAD = 1


@pytest.fixture(scope="module")
def bert():
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=40, initializer_range=0.3,
    )  # fmt: skip
    return BertModel(config, add_pooling_layer=False).eval()


@pytest.fixture(scope="module")
def packed(bert):
    return PackedBert(bert.state_dict(), heads=4, norm_eps=bert.config.layer_norm_eps, pad=PAD)


def windows_of(*lengths):
    draw = torch.Generator().manual_seed(1)
    return [torch.randint(2, 50, (length,), generator=draw).tolist() for length in lengths]


def alone(bert, window):
    with torch.inference_mode():
        return bert(torch.tensor([window])).last_hidden_state[0]


@pytest.mark.parametrize(
    "lengths",
    [(7,), (12, 12, 12), (40, 39, 38, 36), (40, 20, 19, 19, 3, 1), (1, 1), (9, 8, 8, 7, 7, 2)],
    ids=["one", "equal", "about equal", "ragged", "single pieces", "runs"],
)
def test_states_are_those_of_each_window_alone(bert, packed, lengths):
    windows = windows_of(*lengths)
    states, places = packed.states(windows)
    assert states.dtype == torch.float32
    for window, place in zip(windows, places, strict=True):
        torch.testing.assert_close(
            states[place : place + len(window)], alone(bert, window), atol=1e-5, rtol=1e-5
        )


def test_padding_is_a_small_share(packed):
    lengths = sorted((int(length) for length in torch.randint(1, 41, (200,))), reverse=True)
    states, _ = packed.states(windows_of(*lengths))
    assert sum(lengths) <= len(states) <= 1.1 * sum(lengths)


def test_bfloat16_keeps_directions_and_leaves_the_exact_model_alone(bert, packed):
    windows = windows_of(30, 29, 11)
    rough, places = packed.to(torch.bfloat16).states(windows)
    assert packed.dtype == torch.float32
    for window, place in zip(windows, places, strict=True):
        mean = rough[place : place + len(window)].mean(0)
        assert torch.cosine_similarity(mean, alone(bert, window).mean(0), dim=0) > 0.999


def test_threads_do_not_disturb_each_other(packed):
    batches = [windows_of(30, 28, 5), windows_of(9), windows_of(17, 17)]
    expected = [packed.states(batch)[0] for batch in batches]
    with ThreadPoolExecutor(3) as threads:
        read = list(threads.map(lambda batch: packed.states(batch)[0], batches * 5))
    for number, states in enumerate(read):
        torch.testing.assert_close(states, expected[number % 3])
