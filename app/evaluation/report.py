"""What the notes of a run add up to: one object for programs, tables for people."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib import metadata
from typing import Any

from app.config import Settings
from app.evaluation.datasets import Selection
from app.evaluation.judge import AnswerScore
from app.evaluation.run import STAGES, EvalOptions, EvalRun, Note
from app.evaluation.scores import auroc, confidence_interval, percentile

RECALLS = (1, 5, 20)
ANSWER_FIGURES = ("em", "f1", "phrase_em", "phrase_f1")
Pick = Callable[[Note], AnswerScore | None]


def summarise(run: EvalRun, settings: Settings, options: EvalOptions, selection: Selection) -> dict[str, Any]:
    """The one object that `fathom eval --json` prints.

    Shares and recalls lie in [0, 1]; em, f1, phrase_em, phrase_f1 and sentence_hit in [0, 100]; times are in
    milliseconds. A figure that nothing stands for is null.
    """
    notes = run.notes
    intervals: dict[str, list[float]] = {}
    return {
        "n": len(notes),
        "n_answerable": sum(note.answerable for note in notes),
        "n_unanswerable": sum(not note.answerable for note in notes),
        "n_located": sum(bool(note.ranks) for note in notes),
        "retrieval": {stage: _retrieval(notes, stage, intervals) for stage in STAGES},
        "gold": _answers(notes, lambda note: note.gold, "gold", intervals),
        "retrieved": _answers(notes, lambda note: note.retrieved, "retrieved", intervals),
        "abstention": _abstention(notes, lambda note: note.retrieved)
        | {"gold": _abstention(notes, lambda note: note.gold)},
        "citations": _citations(notes),
        "latency_ms": _latency(notes),
        "ci95": intervals,
        "settings": _settings(run, settings, options, selection),
    }


def _mean(
    values: Sequence[float], name: str, intervals: dict[str, list[float]], scale: float
) -> float | None:
    """Mean of one figure a question, its interval noted beside."""
    if not values:
        return None
    low, high = confidence_interval(values)
    intervals[name] = [round(low * scale, 4), round(high * scale, 4)]
    return round(scale * sum(values) / len(values), 4)


def _retrieval(
    notes: Sequence[Note], stage: str, intervals: dict[str, list[float]]
) -> dict[str, float | None]:
    ranks = [note.ranks[stage] for note in notes if stage in note.ranks]
    figures: dict[str, float | None] = {
        f"recall@{k}": _mean(
            [float(0 < rank <= k) for rank in ranks], f"retrieval.{stage}.recall@{k}", intervals, 1.0
        )
        for k in RECALLS
    }
    figures["mrr"] = _mean(
        [1 / rank if rank else 0.0 for rank in ranks], f"retrieval.{stage}.mrr", intervals, 1.0
    )
    return figures


def _answers(
    notes: Sequence[Note], pick: Pick, name: str, intervals: dict[str, list[float]]
) -> dict[str, float | None]:
    """Figures over the questions that can be answered; an abstention scores 0."""
    scores = [score for note in notes if note.answerable and (score := pick(note)) is not None]
    figures = {
        figure: _mean([getattr(score, figure) for score in scores], f"{name}.{figure}", intervals, 100.0)
        for figure in (*ANSWER_FIGURES, "sentence_hit")
    }
    return figures | {
        "answered": _mean([float(score.answered) for score in scores], f"{name}.answered", intervals, 1.0),
        "as_sentence": _share([score.granularity == "sentence" for score in scores if score.answered]),
    }


def _abstention(notes: Sequence[Note], pick: Pick) -> dict[str, Any]:
    """Whether it answers exactly those that can be answered; AUROC of its confidence."""
    pairs = [(note.answerable, score) for note in notes if (score := pick(note)) is not None]
    area = auroc([score.confidence for _, score in pairs], [able for able, _ in pairs]) if pairs else None
    return {
        "accuracy": _share([able == score.answered for able, score in pairs]),
        "auroc": None if area is None else round(area, 4),
    }


def _citations(notes: Sequence[Note]) -> dict[str, Any]:
    """Over all citations given: right, containing the answer, verbatim; recall over answerable questions."""
    judged = [note.citations for note in notes if note.citations is not None]
    given = sum(score.given for score in judged)
    able = [note.citations for note in notes if note.citations is not None and note.answerable]
    return {
        "n": given,
        "precision": round(sum(score.right for score in judged) / given, 4) if given else None,
        "recall": _share([score.right > 0 for score in able]),
        "containing_answer": round(sum(score.containing for score in judged) / given, 4) if given else None,
        "verbatim": round(sum(score.verbatim for score in judged) / given, 4) if given else None,
    }


def _latency(notes: Sequence[Note]) -> dict[str, dict[str, float]]:
    stages: dict[str, list[float]] = {}
    for note in notes:
        for stage, value in note.timings_ms.items():
            stages.setdefault(stage, []).append(value)
    return {
        stage: {"p50": round(percentile(values, 50), 2), "p99": round(percentile(values, 99), 2)}
        for stage, values in stages.items()
    }


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 4) if flags else None


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
        "retrieval": settings.retrieval.model_dump(mode="json"),
        "chunking": settings.chunking.model_dump(mode="json"),
        "device": settings.device,
        "threads": settings.threads,
        "fathom": metadata.version("fathom"),
        "torch": metadata.version("torch"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }


def tables(report: dict[str, Any]) -> list[tuple[str, list[str], list[list[str]]]]:
    """The report as tables for people: title, columns, rows."""
    interval = report["ci95"]

    def shown(name: str, value: float | None, digits: int) -> str:
        if value is None:
            return "–"
        low, high = interval.get(name, (None, None))
        return f"{value:.{digits}f}" + ("" if low is None else f" ({low:.{digits}f}–{high:.{digits}f})")

    retrieval = [
        [stage, *(shown(f"retrieval.{stage}.{key}", value, 3) for key, value in figures.items())]
        for stage, figures in report["retrieval"].items()
    ]
    answers = [
        [way, *(shown(f"{way}.{key}", report[way][key], 1) for key in (*ANSWER_FIGURES, "sentence_hit"))]
        for way in ("gold", "retrieved")
    ]
    other = [
        ["abstention, whole path", *_pair(report["abstention"])],
        ["abstention, gold paragraph", *_pair(report["abstention"]["gold"])],
    ]
    cited = [[_plain(report["citations"][key]) for key in report["citations"]]]
    latency = [
        [stage, f"{times['p50']:.1f}", f"{times['p99']:.1f}"] for stage, times in report["latency_ms"].items()
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
        ("Citations", list(report["citations"]), cited),
        ("Latency in ms", ["stage", "p50", "p99"], latency),
    ]


def _pair(figures: dict[str, Any]) -> list[str]:
    return [_plain(figures["accuracy"]), _plain(figures["auroc"])]


def _plain(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def details(run: EvalRun) -> list[dict[str, Any]]:
    """One object a question, to look at what went wrong."""
    return [
        {
            "id": note.question.id,
            "question": note.question.text,
            "answers": list(note.question.answers),
            "answerable": note.answerable,
            "ranks": dict(note.ranks),
            "gold": asdict(note.gold) if note.gold else None,
            "retrieved": asdict(note.retrieved) if note.retrieved else None,
            "citations": asdict(note.citations) if note.citations else None,
            "timings_ms": dict(note.timings_ms),
        }
        for note in run.notes
    ]
