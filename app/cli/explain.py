"""`fathom ask --explain`: copied and written words of an answer, the source of each run, and the time."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.cli.output import console, place, table_of

if TYPE_CHECKING:
    from app.answers.types import Answer, Provenance, RunProvenance

# Read without colour, too: the ink is named beside the text, and the styles differ by more than their colour.
STYLES = {"copied": "green underline", "written": "yellow italic"}
SHOWN = 2


def explain(answer: "Answer", provenance: "Provenance") -> None:
    """Print where each run of an answer comes from.

    Args:
        answer: The answer.
        provenance: Of the same answer, from `answers.stored.provenance`.
    """
    from rich.text import Text

    names = {document.id: document.name for document in provenance.documents}
    rows = [
        [Text(said, STYLES[run.kind]), run.kind, _sources(run, names)]
        for run in provenance.runs
        if (said := answer.text[run.answer_start : run.answer_end]).strip()
    ]
    screen = console()
    if rows:
        screen.print(table_of("Where each part comes from", ["text", "ink", "source"], rows))
    if provenance.note:
        screen.print(provenance.note)
    usage = answer.usage
    sure = "no confidence" if answer.confidence is None else f"confidence {answer.confidence:.2f}"
    screen.print(
        f"{sure} · {answer.shape or 'text'} · "
        f"read {usage.compressed_tokens} of {usage.context_tokens} tokens found · model {answer.model or '-'}",
        markup=False,
    )
    screen.print(" · ".join(f"{name} {value:.0f} ms" for name, value in answer.timings_ms.items()))


def _sources(run: "RunProvenance", names: Mapping[str, str]) -> str:
    """The source of a copied run, or the passages with the most attention of a written one, with their shares."""
    lines = []
    for item in run.ranges[:SHOWN]:
        line = place(names.get(item.document, item.document), item.page, item.start, item.end)
        if run.kind == "written":
            quote = "" if item.quote is None else f" “{' '.join(item.quote.split())}”"
            line = f"looked at {line}{quote}, {item.weight:.0%}"
        lines.append(line)
    return "\n".join(lines)
