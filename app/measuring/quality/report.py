"""Summary of the notes of a run: one object for programs, tables for people."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.measuring.quality.asking import OPTIONAL_STAGES, STAGES, EvalOptions, Note
from app.measuring.quality.judge import AnswerScore
from app.measuring.quality.run import EvalRun
from app.measuring.quality.scores import auroc, bootstrap_interval, percentile
from app.measuring.questions.datasets import Selection
from app.settings.schema import Settings

RECALLS = (1, 5, 20)
ANSWER_FIGURES = ("em", "f1", "phrase_em", "phrase_f1")
CITATION_FIGURES = (
    "precision",
    "recall",
    "marked",
    "supported_precision",
    "supported_recall",
    "containing_answer",
    "verbatim",
)
PERCENTILES = (50, 99)
BINS = 10
SURE = 0.8
Pick = Callable[[Note], AnswerScore | None]
Statistic = Callable[[NDArray[np.int64]], float | None]


def summarise(run: EvalRun, settings: Settings, options: EvalOptions, selection: Selection) -> dict[str, Any]:
    """The one object that `fathom eval --json` prints.

    Shares and recalls lie in [0, 1]; em, f1, phrase_em, phrase_f1 and sentence_hit in [0, 100]; times are in
    milliseconds. A figure that nothing stands for is null. `ci95` holds the interval of a figure under its path.
    """
    notes = run.notes
    figures = _Figures()
    return {
        "n": len(notes),
        "n_answerable": sum(note.answerable for note in notes),
        "n_unanswerable": sum(not note.answerable for note in notes),
        "n_located": sum(bool(note.ranks) for note in notes),
        "retrieval": {stage: _retrieval(notes, stage, figures) for stage in _stages(notes)},
        "gold": _answers(notes, lambda note: note.gold, "gold", figures),
        "retrieved": _answers(notes, lambda note: note.retrieved, "retrieved", figures),
        "abstention": _abstention(notes, lambda note: note.retrieved, "abstention", figures)
        | {"gold": _abstention(notes, lambda note: note.gold, "abstention.gold", figures)},
        "reliability": _reliability(notes, figures),
        "shapes": _shapes(notes),
        "citations": _citations(notes, figures),
        "writing": _writing(notes, figures),
        "latency_ms": _latency(notes, figures),
        "ci95": figures.intervals,
        "settings": _settings(run, settings, options, selection),
    }


class _Figures:
    """Computes figures over questions and notes the interval of each under its name."""

    def __init__(self) -> None:
        self.intervals: dict[str, list[float]] = {}

    def of(self, name: str, count: int, statistic: Statistic, digits: int = 4) -> float | None:
        """A figure of all `count` questions that it is about; None where there are none or it is not defined."""
        value = statistic(np.arange(count)) if count else None
        if value is None:
            return None
        bounds = bootstrap_interval(statistic, count)
        if bounds is not None:
            self.intervals[name] = [round(bound, digits) for bound in bounds]
        return round(value, digits)

    def mean(self, name: str, values: Sequence[float], scale: float = 1.0) -> float | None:
        """Mean of one value a question."""
        data = np.asarray(values, dtype=np.float64)
        return self.of(name, len(data), lambda picks: scale * float(data[picks].mean()))

    def ratio(self, name: str, parts: Sequence[int], wholes: Sequence[int]) -> float | None:
        """Sum of parts over sum of wholes; questions are resampled, since the counts of a question are dependent."""
        over, under = np.asarray(parts, dtype=np.int64), np.asarray(wholes, dtype=np.int64)

        def share(picks: NDArray[np.int64]) -> float | None:
            total = int(under[picks].sum())
            return int(over[picks].sum()) / total if total else None

        return self.of(name, len(over), share)


def _stages(notes: Sequence[Note]) -> Sequence[str]:
    """Stages of every run, then the optional stages that ran here."""
    ran = [stage for stage in OPTIONAL_STAGES if any(stage in note.ranks for note in notes)]
    return (*STAGES, *ran)


def _retrieval(notes: Sequence[Note], stage: str, figures: _Figures) -> dict[str, float | None]:
    ranks = [note.ranks[stage] for note in notes if stage in note.ranks]
    name = f"retrieval.{stage}"
    found = {
        f"recall@{k}": figures.mean(f"{name}.recall@{k}", [float(0 < rank <= k) for rank in ranks])
        for k in RECALLS
    }
    return found | {"mrr": figures.mean(f"{name}.mrr", [1 / rank if rank else 0.0 for rank in ranks])}


def _answers(notes: Sequence[Note], pick: Pick, name: str, figures: _Figures) -> dict[str, float | None]:
    """Figures over the questions that can be answered; an abstention scores 0."""
    scores = [score for note in notes if note.answerable and (score := pick(note)) is not None]
    found = {
        figure: figures.mean(f"{name}.{figure}", [getattr(score, figure) for score in scores], 100.0)
        for figure in (*ANSWER_FIGURES, "sentence_hit")
    }
    return found | {
        "right": figures.mean(f"{name}.right", [score.right for score in scores], 100.0),
        "answered": figures.mean(f"{name}.answered", [float(score.answered) for score in scores]),
    }


def _abstention(notes: Sequence[Note], pick: Pick, name: str, figures: _Figures) -> dict[str, Any]:
    """Accuracy of answering exactly the answerable questions, and AUROC of the confidence."""
    pairs = [(note.answerable, score) for note in notes if (score := pick(note)) is not None]
    confidence = np.asarray([score.confidence for _, score in pairs], dtype=np.float64)
    able = np.asarray([able for able, _ in pairs], dtype=bool)
    return {
        "accuracy": figures.mean(
            f"{name}.accuracy", [float(able == score.answered) for able, score in pairs]
        ),
        "auroc": figures.of(f"{name}.auroc", len(pairs), lambda picks: auroc(confidence[picks], able[picks])),
    }


def _reliability(notes: Sequence[Note], figures: _Figures) -> dict[str, Any]:
    """Share of right answers among the shown ones, compared with their confidence.

    `ece` is the expected calibration error over ten equal-width bins (arXiv 1706.04599); `sure` are answers with a
    confidence of `SURE` or more. Answers of generators that tell no confidence are left out.
    """
    shown = [
        (score.confidence, score.right)
        for note in notes
        if (score := note.retrieved) is not None and score.answered and score.confidence is not None
    ]
    confidence = np.asarray([pair[0] for pair in shown], dtype=np.float64)
    right = np.asarray([pair[1] for pair in shown], dtype=np.float64)
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    sure = right[confidence >= SURE]
    return {
        "n": len(shown),
        "right": figures.mean("reliability.right", right.tolist()),
        "ece": figures.of(
            "reliability.ece",
            len(shown),
            lambda picks: float(
                sum(
                    abs(confidence[picks][bins[picks] == b].mean() - right[picks][bins[picks] == b].mean())
                    * (bins[picks] == b).mean()
                    for b in set(bins[picks].tolist())
                )
            ),
        ),
        "sure": {"n": len(sure), "right": figures.mean("reliability.sure.right", sure.tolist())},
        "bins": [
            {
                "from": b / BINS,
                "n": int((bins == b).sum()),
                "confidence": round(float(confidence[bins == b].mean()), 4),
                "right": round(float(right[bins == b].mean()), 4),
            }
            for b in range(BINS)
            if (bins == b).any()
        ],
    }


def _shapes(notes: Sequence[Note]) -> dict[str, dict[str, float]]:
    """Number of answers by shape, and the share of each that is right."""
    found: dict[str, list[float]] = {}
    for note in notes:
        if note.retrieved is not None and note.retrieved.answered:
            found.setdefault(note.retrieved.shape or "text", []).append(note.retrieved.right)
    return {
        shape: {"n": len(right), "right": round(sum(right) / len(right), 4)}
        for shape, right in sorted(found.items())
    }


def _citations(notes: Sequence[Note], figures: _Figures) -> dict[str, Any]:
    """Over all citations given: right, containing the answer, verbatim, marked; recall over answerable questions.

    The figures of supported ones leave marked citations out.
    """
    judged = [note.citations for note in notes if note.citations is not None]
    given = [score.given for score in judged]
    able = [note.citations for note in notes if note.citations is not None and note.answerable]

    def share(figure: str, counts: Sequence[int]) -> float | None:
        return figures.ratio(f"citations.{figure}", counts, given)

    return {
        "n": sum(given),
        "precision": share("precision", [score.right for score in judged]),
        "recall": figures.mean("citations.recall", [float(score.right > 0) for score in able]),
        "marked": share("marked", [score.marked for score in judged]),
        "supported_precision": figures.ratio(
            "citations.supported_precision",
            [score.right - score.marked_right for score in judged],
            [score.given - score.marked for score in judged],
        ),
        "supported_recall": figures.mean(
            "citations.supported_recall", [float(score.right > score.marked_right) for score in able]
        ),
        "containing_answer": share("containing_answer", [score.containing for score in judged]),
        "verbatim": share("verbatim", [score.verbatim for score in judged]),
    }


def _writing(notes: Sequence[Note], figures: _Figures) -> dict[str, Any]:
    """Of the answers given: share of characters that are no copy, and pieces a second, reading left out."""
    written = [note.writing for note in notes if note.writing is not None]
    tokens = np.asarray([item.tokens for item in written], dtype=np.float64)
    ms = np.asarray([item.ms for item in written], dtype=np.float64)

    def rate(picks: NDArray[np.int64]) -> float | None:
        spent = float(ms[picks].sum())
        return 1000 * float(tokens[picks].sum()) / spent if spent > 0 else None

    return {
        "written_share": figures.ratio(
            "writing.written_share",
            [item.written for item in written],
            [item.written + item.copied for item in written],
        ),
        "tokens_per_s": figures.of("writing.tokens_per_s", len(written), rate, digits=1),
    }


def _latency(notes: Sequence[Note], figures: _Figures) -> dict[str, dict[str, float | None]]:
    stages: dict[str, list[float]] = {}
    for note in notes:
        for stage, value in note.timings_ms.items():
            stages.setdefault(stage, []).append(value)
    return {
        stage: {f"p{q}": _percentile(f"latency_ms.{stage}.p{q}", values, q, figures) for q in PERCENTILES}
        for stage, values in stages.items()
    }


def _percentile(name: str, values: Sequence[float], q: int, figures: _Figures) -> float | None:
    data = np.asarray(values, dtype=np.float64)
    return figures.of(name, len(data), lambda picks: percentile(data[picks], q), digits=2)


def _settings(run: EvalRun, settings: Settings, options: EvalOptions, selection: Selection) -> dict[str, Any]:
    return {
        "file": run.dataset.name,
        "format": run.dataset.format,
        "selection": asdict(selection),
        "options": asdict(options) | {"k": run.k},
        "documents": run.documents,
        "failed_documents": run.failed_documents,
        "chunks": run.chunks,
        "model": run.model,
        "retrieval": settings.retrieval.model_dump(mode="json") | {"context_tokens": settings.context_tokens},
        "chunking": settings.chunking.model_dump(mode="json"),
        "device": settings.device,
        "threads": settings.threads,
        "fathom": metadata.version("fathom"),
        "torch": metadata.version("torch"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }


def tables(report: dict[str, Any]) -> list[tuple[str, list[str], list[list[str]]]]:
    """The report as tables for people: title, columns, rows; intervals beside the figures."""

    def shown(name: str, digits: int) -> str:
        return with_interval(report, name, digits)

    retrieval = [
        [stage, *(shown(f"retrieval.{stage}.{key}", 3) for key in figures)]
        for stage, figures in report["retrieval"].items()
    ]
    answers = [
        [way, *(shown(f"{way}.{key}", 1) for key in (*ANSWER_FIGURES, "sentence_hit"))]
        for way in ("gold", "retrieved")
    ]
    other = [
        [what, *(shown(f"{name}.{key}", 3) for key in ("accuracy", "auroc"))]
        for what, name in (
            ("abstention, whole path", "abstention"),
            ("abstention, gold paragraph", "abstention.gold"),
        )
    ]
    bins = [
        [f"{b['from']:.1f}", str(b["n"]), f"{b['confidence']:.2f}", f"{b['right']:.2f}"]
        for b in report["reliability"]["bins"]
    ]
    shapes = [[shape, str(row["n"]), f"{row['right']:.2f}"] for shape, row in report["shapes"].items()]
    cited = [[str(report["citations"]["n"]), *(shown(f"citations.{key}", 3) for key in CITATION_FIGURES)]]
    latency = [
        [stage, *(shown(f"latency_ms.{stage}.p{q}", 1) for q in PERCENTILES)]
        for stage in report["latency_ms"]
    ]
    return [
        (
            "Retrieval (share of questions; 95 % interval)",
            ["stage", "recall@1", "recall@5", "recall@20", "MRR"],
            retrieval,
        ),
        (
            "Answers (0–100; 95 % interval)",
            ["context", "EM", "F1", "phrase EM", "phrase F1", "sentence hit"],
            answers,
        ),
        ("Abstention", ["", "accuracy", "AUROC"], other),
        (
            f"Reliability (calibration error {shown('reliability.ece', 3)}; right at 0.8 and more: "
            f"{shown('reliability.sure.right', 3)} of {report['reliability']['sure']['n']})",
            ["confidence from", "answers", "mean confidence", "right"],
            bins,
        ),
        ("Shapes", ["shape", "answers", "right"], shapes),
        ("Citations", ["n", *CITATION_FIGURES], cited),
        (
            "Writing",
            ["share of its own words", "tokens a second"],
            [[shown("writing.written_share", 3), shown("writing.tokens_per_s", 1)]],
        ),
        ("Latency in ms", ["stage", *(f"p{q}" for q in PERCENTILES)], latency),
    ]


def figure_of(report: dict[str, Any], name: str) -> float | None:
    """The figure at a path such as `retrieval.fused.recall@5`; None where nothing stands for it."""
    value: Any = report
    for key in name.split("."):
        value = value[key]
    return None if value is None else float(value)


def with_interval(report: dict[str, Any], name: str, digits: int) -> str:
    """A figure with its interval, for people."""
    value = figure_of(report, name)
    if value is None:
        return "–"
    low, high = report["ci95"].get(name, (None, None))
    return f"{value:.{digits}f}" + ("" if low is None else f" ({low:.{digits}f}–{high:.{digits}f})")


def details(run: EvalRun) -> list[dict[str, Any]]:
    """One object a question, for the analysis of errors."""
    return [
        {
            "id": note.question.id,
            "question": note.question.text,
            "answers": list(note.question.answers),
            "answerable": note.answerable,
            "set": run.dataset.name,
            "ranks": dict(note.ranks),
            "gold": asdict(note.gold) if note.gold else None,
            "retrieved": asdict(note.retrieved) if note.retrieved else None,
            "citations": asdict(note.citations) if note.citations else None,
            "timings_ms": dict(note.timings_ms),
        }
        for note in run.notes
    ]
