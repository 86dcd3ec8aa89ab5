"""`fathom eval`: how good retrieval and answers are on a question set."""

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import JsonFlag, console, print_json, quiet_libraries, settings_of, table_of

if TYPE_CHECKING:
    from app.evaluation.asking import EvalOptions
    from app.evaluation.datasets import Selection


def evaluate(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="SQuAD JSON, or JSONL with question, answers, documents.")],
    last: Annotated[int | None, typer.Option(help="Only this many questions from the end.", min=1)] = None,
    article_from: Annotated[
        float, typer.Option(help="Leave out this share of the articles at the start.", min=0, max=1)
    ] = 0.0,
    skip_articles: Annotated[int, typer.Option(help="Leave out this many articles.", min=0)] = 0,
    every: Annotated[int | None, typer.Option(help="Only each n-th question.", min=1)] = None,
    sample: Annotated[int | None, typer.Option(help="Only this many questions, by chance.", min=1)] = None,
    limit: Annotated[int | None, typer.Option(help="Only this many questions from the start.", min=1)] = None,
    all_articles: Annotated[
        bool, typer.Option("--all-articles", help="Search in the articles of left out questions too.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of --sample and --drop-gold.")] = 0,
    k: Annotated[int | None, typer.Option(help="Passages an answer reads.", min=1, max=100)] = None,
    drop_gold: Annotated[
        float,
        typer.Option(help="Share of questions made unanswerable by taking away what answers.", min=0, max=1),
    ] = 0.0,
    retrieval_only: Annotated[bool, typer.Option("--retrieval-only", help="Generate no answers.")] = False,
    details: Annotated[Path | None, typer.Option(help="Write one JSON line a question here.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask all questions of a file and report how right search, answers, refusals and citations are.

    The documents go into a collection of a temporary home, one document an article; nothing of yours is
    touched.
    """
    from app.evaluation.asking import EvalOptions
    from app.evaluation.datasets import Selection

    selection = Selection(
        article_from=article_from,
        skip_articles=skip_articles,
        last=last,
        every=every,
        sample=sample,
        limit=limit,
        seed=seed,
        all_articles=all_articles,
    )
    options = EvalOptions(k=k, drop_gold=drop_gold, retrieval_only=retrieval_only, seed=seed)
    _measure(context, file, selection, options, details, as_json=as_json)


def _measure(
    context: typer.Context,
    file: Path,
    selection: "Selection",
    options: "EvalOptions",
    details: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run on a temporary home, and print the report."""
    from app.cli.questions import StageBars, read_questions
    from app.evaluation import report as reporting
    from app.evaluation.run import evaluate as measure
    from app.runtime import build_runtime

    quiet_libraries()
    dataset = read_questions(file, selection)
    configured = settings_of(context)
    with tempfile.TemporaryDirectory(prefix="fathom-eval-") as home, StageBars(quiet=as_json) as progress:
        settings = configured.model_copy(update={"home": Path(home), "database_url": None})
        runtime = build_runtime(settings)
        try:
            run = measure(runtime, dataset, options, progress)
        finally:
            runtime.close()
    result = reporting.summarise(run, settings, options, selection)
    if details is not None:
        lines = (json.dumps(item, ensure_ascii=False) for item in reporting.details(run))
        details.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if as_json:
        print_json(result)
    else:
        _show(result, reporting.tables(result))


def _show(result: dict[str, Any], tables: list[tuple[str, list[str], list[list[str]]]]) -> None:
    from rich.console import Console

    out = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    settings = result["settings"]
    out.print(
        f"{settings['file']}: {result['n']} questions ({result['n_unanswerable']} unanswerable), "
        f"{settings['documents']} documents, {settings['chunks']} passages, model {settings['model'] or '-'}"
    )
    if settings["failed_documents"]:
        console().print(f"[red]{settings['failed_documents']} documents could not be taken in[/red]")
    for title, columns, rows in tables:
        out.print(table_of(title, columns, list(rows)))
