"""The report of `fathom eval` as one HTML file: plots, tables, and the questions that went wrong.

It loads nothing and runs nothing, and a policy in its head has the browser see to that: questions and documents are
whatever somebody wrote.
"""

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from app.measuring.quality.plots import Row, interval_plot
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
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --soft: #66727f; --line: #d9dee4; --mark: #0b6e75; --page: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaee; --soft: #9aa5b1; --line: #35404b; --mark: #4fc3cb; --page: #14191f }
}
body { margin: 2rem auto; max-width: 76rem; padding: 0 1.5rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.5rem }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(30rem, 1fr)); gap: 1rem 2rem }
figure { margin: 0 } figcaption { font-weight: 600 }
svg { width: 100%; font-size: 12px; fill: var(--ink) }
.grid { stroke: var(--line) } .tick { fill: var(--soft) } circle { fill: var(--mark) }
.whisker { stroke: var(--mark); stroke-width: 2.5; opacity: .55 }
.wide { overflow-x: auto } table { border-collapse: collapse; margin: .5rem 0 }
th, td { text-align: left; padding: .25rem .75rem; border-bottom: 1px solid var(--line); vertical-align: top }
pre { white-space: pre-wrap; color: var(--soft) } .soft { color: var(--soft) }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(report: dict[str, Any], notes: Sequence[dict[str, Any]]) -> str:
    """The whole page.

    Args:
        report: From `report.summarise`.
        notes: From `report.details`.
    """
    settings = report["settings"]
    title = f"fathom eval: {settings['file']}"
    lead = (
        f"{report['n']} questions ({report['n_unanswerable']} unanswerable), {settings['documents']} documents, "
        f"{settings['chunks']} passages, model {settings['model'] or '–'}, fathom {settings['fathom']}. "
        "Points are means, lines their 95 % intervals over the questions."
    )
    sections = [
        ("Retrieval by stage", _plots(_retrieval(report))),
        ("Answers", _plots(_answers(report))),
        ("Refusals and citations", _plots(_trust(report))),
        ("Latency", _plots(_latency(report))),
        ("Tables", "".join(_table(*table) for table in tables(report))),
        ("Questions that went wrong", _wrong(notes)),
        ("Settings", f"<pre>{escape(json.dumps(settings, ensure_ascii=False, indent=2))}</pre>"),
    ]
    body = "".join(f"<section><h2>{name}</h2>{content}</section>" for name, content in sections if content)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>"
        f'<body><h1>{escape(title)}</h1><p class="soft">{escape(lead)}</p>{body}</body></html>\n'
    )


def _row(report: dict[str, Any], label: str, name: str) -> Row:
    low, high = report["ci95"].get(name, (None, None))
    return Row(label=label, value=figure_of(report, name), low=low, high=high)


def _retrieval(report: dict[str, Any]) -> list[str]:
    stages = report["retrieval"]
    if not report["n_located"]:
        return []
    return [
        interval_plot(
            NAMES[key], [_row(report, stage, f"retrieval.{stage}.{key}") for stage in stages], most=1.0
        )
        for key in next(iter(stages.values()))
    ]


def _answers(report: dict[str, Any]) -> list[str]:
    ways = [("gold", "gold paragraph"), ("retrieved", "whole path")]
    measured = [(way, label) for way, label in ways if report[way]["f1"] is not None]
    return [
        interval_plot(
            NAMES[key], [_row(report, label, f"{way}.{key}") for way, label in measured], most=100.0, digits=1
        )
        for key in (*ANSWER_FIGURES, "sentence_hit")
        if measured
    ]


def _trust(report: dict[str, Any]) -> list[str]:
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


def _latency(report: dict[str, Any]) -> list[str]:
    return [
        interval_plot(
            f"{'Median' if q == 50 else f'{q}th percentile'} in ms",
            [_row(report, stage, f"latency_ms.{stage}.p{q}") for stage in report["latency_ms"]],
            digits=1,
        )
        for q in PERCENTILES
        if report["latency_ms"]
    ]


def _plots(plots: Sequence[str]) -> str:
    return f'<div class="plots">{"".join(plots)}</div>' if plots else ""


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<h3>{escape(title)}</h3><div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _wrong(notes: Sequence[dict[str, Any]]) -> str:
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
    if not rows:
        return ""
    title = f"{len(rows)} of {len(notes)}" + (
        f", the first {SHOWN_QUESTIONS}" if len(rows) > SHOWN_QUESTIONS else ""
    )
    columns = ["question", "right answers", "answer", "F1", "rank of the passage"]
    return _table(title, columns, rows[:SHOWN_QUESTIONS])
