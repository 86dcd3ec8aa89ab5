"""The report of `fathom eval` as one HTML file: plots, tables, and the questions that went wrong.

It loads nothing and runs nothing, and a policy in its head has the browser see to that: questions and documents are
untrusted text. `report.html` is the page; Jinja escapes every value in it.
"""

import json
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.measuring.quality.plots import Plot, Row, interval_plot
from app.measuring.quality.report import ANSWER_FIGURES, CITATION_FIGURES, PERCENTILES, figure_of, tables

SHOWN_QUESTIONS = 50
WEAK_F1 = 0.5
NAMES = {
    "recall@1": "Recall at 1",
    "recall@5": "Recall at 5",
    "recall@20": "Recall at 20",
    "mrr": "Mean reciprocal rank",
    "em": "Exact match",
    "f1": "F1",
    "phrase_em": "Exact match of the best phrase",
    "phrase_f1": "F1 of the best phrase",
    "sentence_hit": "A sentence with the answer was cited",
    "auroc": "AUROC",
}
Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]
"""Title, names of the columns, rows."""


def page(report: dict[str, Any], notes: Sequence[dict[str, Any]]) -> str:
    """The whole page.

    Args:
        report: From `report.summarise`.
        notes: From `report.details`.
    """
    settings = report["settings"]
    pages = Environment(
        loader=PackageLoader("app.measuring.quality", ""), autoescape=True, undefined=StrictUndefined
    )
    return pages.get_template("report.html").render(
        title=f"fathom eval: {settings['file']}",
        lead=(
            f"{report['n']} questions ({report['n_unanswerable']} unanswerable), {settings['documents']} documents, "
            f"{settings['chunks']} passages, model {settings['model'] or '–'}, fathom {settings['fathom']}. "
            "Points are means, lines their 95 % intervals over the questions."
        ),
        plots={
            "Retrieval by stage": _retrieval(report),
            "Answers": _answers(report),
            "Refusals and citations": _trust(report),
            "Latency": _latency(report),
        },
        tables=tables(report),
        wrong=_wrong(notes),
        settings=json.dumps(settings, ensure_ascii=False, indent=2),
    )


def _row(report: dict[str, Any], label: str, name: str) -> Row:
    low, high = report["ci95"].get(name, (None, None))
    return Row(label=label, value=figure_of(report, name), low=low, high=high)


def _retrieval(report: dict[str, Any]) -> list[Plot]:
    stages = report["retrieval"]
    if not report["n_located"]:
        return []
    return [
        interval_plot(
            NAMES[key], [_row(report, stage, f"retrieval.{stage}.{key}") for stage in stages], most=1.0
        )
        for key in next(iter(stages.values()))
    ]


def _answers(report: dict[str, Any]) -> list[Plot]:
    ways = [("gold", "gold paragraph"), ("retrieved", "whole path")]
    measured = [(way, label) for way, label in ways if report[way]["f1"] is not None]
    return [
        interval_plot(
            NAMES[key], [_row(report, label, f"{way}.{key}") for way, label in measured], most=100.0, digits=1
        )
        for key in (*ANSWER_FIGURES, "sentence_hit")
        if measured
    ]


def _trust(report: dict[str, Any]) -> list[Plot]:
    if report["abstention"]["accuracy"] is None:
        return []
    abstention = [
        _row(report, f"{figure}, {label}", f"{name}.{key}")
        for name, label in (("abstention", "whole path"), ("abstention.gold", "gold"))
        for key, figure in (("accuracy", "accuracy"), ("auroc", "AUROC"))
    ]
    cited = [_row(report, key.replace("_", " "), f"citations.{key}") for key in CITATION_FIGURES]
    return [
        interval_plot("Refusing exactly what can't be answered", abstention, most=1.0),
        interval_plot(f"Citations ({report['citations']['n']} given)", cited, most=1.0),
    ]


def _latency(report: dict[str, Any]) -> list[Plot]:
    return [
        interval_plot(
            f"{'Median' if q == 50 else f'{q}th percentile'} in ms",
            [_row(report, stage, f"latency_ms.{stage}.p{q}") for stage in report["latency_ms"]],
            digits=1,
        )
        for q in PERCENTILES
        if report["latency_ms"]
    ]


def _wrong(notes: Sequence[dict[str, Any]]) -> Table:
    """The first questions that were answered badly, refused without need, or answered without ground."""
    rows = [
        [
            note["question"],
            " | ".join(note["answers"]) or "(no answer)",
            said["text"] or "(refused)",
            f"{100 * said['f1']:.0f}" if note["answerable"] else "–",
            str(note["ranks"].get("fused") or "not found") if note["ranks"] else "–",
        ]
        for note in notes
        if (said := note["retrieved"]) is not None
        and (said["f1"] < WEAK_F1 if note["answerable"] else said["answered"])
    ]
    title = f"{len(rows)} of {len(notes)}" + (
        f", the first {SHOWN_QUESTIONS}" if len(rows) > SHOWN_QUESTIONS else ""
    )
    columns = ["question", "right answers", "answer", "F1", "rank of the passage"]
    return title, columns, rows[:SHOWN_QUESTIONS]
