"""Fitting a model's confidence on answers of the whole path to development questions (`fathom train calibrate`)."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from app.composition.runtime import build_runtime, shipped_parts
from app.measuring.quality.asking import EvalOptions, Note
from app.measuring.quality.run import EvalRun, OnProgress, evaluate
from app.measuring.questions.calibration_sets import read
from app.measuring.questions.datasets import QuestionSet, Selection, build
from app.settings.schema import Settings
from generator.data.set_files import root_of
from generator.fathom_small.generator import FathomSmall
from generator.fathom_small.loading import load_generator, store_calibration
from generator.training.recipes.calibration import Sample, fit
from retrieval.encoder_weights import encoder_state

UNANSWERED = 0.4
"""Share of the questions that are asked with everything taken away that answers them."""
RECIPE = Path(__file__).parents[3] / "generator" / "training" / "recipes" / "calibration.json"


def calibrate(
    settings: Settings,
    folder: Path,
    data: Sequence[Path],
    on_progress: Callable[[str], OnProgress],
    share: float = 1.0,
    also: Sequence[Path] = (),
    keep: Path | None = None,
) -> dict[str, float]:
    """Ask the questions of the recipe of a model, fit its confidence, and store the fit with it.

    Args:
        settings: Of the program; home and database are temporary ones.
        folder: Of the model, changed in place.
        data: Folders that the recipe's paths are relative to.
        on_progress: Gives for the name of a set what is told of its progress.
        share: Of the questions that are asked, for a quick look.
        also: JSON lines of further answers, with `signals`, `right`, `answerable` and `source`.
        keep: Where to write all answers in this form, so that they can be fitted again; None for nowhere.

    Returns:
        Figures of the fit, see `generator.training.recipes.calibration.fit`.

    Raises:
        CheckpointError: There is no model in the folder.
        FormatError: A set has another layout.
        OSError: A set is missing.
    """
    samples: list[Sample] = []
    encoder = settings.models_dir / "encoder"
    state = encoder_state(encoder)
    model = load_generator(folder, state, encoder / "tokenizer.json", device=settings.device)
    for dataset in _sets(data, share):
        run = _asked(settings, model, dataset, on_progress(dataset.name))
        samples += samples_of(run)
    for path in also:
        lines = path.read_text(encoding="utf-8").splitlines()
        samples += [_sample(json.loads(line)) for line in lines if line]
    if keep is not None:
        rows = (json.dumps(asdict(sample), ensure_ascii=False) for sample in samples)
        keep.write_text("\n".join(rows) + "\n", encoding="utf-8")
    calibration, figures = fit(samples, model.calibration)
    store_calibration(folder, calibration, figures)
    return figures


def _sample(row: dict[str, Any]) -> Sample:
    return Sample(**{name: row[name] for name in ("signals", "right", "answerable", "source")})


def samples_of(run: EvalRun) -> Iterator[Sample]:
    """The answers of a run that refused nothing."""
    for note in run.notes:
        if note.retrieved is not None and note.retrieved.signals:
            yield Sample(
                signals=note.retrieved.signals,
                right=note.answerable and (note.retrieved.right > 0 or _cites_right(note)),
                answerable=note.answerable,
                source=run.dataset.name,
            )


def _cites_right(note: Note) -> bool:
    """Whether a citation stands where a gold answer does: long ones are rarely quoted whole."""
    return note.citations is not None and note.citations.right > 0


def _sets(data: Sequence[Path], share: float) -> Iterator[QuestionSet]:
    plan: list[dict[str, Any]] = json.loads(RECIPE.read_text(encoding="utf-8"))["sets"]
    for spec in plan:
        path = Path(spec.pop("path"))
        selection = Selection(**spec)
        if selection.sample is not None:
            selection = replace(selection, sample=max(1, round(share * selection.sample)))
        name, records = read(root_of(str(path), data) / path)
        yield build(path.name, name, records, selection)


def _asked(settings: Settings, model: FathomSmall, dataset: QuestionSet, on_progress: OnProgress) -> EvalRun:
    options = EvalOptions(drop_gold=UNANSWERED, gold=False, answer_all=True)
    with tempfile.TemporaryDirectory(prefix="fathom-calibrate-") as home:
        # one action of the short answer is enough: whether an answer is right is judged by its text
        answers = settings.answers.model_copy(update={"max_new_tokens": 1})
        own = settings.model_copy(update={"home": Path(home), "database_url": None, "answers": answers})
        runtime = build_runtime(own, replace(shipped_parts(), generator=lambda _: model))
        try:
            return evaluate(runtime, dataset, options, on_progress)
        finally:
            runtime.close()
