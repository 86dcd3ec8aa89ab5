import pytest

from app.measuring.speed.timing import Spent, interleaved, percentiles_ms, ratio


def test_sides_take_turns_forwards_and_backwards_after_a_warm_up(monkeypatch):
    calls = []
    # A clock that tells how much was called: a round of one side is one second, of both clocks.
    monkeypatch.setattr("app.measuring.speed.timing.time.perf_counter", lambda: float(len(calls)))
    monkeypatch.setattr("app.measuring.speed.timing.time.process_time", lambda: float(len(calls)))
    sides = {name: lambda name=name: calls.append(name) for name in ("a", "b")}
    spent = interleaved(sides, rounds=3, warm_up=1)
    assert calls == ["b", "a", "a", "b", "b", "a", "a", "b"]
    assert {name: len(times.wall) for name, times in spent.items()} == {"a": 3, "b": 3}
    assert {second for times in spent.values() for second in (*times.wall, *times.cpu)} == {1.0}


def test_rates_go_by_the_median_round():
    spent = Spent(wall=[9.0, 2.0, 1.0], cpu=[4.0, 4.0, 1.0])
    assert spent.rates("texts", 10) == {"texts_per_s": 5.0, "texts_per_cpu_s": 2.5}


def test_a_ratio_above_1_says_that_we_are_faster():
    assert ratio(peer=3.0, ours=2.0) == 1.5


def test_percentiles_are_in_milliseconds():
    assert percentiles_ms([0.001, 0.003]) == {"p50_ms": 2.0, "p99_ms": pytest.approx(2.98)}
