"""`fathom train`: one command a recipe; resumable, seeded, logged."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

train_app = typer.Typer(name="train", help="Train the generator.", no_args_is_help=True)


@train_app.callback()
def group() -> None:
    """Recipes are sub-commands; a run folder holds checkpoint and log, so that an interrupted run resumes."""


DataFolders = Annotated[
    list[Path],
    typer.Option(
        help="Folder with sets that the recipe names; may be given several times, the first that has it counts."
    ),
]
Device = Annotated[
    str | None, typer.Option(help="cpu or cuda; left out: the settings', or cuda where there is one.")
]
Models = Annotated[Path, typer.Option(help="Folder with the shipped encoder.")]
Compile = Annotated[
    bool | None, typer.Option("--compile/--no-compile", help="torch.compile the model; left out: on a CPU.")
]
Seed = Annotated[int, typer.Option(help="Order of the data and new weights.")]
Dropout = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=0.9,
        help="Reader: share of what its layers add that is left out; left out: the recipe's, as all numbers here.",
    ),
]
LearningRate = Annotated[float | None, typer.Option(help="Of pretrained parameters.")]
DecayShare = Annotated[
    float | None, typer.Option(help="Share of the run, at its end, of falling learning rate.")
]
Threads = Annotated[int, typer.Option(help="On a CPU; 0 chooses by a short measurement.")]
Minutes = Annotated[
    float, typer.Option(min=0, help="Time to train, over all sessions; 0 for no limit but --steps.")
]
Steps = Annotated[int, typer.Option(min=0, help="Optimizer steps in all; 0 for no limit but --minutes.")]


STAGES = "reader, gathered (needs --start-run) or writer (needs --reader-run)."


@train_app.command("sft")
def sft(
    context: typer.Context,
    data: DataFolders,
    run: Annotated[Path, typer.Option(help="Run folder: checkpoint and log; a run found there goes on.")],
    stage: Annotated[str, typer.Option(help=STAGES)] = "reader",
    reader_run: Annotated[Path | None, typer.Option(help="Run or model folder of the reader.")] = None,
    minutes: Minutes = 0,
    steps: Steps = 0,
    recipe: Annotated[Path | None, typer.Option(help="Recipe file; left out: the stage's own.")] = None,
    models: Models = Path("models"),
    device: Device = None,
    learning_rate: LearningRate = None,
    seed: Seed = 0,
    threads: Threads = 0,
    decay_share: DecayShare = None,
    document_layers: Annotated[
        int | None, typer.Option(help="Reader: layers that see one text alone, 0 to 11.")
    ] = None,
    train_document: Annotated[
        bool, typer.Option("--train-document", help="Reader: train those layers too (an experiment).")
    ] = False,
    dropout: Dropout = None,
    start_run: Annotated[Path | None, typer.Option(help="Begin with this run's or model's weights.")] = None,
    teacher_run: Annotated[Path | None, typer.Option(help="Learn from this run's or model's reader.")] = None,
    compile_model: Compile = None,
) -> None:
    """Supervised training on question-answer sets, for a number of minutes or steps, whichever ends first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    from app import training
    from generator.training.recipes.recipe import RunOptions

    if not minutes and not steps:
        raise typer.BadParameter("give --minutes, --steps or both", param_hint="--minutes")
    place = _place(context, device)
    options = RunOptions(
        data=tuple(data),
        run=run,
        steps=steps,
        minutes=minutes,
        device=place,
        seed=seed,
        compile_model=place == "cpu" if compile_model is None else compile_model,
        bf16=_set_pace(threads, place),
        start_run=start_run,
        teacher_run=teacher_run,
    )
    if stage == "reader":
        own = _given(document_layers=document_layers, dropout=dropout, train_document=train_document or None)
        reading = replace(training.reading_recipe(recipe).paced(learning_rate, decay_share), **own)
        resumed = training.train_reader(models, reading, options)
    elif stage == "gathered" and start_run is not None:
        gathering = training.gathering_recipe(recipe).paced(learning_rate, decay_share)
        resumed = training.train_gathered(models, gathering, options)
    elif stage == "writer" and reader_run is not None:
        writing = training.writing_recipe(recipe).paced(learning_rate, decay_share)
        resumed = training.train_writer(models, writing, options, reader_run)
    else:
        raise typer.BadParameter(f"take {STAGES}", param_hint="--stage")
    typer.echo("went on with an earlier run" if resumed else "began a new run", err=True)


def _given(**values: Any) -> dict[str, Any]:
    """The values that were given; the others are the recipe's."""
    return {name: value for name, value in values.items() if value is not None}


def _place(context: typer.Context, device: str | None) -> str:
    """The device to train on: the one asked for, else the settings', else a GPU where there is one."""
    import torch

    from app.cli.output import settings_of

    present = torch.cuda.is_available()
    place = device or ("cuda" if present else settings_of(context).device)
    if torch.device(place).type == "cuda" and not present:
        raise typer.BadParameter("torch finds no CUDA device here; take --device cpu", param_hint="--device")
    return place


def _set_pace(threads: int, device: str) -> bool:
    """Set torch's threads (0 measures the fastest number), and return whether to train in bfloat16.

    On a GPU that is always faster, and float32 products that are left may round to TensorFloat-32.
    """
    import torch

    from generator.training.pace import fastest, thread_counts

    if device != "cpu":
        torch.set_float32_matmul_precision("high")
        return True
    pace = fastest([threads] if threads else thread_counts())
    torch.set_num_threads(pace.threads)
    typer.echo(f"{'bfloat16' if pace.bf16 else 'float32'}, {pace.threads} threads", err=True)
    return pace.bf16


@train_app.command("all")
def all_stages(
    context: typer.Context,
    data: DataFolders,
    run: Annotated[Path, typer.Option(help="Folder for the runs; those found there go on.")],
    out: Annotated[Path, typer.Option(help="Model folder to write, e.g. models/fathom-small.")],
    minutes: Minutes = 9,
    steps: Steps = 0,
    mean_with: Annotated[
        Path | None, typer.Option(help="Model folder that has a share in what is written: the one before.")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(help="Reading recipe; left out: the one that ships.")] = None,
    writing: Annotated[
        Path | None, typer.Option(help="Writing recipe; left out: the one that ships.")
    ] = None,
    models: Models = Path("models"),
    device: Device = None,
    seed: Seed = 0,
    threads: Threads = 0,
    compile_model: Compile = None,
) -> None:
    """Make the model that ships: two readers, their mean, a writer over it, packed and calibrated.

    The minutes are shared out among the runs. Nine are enough on a large GPU; on a CPU the same takes days.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    from app import training
    from generator.training.recipes.recipe import RunOptions
    from generator.training.recipes.shipping import ShippingOptions

    place = _place(context, device)
    common = RunOptions(
        data=tuple(data),
        run=run,
        steps=steps,
        minutes=minutes,
        device=place,
        seed=seed,
        compile_model=place == "cpu" if compile_model is None else compile_model,
        bf16=_set_pace(threads, place),
    )
    options = ShippingOptions(common=common, out=out, mean_with=mean_with)
    whole = training.train_all(models, options, lambda text: typer.echo(text, err=True), recipe, writing)
    if not whole:
        typer.echo("stopped before the model was whole; the same command goes on", err=True)
        raise typer.Exit(1)
    typer.echo(f"wrote {out}; fitting its confidence", err=True)
    _calibrate(context, out, data)


def _calibrate(
    context: typer.Context,
    model: Path,
    data: Sequence[Path],
    share: float = 1.0,
    also: Sequence[Path] = (),
    keep: Path | None = None,
) -> None:
    from app.cli.output import settings_of
    from app.cli.questions import StageBars
    from app.measuring.quality.calibrating import calibrate as fit_confidence

    with StageBars(quiet=False) as bars:

        def progress_of(name: str) -> Callable[[str, int, int], None]:
            return lambda stage, done, total: bars(f"{name}, {stage}", done, total)

        figures = fit_confidence(settings_of(context), model, data, progress_of, share, also, keep)
    for name, value in figures.items():
        typer.echo(f"{name:14} {value:.4f}")


@train_app.command("mean")
def mean(
    out: Annotated[Path, typer.Argument(help="Run folder to write; serves as --reader-run, --writer-run.")],
    parts: Annotated[list[str], typer.Argument(help="Run or model folders with shares, as in runs/a=0.4.")],
) -> None:
    """Weighted mean of runs or packed models, of the reader, the writer or both, as far as all have them."""
    from generator.training.recipes.averaging import mean_of_runs

    shares: dict[Path, float] = {}
    for part in parts:
        folder, _, share = part.rpartition("=")
        try:
            shares[Path(folder)] = float(share)
        except ValueError:
            raise typer.BadParameter(f"{part!r} is no FOLDER=SHARE", param_hint="PARTS") from None
    if len(shares) < 2:
        raise typer.BadParameter("give two folders or more", param_hint="PARTS")
    stages = mean_of_runs(shares, out)
    typer.echo(f"wrote {out}: {' and '.join(stages)}", err=True)


@train_app.command("export")
def export(
    reader_run: Annotated[Path, typer.Option(help="Run or model folder of the reader.")],
    out: Annotated[Path, typer.Option(help="Folder to write, e.g. models/fathom-small.")],
    writer_run: Annotated[Path | None, typer.Option(help="Run or model folder of the writer.")] = None,
    models: Models = Path("models"),
) -> None:
    """Pack trained runs into a model that can be loaded."""
    from app.training import encoder_parts
    from generator.fathom_small.calibration import Calibration
    from generator.training.recipes.export import export_generator

    export_generator(encoder_parts(models), reader_run, writer_run, out, Calibration())
    typer.echo(f"wrote {out}", err=True)


@train_app.command("shapes")
def shapes(
    questions: Annotated[
        list[Path], typer.Argument(help="JSON lines with question and shape; a file is a group.")
    ],
    held: Annotated[list[Path] | None, typer.Option(help="Further ones, only measured.")] = None,
    model: Annotated[Path, typer.Option(help="Folder of the model, changed in place.")] = Path(
        "models/fathom-small"
    ),
    models: Models = Path("models"),
    seed: Seed = 0,
    folds: Annotated[
        bool, typer.Option("--folds", help="Measure each group by a head trained on the others too.")
    ] = False,
) -> None:
    """Train the head that tells which shape of answer a question asks for, and store it with a model."""
    from app.training import train_shapes

    for name, figures in train_shapes(models, model, questions, held or (), seed, folds=folds).items():
        told = ", ".join(f"{key} {value}" for key, value in figures.items())
        typer.echo(f"{name}: {told}")


@train_app.command("calibrate")
def calibrate(
    context: typer.Context,
    data: DataFolders,
    model: Annotated[Path, typer.Option(help="Folder of the model, changed in place.")] = Path(
        "models/fathom-small"
    ),
    share: Annotated[
        float, typer.Option(help="Share of the recipe's questions to ask.", min=0.01, max=1)
    ] = 1.0,
    also: Annotated[
        list[Path] | None, typer.Option(help="JSON lines of further answers, as benchmarks write them.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Write all answers here, to be taken by --also another time.")
    ] = None,
) -> None:
    """Fit a model's confidence: ask development questions the whole way, and see which answers are right."""
    _calibrate(context, model, data, share, also or (), keep)


if __name__ == "__main__":
    train_app()
