"""`fathom tune`: the settings of retrieval that serve a question set best, checked on other questions than chose."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import (
    JsonFlag,
    console,
    open_runtime,
    print_json,
    quiet_libraries,
    results,
    settings_of,
    table_of,
)

if TYPE_CHECKING:
    from app.measuring.quality.tuning import TuneOptions, Tuning
    from app.measuring.questions.datasets import Selection
    from app.settings.schema import Settings

GROUP = "retrieval"


def tune(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="SQuAD JSON, or JSONL with question, answers, documents.")],
    collection: Annotated[
        str | None,
        typer.Option(help="Tune for this collection: begin with its settings, and apply to them."),
    ] = None,
    train_share: Annotated[
        float, typer.Option(help="Share of the questions to choose by; the others judge.", min=0.1, max=0.9)
    ] = 0.5,
    sample: Annotated[int | None, typer.Option(help="Only this many questions, by chance.", min=1)] = None,
    limit: Annotated[int | None, typer.Option(help="Only this many questions from the start.", min=1)] = None,
    all_articles: Annotated[
        bool, typer.Option("--all-articles", help="Search in the articles of left out questions too.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of --sample and of the split.")] = 0,
    retrieval_only: Annotated[
        bool,
        typer.Option("--retrieval-only", help="By ranks alone; leaves k and context_tokens as they are."),
    ] = False,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write what is better into the settings file, or the collection.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Find better weights of fusion, diversity, number of passages and token budget for your questions.

    Values are chosen on one part of the questions; the gain is that on the other part. The documents of the file go
    into a temporary home. Nothing is written without --apply, nor where the other part shows no gain.
    """
    from app.measuring.quality.tuning import TuneOptions
    from app.measuring.quality.tuning_report import summarise
    from app.measuring.questions.datasets import Selection

    quiet_libraries()
    selection = Selection(sample=sample, limit=limit, seed=seed, all_articles=all_articles)
    options = TuneOptions(train_share=train_share, retrieval_only=retrieval_only, seed=seed)
    own = _settings_of_collection(context, collection) if collection else {}
    tuning = _measure(context, file, selection, options, own, as_json=as_json)
    result = {"file": file.name} | summarise(tuning) | {"applied": None, "overridden_by": []}
    if apply and result["changes"] and (result["gain"] or 0) > 0:
        result["applied"], result["overridden_by"] = _apply(context, result["changes"], collection)
    if as_json:
        print_json(result)
    else:
        _show(result, apply=apply)


def _settings_of_collection(context: typer.Context, collection: str) -> dict[str, Any]:
    from app.library import collections

    with open_runtime(context) as runtime:
        return dict(collections.get(runtime, collection).row.settings)


def _measure(
    context: typer.Context,
    file: Path,
    selection: "Selection",
    options: "TuneOptions",
    own: dict[str, Any],
    *,
    as_json: bool,
) -> "Tuning":
    """Tune on a temporary home.

    Raises:
        InvalidInputError: The file can't be used, or has too few questions.
    """
    from app.cli.questions import StageBars, read_questions
    from app.composition.runtime import build_runtime
    from app.errors import InvalidInputError
    from app.measuring.quality.tuning import tune as search
    from app.measuring.questions.datasets import DatasetError

    dataset = read_questions(file, selection)
    with tempfile.TemporaryDirectory(prefix="fathom-tune-") as home, StageBars(quiet=as_json) as bars:
        runtime = build_runtime(_temporary(settings_of(context), Path(home), own))
        try:
            return search(runtime, dataset, options, own, bars)
        except DatasetError as error:
            hint = "Write more questions, or leave --sample and --limit away."
            raise InvalidInputError("too_few_questions", f"{file}: {error}.", hint) from error
        finally:
            runtime.close()


def _temporary(settings: "Settings", home: Path, own: dict[str, Any]) -> "Settings":
    """The configured settings on another home, with chunks as the collection has them."""
    changed: dict[str, Any] = {"home": home, "database_url": None}
    if own.get("max_tokens"):
        changed["chunking"] = settings.chunking.model_copy(update={"max_tokens": own["max_tokens"]})
    return settings.model_copy(update=changed)


def _apply(
    context: typer.Context, changes: dict[str, float], collection: str | None
) -> tuple[str, list[str]]:
    """Write changes; returns their place, and the environment variables that override them."""
    from app.library import collections
    from app.settings.environment import set_in_environment
    from app.settings.file import write_settings
    from app.settings.schema import settings_file

    if collection is not None:
        with open_runtime(context) as runtime:
            collections.update(runtime, collection, {"settings": changes})
        return f"collection {collection}", []
    path = settings_file()
    write_settings(path, GROUP, changes)
    return str(path), set_in_environment(GROUP, changes)


def _show(result: dict[str, Any], *, apply: bool) -> None:
    out = results(140)
    out.print(
        f"{result['file']}: chosen by {result['n_train']} questions, judged by {result['n_held_out']} "
        f"(parted by {result['split_by']}), {result['documents']} documents, {result['chunks']} passages"
    )
    rows = [[name, result["present"][name], result["tuned"][name]] for name in result["present"]]
    out.print(table_of("Settings", ["setting", "present", "tuned"], rows))
    judged = [
        [
            name,
            figure["n"],
            f"{figure['present']:.3f}",
            f"{figure['tuned']:.3f}",
            f"{figure['gain']:+.3f} ({figure['gain_ci95'][0]:+.3f} to {figure['gain_ci95'][1]:+.3f})",
        ]
        for name, figure in result["held_out"].items()
    ]
    title = "Gain on the questions that did not choose (95 % interval of the difference)"
    out.print(table_of(title, ["figure", "n", "present", "tuned", "gain"], judged))
    out.print(_verdict(result, apply=apply))
    for variable in result["overridden_by"]:
        console().print(f"[yellow]{variable} is set in the environment and goes before the file[/yellow]")


def _verdict(result: dict[str, Any], *, apply: bool) -> str:
    """The result, in a sentence."""
    if not result["changes"]:
        return "The present values are the best of those tried."
    if (result["gain"] or 0) <= 0:
        return "The other values gain nothing on the held-out questions" + (
            ", so nothing was written." if apply else "."
        )
    if result["applied"]:
        return f"Written to {result['applied']}."
    return "Nothing was written; --apply does so."
