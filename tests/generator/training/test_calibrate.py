"""Calibration: figures against hand-made samples."""

import pytest
import torch

from generator.fathom_small import Calibration
from generator.training.calibrate import Sample, auroc, calibration_error, fit


def test_auroc_counts_ordered_pairs() -> None:
    assert auroc(torch.tensor([3.0, 1.0, 2.0]), torch.tensor([1.0, 1.0, 0.0])) == 0.5
    assert auroc(torch.tensor([2.0, 2.0]), torch.tensor([1.0, 0.0])) == 0.5


def test_calibration_error_is_the_gap_by_bin() -> None:
    confidence = torch.tensor([0.95, 0.95, 0.15, 0.15])
    labels = torch.tensor([1.0, 0.0, 0.0, 0.0])
    assert calibration_error(confidence, labels) == pytest.approx(0.5 * 0.45 + 0.5 * 0.15, abs=1e-6)


def test_fit_moves_the_boundary_between_the_classes() -> None:
    torch.manual_seed(0)
    yes = [Sample(logit=float(x), answerable=True) for x in torch.randn(300) + 8]
    no = [Sample(logit=float(x), answerable=False) for x in torch.randn(300) + 5]
    fitted, figures = fit([*yes, *no], Calibration())
    boundary = -fitted.answerable_shift / fitted.answerable_scale
    assert 6.0 < boundary < 7.0
    assert figures["accuracy"] > 0.9
    assert figures["ece_after"] < figures["ece_before"] / 4


def _answered(source: str, phrase: float, phrase_f1: float, sentence_f1: float) -> Sample:
    return Sample(
        logit=9.0,
        answerable=True,
        source=source,
        phrase=phrase,
        sentence=0.9,
        phrase_f1=phrase_f1,
        sentence_f1=sentence_f1,
    )


UNANSWERABLE = [Sample(logit=-9.0 + i, answerable=False) for i in range(9)]


def test_phrases_less_probable_than_their_worth_give_way_to_sentences() -> None:
    samples = [_answered("a", i / 100, 0.1 if i < 30 else 0.8, 0.3) for i in range(100)]
    fitted, _ = fit([*samples, *UNANSWERABLE], Calibration())
    # 30 sentences gain 0.2 each, those after them lose 0.5 each: 12 more lose all that was gained.
    assert fitted.phrase_from == pytest.approx(0.41)


def test_no_set_pays_much_for_the_sentences_of_another() -> None:
    gains = [_answered("a", i / 100, 0.1, 0.7) for i in range(100)]
    loses = [_answered("b", i / 100, 0.9, 0.4) for i in range(100)]
    fitted, _ = fit([*gains, *loses, *UNANSWERABLE], Calibration())
    # one sentence more of "b" costs it more than it may lose
    assert fitted.phrase_from == pytest.approx(0.04)
