"""`fathom train`: one command a recipe; resumable, seeded, logged."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

train_app = typer.Typer(name="train", help="Train the generator.", no_args_is_help=True)


@train_app.callback()
def group() -> None:
    """Recipes are sub-commands; a run folder keeps checkpoint and log, and goes on where it stopped."""


@train_app.command("sft")
def sft(
    data: Annotated[Path, typer.Option(help="Folder with the training sets that the recipe names.")],
    run: Annotated[Path, typer.Option(help="Run folder: checkpoint and log; a run found there goes on.")],
    stage: Annotated[str, typer.Option(help="reader, or writer (needs --reader-run).")] = "reader",
    reader_run: Annotated[Path | None, typer.Option(help="Run or model folder of the reader.")] = None,
    steps: Annotated[int, typer.Option(help="Optimizer steps in all.")] = 8000,
    recipe: Annotated[Path | None, typer.Option(help="Recipe file; left out: the stage's own.")] = None,
    models: Annotated[Path, typer.Option(help="Folder with the shipped encoder.")] = Path("models"),
    learning_rate: Annotated[
        float, typer.Option(help="Of pretrained parameters; new ones learn 8 times faster.")
    ] = 1.7e-4,
    seed: Annotated[int, typer.Option(help="Order of the data and new weights.")] = 0,
    threads: Annotated[int, typer.Option(help="0 chooses by a short measurement.")] = 0,
    decay_share: Annotated[
        float, typer.Option(help="Share of the steps, at the end, of falling learning rate.")
    ] = 0.3,
    document_layers: Annotated[int, typer.Option(help="Layers that see one text alone, 0 to 11.")] = 4,
    train_document: Annotated[
        bool, typer.Option("--train-document", help="Reader: train those layers too (an experiment).")
    ] = False,
    dropout: Annotated[
        float, typer.Option(min=0, max=0.9, help="Reader: share of what its layers add that is left out.")
    ] = 0.0,
    start_run: Annotated[Path | None, typer.Option(help="Begin with this run's or model's weights.")] = None,
    teacher_run: Annotated[Path | None, typer.Option(help="Learn from this run's or model's reader.")] = None,
    minutes: Annotated[float, typer.Option(help="Stop (and save) after this time; 0 for no limit.")] = 0,
    compile_model: Annotated[
        bool, typer.Option("--compile/--no-compile", help="torch.compile the model.")
    ] = True,
) -> None:
    """Supervised training on question-answer sets."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    from app.services.training import TrainingOptions, train_reader, train_writer

    options = TrainingOptions(
        data=data,
        run=run,
        models=models,
        steps=steps,
        decay_share=decay_share,
        learning_rate=learning_rate,
        minutes=minutes,
        seed=seed,
        compile_model=compile_model,
        recipe=recipe,
        bf16=_set_pace(threads),
        document_layers=document_layers,
        train_document=train_document,
        dropout=dropout,
        start_run=start_run,
        teacher_run=teacher_run,
    )
    if stage == "reader":
        resumed = train_reader(options)
    elif stage == "writer" and reader_run is not None:
        resumed = train_writer(options, reader_run)
    else:
        raise typer.BadParameter("stage is reader, or writer with --reader-run", param_hint="--stage")
    typer.echo("went on with an earlier run" if resumed else "began a new run", err=True)


def _set_pace(threads: int) -> bool:
    """Set torch's threads (0 measures which number is fastest), and tell whether bfloat16 is."""
    import torch

    from generator.training.pace import fastest, thread_counts

    pace = fastest([threads] if threads else thread_counts())
    torch.set_num_threads(pace.threads)
    typer.echo(f"{'bfloat16' if pace.bf16 else 'float32'}, {pace.threads} threads", err=True)
    return pace.bf16


@train_app.command("export")
def export(
    reader_run: Annotated[Path, typer.Option(help="Run or model folder of the reader.")],
    out: Annotated[Path, typer.Option(help="Folder to write, e.g. models/fathom-small.")],
    writer_run: Annotated[Path | None, typer.Option(help="Run or model folder of the writer.")] = None,
    average_with: Annotated[
        Path | None, typer.Option(help="Model folder: the mean of its weights and the runs'.")
    ] = None,
    models: Annotated[Path, typer.Option(help="Folder with the shipped encoder.")] = Path("models"),
) -> None:
    """Pack trained runs into a model that can be loaded."""
    from app.services.training import export_generator
    from generator.fathom_small import Calibration

    export_generator(models, reader_run, writer_run, out, Calibration(), average_with)
    typer.echo(f"wrote {out}", err=True)


@train_app.command("calibrate")
def calibrate(
    data: Annotated[Path, typer.Option(help="Folder with the development sets of the reading recipe.")],
    model: Annotated[Path, typer.Option(help="Folder of the model, changed in place.")] = Path(
        "models/fathom-small"
    ),
    models: Annotated[Path, typer.Option(help="Folder with the shipped encoder.")] = Path("models"),
    questions: Annotated[int, typer.Option(help="About how many questions to read, over all sets.")] = 600,
) -> None:
    """Fit confidence and thresholds of a model on development questions."""
    from app.evaluation.scores import f1, has_han
    from app.services.training import calibrate_generator

    def score(text: str, golds: Sequence[str]) -> float:
        return f1(text, golds, by_character=any(has_han(gold) for gold in golds))

    for name, value in calibrate_generator(models, model, data, questions, score).items():
        typer.echo(f"{name:14} {value:.4f}")


@train_app.command("make-questions")
def make_questions(
    data: Annotated[Path, typer.Option(help="Folder with the sets that the recipe names.")],
    out: Annotated[Path, typer.Option(help="JSON lines to write; what an earlier run left there goes on.")],
    recipe: Annotated[
        Path | None, typer.Option(help="Recipe file with `texts`; left out: the one that ships.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Most questions to keep; left out: the recipe's.")] = None,
    model: Annotated[Path, typer.Option(help="Run or model folder of the reader that checks.")] = Path(
        "models/fathom-small"
    ),
    models: Annotated[Path, typer.Option(help="Folder with the shipped encoder.")] = Path("models"),
    overlap: Annotated[float, typer.Option(help="Least F1 of the reader's answer and the one meant.")] = 0.8,
    phrase: Annotated[float, typer.Option(help="Least probability of the reader's answer.")] = 0.3,
    seed: Annotated[int, typer.Option(help="Of passages, questions and their forms.")] = 0,
    threads: Annotated[int, typer.Option(help="Of torch; 0 leaves it to torch.")] = 0,
    compile_model: Annotated[
        bool, typer.Option("--compile/--no-compile", help="torch.compile the reader.")
    ] = True,
) -> None:
    """Make questions from unlabelled texts, kept where the reader answers them as meant."""
    from collections import Counter

    import torch

    from app.services.question_making import MakingOptions, make_questions
    from app.services.training import RECIPES
    from generator.training.synthetic.round_trip import RoundTripConfig

    if threads:
        torch.set_num_threads(threads)
    options = MakingOptions(
        data=data,
        recipe=recipe or RECIPES / "made.json",
        out=out,
        limit=limit,
        models=models,
        model=model,
        seed=seed,
        check=RoundTripConfig(overlap_from=overlap, phrase_from=phrase),
        compile_model=compile_model,
    )

    def told(sums: Counter[str]) -> None:
        typer.echo(f"{sums['kept']} kept of {sums['made']} made", err=True)

    sums = make_questions(options, told)
    for name in sorted(name for name in sums if name.startswith("made")):
        typer.echo(f"{name:60} {sums[name]:7} kept {sums['kept' + name.removeprefix('made')]:7}")


if __name__ == "__main__":
    train_app()
