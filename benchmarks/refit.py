"""Decision 0077: confidence fitted anew on answers that `benchmarks.asked --signals` kept, and measured on others.

    python -m benchmarks.refit models/fathom-small FITTED.jsonl … --held OTHERS.jsonl … [--store]

Few answers change little of what many have shown: the fit is drawn to the weights that are stored. The support of
citations stays as it is.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import exp
from pathlib import Path

import torch

from generator.composing.signals import weigh
from generator.fathom_small.calibration import Calibration
from generator.fathom_small.loading import calibration_from_json, store_calibration
from generator.training.recipes.calibration import SURE, Sample, auroc, calibration_error, fit

PULL = 4.0
"""Answers that a squared distance of 1 from the stored weights counts as much as; chosen by the folds of 0077."""


def samples_of(paths: Sequence[Path]) -> Iterator[Sample]:
    """Answers of files of JSON lines; each answer weighs the same, whatever set it is of."""
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            yield Sample(signals=told["signals"], right=told["right"], answerable=told["answerable"])


def measured(samples: Sequence[Sample], calibration: Calibration) -> dict[str, float]:
    """Figures of a calibration over answers; shares in [0, 1].

    Raises:
        ValueError: There are none.
    """
    if not samples:
        raise ValueError("there are no answers to measure with")
    odds = (weigh(sample.signals, calibration.confidence) for sample in samples)
    confidence_N = torch.tensor([1.0 / (1.0 + exp(-odd)) for odd in odds])
    right_N = torch.tensor([float(sample.right) for sample in samples])
    able_N = torch.tensor([sample.answerable for sample in samples])
    shown_N, sure_N = confidence_N >= calibration.answer_from, confidence_N >= SURE
    return {
        "answers": len(samples),
        "auroc": auroc(confidence_N, right_N),
        "ece": calibration_error(confidence_N, right_N),
        "ece_shown": calibration_error(confidence_N[shown_N], right_N[shown_N]),
        "sure": int(sure_N.sum()),
        "sure_right": int(right_N[sure_N].sum()),
        "right_held_back": float((~shown_N)[right_N > 0].float().mean()),
        "false_refusals": float((~shown_N)[able_N].float().mean()),
        "false_answers": float(shown_N[~able_N].float().mean()),
    }


def main() -> None:
    """Read the command line, fit, tell figures before and after, and store the fit where that is wanted."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("folder", type=Path, help="of the model")
    options.add_argument("fitted", type=Path, nargs="+", help="answers to fit to")
    options.add_argument("--held", type=Path, nargs="*", default=[], help="answers to measure with alone")
    options.add_argument("--pull", type=float, default=PULL)
    options.add_argument("--answer-from", type=float, help="least confidence to answer; else the fit's own")
    options.add_argument("--store", action="store_true", help="store the fit with the model")
    given = options.parse_args()
    stored = json.loads((given.folder / "meta.json").read_text(encoding="utf-8"))["calibration"]
    before = calibration_from_json(stored)
    samples = list(samples_of(given.fitted))
    fitted, figures = fit(samples, before, given.pull)
    answer_from = fitted.answer_from if given.answer_from is None else given.answer_from
    after = replace(before, confidence=fitted.confidence, answer_from=answer_from)
    print(f"folds of {len(samples)} answers: {_told(figures)}")
    for name, calibration in (("before", before), ("after", after)):
        for path in given.held:
            print(f"{name}, {path.stem}: {_told(measured(list(samples_of([path])), calibration))}")
    if given.store:
        store_calibration(given.folder, after, figures)


def _told(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}".removesuffix(".000") for name, value in figures.items())


if __name__ == "__main__":
    main()
