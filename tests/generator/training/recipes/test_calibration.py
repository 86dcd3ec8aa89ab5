"""Confidence: figures against hand-made samples."""

import math
import random
from dataclasses import replace

import pytest
import torch

from generator.composing.signals import SIGNALS, weigh
from generator.composing.support import SUPPORT_SIGNALS
from generator.fathom_small.calibration import Calibration
from generator.training.recipes.calibration import Sample, auroc, calibration_error, fit


def test_auroc_counts_ordered_pairs() -> None:
    assert auroc(torch.tensor([3.0, 1.0, 2.0]), torch.tensor([1.0, 1.0, 0.0])) == 0.5
    assert auroc(torch.tensor([2.0, 2.0]), torch.tensor([1.0, 0.0])) == 0.5


def test_calibration_error_is_the_gap_by_bin() -> None:
    confidence = torch.tensor([0.95, 0.95, 0.15, 0.15])
    labels = torch.tensor([1.0, 0.0, 0.0, 0.0])
    assert calibration_error(confidence, labels) == pytest.approx(0.5 * 0.45 + 0.5 * 0.15, abs=1e-6)


def samples(count: int, *, source: str = "a", seed: int = 0) -> list[Sample]:
    """Answers that are right with the probability sigmoid(answerable + 2 covered); a third can't be answered."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        answerable = number % 3 > 0
        signals = dict.fromkeys(SIGNALS, 0.0)
        signals["answerable"] = chance.gauss(1.0 if answerable else -4.0, 1.0)
        signals["covered"] = chance.random()
        probability = 1 / (1 + math.exp(-signals["answerable"] - 2 * signals["covered"]))
        right = answerable and chance.random() < probability
        made.append(Sample(signals=signals, right=right, answerable=answerable, source=source))
    return made


def test_confidence_is_the_share_of_right_answers() -> None:
    fitted, figures = fit(samples(1500), Calibration())
    assert set(fitted.confidence) == {*SIGNALS, "bias"}
    assert figures["auroc"] > 0.85
    assert figures["ece"] < 0.06
    weights = fitted.confidence
    assert weights["answerable"] > 0.5
    assert weights["covered"] > 0.5
    assert weights["row"] == pytest.approx(0.0, abs=1e-3), "a signal that never speaks has no weight"
    sure = weigh({"answerable": 3.0, "covered": 1.0}, weights)
    unsure = weigh({"answerable": -3.0, "covered": 0.0}, weights)
    assert sure > 2 > -2 > unsure


def test_the_threshold_parts_what_is_answered_from_what_is_not() -> None:
    fitted, figures = fit(samples(900), Calibration())
    assert 0.05 <= fitted.answer_from < 0.6
    assert figures["false_refusals"] < 0.1
    assert figures["false_answers"] < 0.15


def test_support_weighs_what_a_source_has_beside_confidence() -> None:
    chance = random.Random(3)
    made = []
    for sample in samples(1500):
        margin = chance.gauss(2.0 if sample.right else 0.0, 1.0)
        told = {**sample.signals, "margin": margin, "rank": 0.0, "arranged": 0.0}
        made.append(replace(sample, signals=told))
    fitted, figures = fit(made, Calibration())
    assert set(fitted.support) == {*SUPPORT_SIGNALS, "bias"}
    assert fitted.support["margin"] > 0.5
    assert fitted.support["confidence"] > 0.3
    assert fitted.support["rank"] == pytest.approx(0.0, abs=1e-3)
    plain, without = fit(samples(1500), Calibration(support={"bias": 1.0}))
    assert plain.support == {"bias": 1.0}, "answers that were kept without its signals leave it alone"
    assert plain.confidence == fitted.confidence, "confidence is fitted without them"
    assert figures["support_auroc"] > without["support_auroc"] + 0.03


def test_every_set_weighs_the_same_however_large() -> None:
    small, large = samples(60, source="b", seed=1), samples(600, seed=2)
    once, _ = fit([*small, *large], Calibration())
    again, _ = fit([*small, *large, *large], Calibration())
    assert again.confidence["answerable"] == pytest.approx(once.confidence["answerable"], rel=0.05)


def test_the_rest_of_the_calibration_stays() -> None:
    base = Calibration(span_temperature=2.5, write_margin=7.0)
    fitted, _ = fit(samples(120), base)
    assert (fitted.span_temperature, fitted.write_margin) == (2.5, 7.0)


@pytest.mark.parametrize("right", [True, False])
def test_answers_that_are_all_alike_can_not_be_fitted_to(right: bool) -> None:
    alike = [Sample(signals={"answerable": float(n)}, right=right, answerable=True) for n in range(20)]
    with pytest.raises(ValueError, match="can't be fitted"):
        fit(alike, Calibration())


def test_few_answers_change_little_of_what_many_have_shown() -> None:
    many, _ = fit(samples(1500), Calibration())
    few = samples(30, seed=1)
    alone, _ = fit(few, many)
    drawn, _ = fit(few, many, pull=1.0)
    held, _ = fit(few, many, pull=1e6)

    def distance(fitted: Calibration) -> float:
        return sum((fitted.confidence[name] - many.confidence[name]) ** 2 for name in SIGNALS)

    assert distance(held) < 1e-4 < distance(drawn) < distance(alone)
