"""Costs of builds that take turns are compared over what all of them answered."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from benchmarks import answer_cost


class _Told:
    """A build that tells of every answer the same, and refuses the questions named."""

    def __init__(self, name: str, log: list[str], *, first: float, refuses: Sequence[str] = ()) -> None:
        self.name, self.log, self.first, self.refuses = name, log, first, refuses

    def ask(self, question: str, passages: Sequence[str]) -> dict[str, Any]:
        self.log.append(f"{question}{self.name}")
        answered = question not in self.refuses
        return {
            "answered": answered,
            "first": self.first,
            "whole": 2 * self.first,
            "characters": 10,
            "peak_mb": 700.0,
        }


def test_builds_take_turns_and_what_one_refuses_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(options: argparse.Namespace) -> Iterator[tuple[str, list[str]]]:
        yield from ((name, ["text"]) for name in "abcd")

    monkeypatch.setattr(answer_cost, "passages_of", asked)
    log: list[str] = []
    builds: list[Any] = [_Told("1", log, first=200.0, refuses="b"), _Told("2", log, first=150.0)]
    report = answer_cost.compared(builds, argparse.Namespace(questions=2))
    assert log == ["a1", "a2", "b2", "b1", "c1", "c2", "d2", "d1"]
    assert (report["asked"], report["answered_by_all"]) == (4, 2), "the first one warms up"
    assert report["medians"]["2"] == {"first": 150.0, "whole": 300.0, "characters": 10, "peak_mb": 700}
    assert report["ratio_to_first"]["2"] == {"first": 0.75, "whole": 0.75, "characters": 1.0, "peak_mb": 1.0}
