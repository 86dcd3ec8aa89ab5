"""`fathom train`: one command a recipe; resumable, seeded, logged."""

import json
import logging
import time
from pathlib import Path
from typing import Annotated

import typer

train_app = typer.Typer(name="train", help="Train the generator.", no_args_is_help=True)

RECIPES = Path(__file__).parents[2] / "generator" / "training" / "recipes"


@train_app.callback()
def group() -> None:
    """Recipes are sub-commands; a run folder keeps checkpoint and log, and goes on where it stopped."""


@train_app.command("sft")
def sft(
    data: Annotated[Path, typer.Option(help="Folder with the training sets that the recipe names.")],
    run: Annotated[Path, typer.Option(help="Run folder: checkpoint and log; a run found there goes on.")],
    stage: Annotated[str, typer.Option(help="reader")] = "reader",
    steps: Annotated[int, typer.Option(help="Optimizer steps in all.")] = 8000,
    recipe: Annotated[Path | None, typer.Option(help="Recipe file.")] = None,
    models: Annotated[Path, typer.Option(help="Folder with the shipped encoder.")] = Path("models"),
    learning_rate: Annotated[float, typer.Option(help="Of pretrained parameters; new ones learn 8 times faster.")] = 1.7e-4,
    seed: Annotated[int, typer.Option(help="Order of the data and new weights.")] = 0,
    threads: Annotated[int, typer.Option(help="0 leaves torch's choice.")] = 0,
    decay_share: Annotated[float, typer.Option(help="Share of the steps, at the end, of falling learning rate.")] = 0.3,
    minutes: Annotated[float, typer.Option(help="Stop (and save) after this time; 0 for no limit.")] = 0,
    compile_model: Annotated[bool, typer.Option("--compile/--no-compile", help="torch.compile the model.")] = True,
) -> None:
    """Supervised training on question-answer sets."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if stage != "reader":
        raise typer.BadParameter(f"unknown stage {stage!r}; known: reader", param_hint="--stage")
    import torch

    if threads:
        torch.set_num_threads(threads)
    torch.manual_seed(seed)
    from tokenizers import Tokenizer

    from generator.config import ReaderConfig
    from generator.model.match import PieceMatcher
    from generator.training.batches import BatchConfig, ReadingData
    from generator.training.examples import SetSpec, read_set
    from generator.training.loop import LoopConfig, TrainingLoop
    from generator.training.reader import (
        NEW_PARAMETERS,
        PieceScores,
        Reader,
        ReaderBatches,
        ReaderLoss,
        ReadingRecipe,
    )
    from generator.training.schedule import Schedule
    from retrieval.encoder_weights import encoder_state

    state = encoder_state(models / "encoder")
    tokenizer_path = models / "encoder" / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    matcher = PieceMatcher.from_tokenizer(tokenizer_path)
    plan = json.loads((recipe or RECIPES / "reading.json").read_text(encoding="utf-8"))
    recipe_sets = ReadingRecipe(train=tuple(SetSpec(**spec) for spec in plan["train"]))
    batches = ReaderBatches(recipe_sets, data, tokenizer, matcher, seed)
    reader = Reader(ReaderConfig(vocab_size=tokenizer.get_vocab_size()), state)
    development = []
    for spec in plan.get("development", []):
        shapes = BatchConfig(passage_pieces=(128, 448), batch_pieces=7680, negatives=0.0)
        held_out = ReadingData(read_set(SetSpec(**spec), data), tokenizer, matcher, shapes)
        name = spec["path"].split("/")[0]
        development += [(name, batch) for batch in held_out.epoch(range(len(held_out.examples)), 0)]
    config = LoopConfig(
        schedule=Schedule(steps=steps, decay_share=decay_share), learning_rate=learning_rate, seed=seed, evaluate_every=700
    )
    loop = TrainingLoop(reader, set(NEW_PARAMETERS), ReaderLoss(reader, compile_model=compile_model), run, config)
    typer.echo("resumed" if loop.resume() else "new run", err=True)
    begun = time.monotonic()
    loop.run(batches, PieceScores(development, reader), lambda: bool(minutes) and time.monotonic() - begun > minutes * 60)


if __name__ == "__main__":
    train_app()
