"""Stored weights: small error, vectors and integers kept."""

import torch

from generator.quantisation.int8 import pack_state, unpack_state


def test_round_trip_error_is_below_half_a_step() -> None:
    torch.manual_seed(0)
    state = {
        "w": torch.randn(40, 64),
        "experts": torch.randn(3, 8, 64),
        "b": torch.randn(40),
        "ids": torch.arange(5),
    }
    back = unpack_state(pack_state(state))
    assert set(back) == set(state)
    assert torch.equal(back["ids"], state["ids"])
    for name in ("w", "experts"):
        step = state[name].abs().amax(-1, keepdim=True) / 127
        assert bool(((back[name] - state[name]).abs() <= step * 0.56).all())
    torch.testing.assert_close(back["b"], state["b"], atol=2e-3, rtol=1e-3)


def test_rows_of_zeros_stay_zero() -> None:
    assert not unpack_state(pack_state({"w": torch.zeros(2, 64)}))["w"].any()
