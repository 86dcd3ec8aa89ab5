"""`fathom train`: one command a recipe; resumable, seeded, logged."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

train_app = typer.Typer(name="train", help="Train the generator.", no_args_is_help=True)


@train_app.callback()
def group() -> None:
    """Recipes are sub-commands; a run folder keeps checkpoint and log, and goes on where it stopped."""


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
    float, typer.Option(min=0, max=0.9, help="Reader: share of what its layers add that is left out.")
]
LearningRate = Annotated[float, typer.Option(help="Of pretrained parameters; new ones learn 8 times faster.")]
DecayShare = Annotated[float, typer.Option(help="Share of the run, at its end, of falling learning rate.")]
Threads = Annotated[int, typer.Option(help="On a CPU; 0 chooses by a short measurement.")]
Minutes = Annotated[
    float, typer.Option(min=0, help="Time to train, over all sessions; 0 for no limit but --steps.")
]
Steps = Annotated[int, typer.Option(min=0, help="Optimizer steps in all; 0 for no limit but --minutes.")]


@train_app.command("sft")
def sft(
    context: typer.Context,
    data: DataFolders,
    run: Annotated[Path, typer.Option(help="Run folder: checkpoint and log; a run found there goes on.")],
    stage: Annotated[str, typer.Option(help="reader, or writer (needs --reader-run).")] = "reader",
    reader_run: Annotated[Path | None, typer.Option(help="Run or model folder of the reader.")] = None,
    minutes: Minutes = 0,
    steps: Steps = 0,
    recipe: Annotated[Path | None, typer.Option(help="Recipe file; left out: the stage's own.")] = None,
    models: Models = Path("models"),
    device: Device = None,
    learning_rate: LearningRate = 1.7e-4,
    seed: Seed = 0,
    threads: Threads = 0,
    decay_share: DecayShare = 0.3,
    document_layers: Annotated[int, typer.Option(help="Layers that see one text alone, 0 to 11.")] = 4,
    train_document: Annotated[
        bool, typer.Option("--train-document", help="Reader: train those layers too (an experiment).")
    ] = False,
    dropout: Dropout = 0.0,
    start_run: Annotated[Path | None, typer.Option(help="Begin with this run's or model's weights.")] = None,
    teacher_run: Annotated[Path | None, typer.Option(help="Learn from this run's or model's reader.")] = None,
    compile_model: Compile = None,
) -> None:
    """Supervised training on question-answer sets, for so many minutes or steps, whichever end first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    from app.services.training import TrainingOptions, train_reader, train_writer

    if not minutes and not steps:
        raise typer.BadParameter("give --minutes, --steps or both", param_hint="--minutes")
    place = _place(context, device)
    options = TrainingOptions(
        data=tuple(data),
        run=run,
        models=models,
        steps=steps,
        minutes=minutes,
        device=place,
        decay_share=decay_share,
        learning_rate=learning_rate,
        seed=seed,
        compile_model=place == "cpu" if compile_model is None else compile_model,
        recipe=recipe,
        bf16=_set_pace(threads, place),
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
    """Set torch's threads (0 measures which number is fastest), and tell whether to train in bfloat16.

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
    from app.services.shipping import ShippingOptions, train_all
    from app.services.training import TrainingOptions

    place = _place(context, device)
    common = TrainingOptions(
        data=tuple(data),
        run=run,
        models=models,
        steps=steps,
        minutes=minutes,
        device=place,
        seed=seed,
        compile_model=place == "cpu" if compile_model is None else compile_model,
        recipe=recipe,
        bf16=_set_pace(threads, place),
        decay_share=0.0,
        learning_rate=0.0,
    )
    options = ShippingOptions(common=common, out=out, mean_with=mean_with, writing=writing)
    train_all(options, lambda text: typer.echo(text, err=True))
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
    """Weighted mean of runs or packed models, of the reader, the writer or both: what all of them have."""
    from app.services.trained import mean_of_runs

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
    from app.services.trained import export_generator
    from generator.fathom_small import Calibration

    export_generator(models, reader_run, writer_run, out, Calibration())
    typer.echo(f"wrote {out}", err=True)


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
