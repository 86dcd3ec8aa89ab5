"""`fathom eval`: how good retrieval and answers are on a question set."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import JsonFlag, console, print_json, quiet_libraries, results, settings_of, table_of

if TYPE_CHECKING:
    from app.measuring.quality.asking import EvalOptions
    from app.measuring.quality.run import EvalRun
    from app.measuring.questions.datasets import Selection


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
    answer_all: Annotated[
        bool,
        typer.Option("--answer-all", help="Refuse nothing: judge what would be said, to fit confidence."),
    ] = False,
    details: Annotated[Path | None, typer.Option(help="Write one JSON line a question here.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write an HTML page with plots here; it loads nothing.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask all questions of a file and report how right search, answers, refusals and citations are.

    The documents go into a collection of a temporary home, one document an article; nothing of yours is
    touched.
    """
    from app.measuring.quality.asking import EvalOptions
    from app.measuring.questions.datasets import Selection

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
    options = EvalOptions(
        k=k, drop_gold=drop_gold, retrieval_only=retrieval_only, seed=seed, answer_all=answer_all
    )
    for path in (details, report):
        _check_folder(path)
    run, result = _measure(context, file, selection, options, quiet=as_json)
    _write(run, result, details, report)
    if as_json:
        print_json(result)
    else:
        _show(result)


def _measure(
    context: typer.Context, file: Path, selection: "Selection", options: "EvalOptions", *, quiet: bool
) -> "tuple[EvalRun, dict[str, Any]]":
    """Run on a temporary home; returns the notes and their summary."""
    from app.cli.questions import StageBars, read_questions
    from app.composition.runtime import build_runtime
    from app.measuring.quality.report import summarise
    from app.measuring.quality.run import evaluate as measure

    quiet_libraries()
    dataset = read_questions(file, selection)
    configured = settings_of(context)
    with tempfile.TemporaryDirectory(prefix="fathom-eval-") as home, StageBars(quiet=quiet) as progress:
        settings = configured.model_copy(update={"home": Path(home), "database_url": None})
        runtime = build_runtime(settings)
        try:
            run = measure(runtime, dataset, options, progress)
        finally:
            runtime.close()
    return run, summarise(run, settings, options, selection)


def _check_folder(path: Path | None) -> None:
    """Check, before hours of measuring, that the result file can be written.

    Raises:
        InvalidInputError: The file's folder is missing, or the file is a folder.
    """
    from app.errors import InvalidInputError

    if path is not None and (path.is_dir() or not path.resolve().parent.is_dir()):
        raise InvalidInputError(
            "file_unwritable", f"Can't write {path}.", "Name a file in a folder that exists."
        )


def _write(run: "EvalRun", result: dict[str, Any], details: Path | None, report: Path | None) -> None:
    from app.measuring.quality.html_report import page
    from app.measuring.quality.report import details as details_of

    notes = details_of(run)
    if details is not None:
        lines = (json.dumps(item, ensure_ascii=False) for item in notes)
        details.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if report is not None:
        report.write_text(page(result, notes), encoding="utf-8")


def _show(result: dict[str, Any]) -> None:
    from app.measuring.quality.report import tables

    out = results(140)
    settings = result["settings"]
    out.print(
        f"{settings['file']}: {result['n']} questions ({result['n_unanswerable']} unanswerable), "
        f"{settings['documents']} documents, {settings['chunks']} passages, model {settings['model'] or '-'}"
    )
    if settings["failed_documents"]:
        console().print(f"[red]{settings['failed_documents']} documents could not be taken in[/red]")
    for title, columns, rows in tables(result):
        out.print(table_of(title, columns, list(rows)))
